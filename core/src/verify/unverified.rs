//! What has the form of a token, before anything in it is believed.

use alloc::vec::Vec;
use core::fmt;

use super::VerifyError;
use crate::wire::presentation::Presentation;
use crate::wire::{Envelope, WireError};
use crate::{Carrier, Challenge, Snapshot, UnixTime};

/// Text that has the form of a snapshot, or of a presentation of one. What it says may be anyone's invention.
#[derive(Clone)]
pub struct UnverifiedSnapshot {
    token: Vec<u8>,
    /// How it came; `None` for bytes.
    carrier: Option<Carrier>,
}

/// What a presentation adds to its snapshot, as it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnverifiedProof {
    /// When the proof was made.
    pub time: UnixTime,
    /// The challenge that it answers.
    pub challenge: Option<Challenge>,
}

/// A token's parts.
pub(super) enum Parts<'a> {
    Snapshot(Envelope<'a>),
    Presentation(Presentation<'a>),
}

impl<'a> Parts<'a> {
    pub(super) fn parse(token: &'a [u8]) -> Result<Self, WireError> {
        if Presentation::is_one(token) {
            Presentation::parse(token).map(Self::Presentation)
        } else {
            Envelope::parse(token).map(Self::Snapshot)
        }
    }

    pub(super) const fn envelope(&self) -> &Envelope<'a> {
        match self {
            Self::Snapshot(envelope) => envelope,
            Self::Presentation(presentation) => &presentation.snapshot,
        }
    }
}

impl UnverifiedSnapshot {
    /// Reads a payload text: its form and version only.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] or [`VerifyError::UnsupportedVersion`].
    pub fn from_text(text: &str) -> Result<Self, VerifyError> {
        Self::from_text_if(text, |_| Ok(()))
    }

    /// The same, if the carrier passes a test, which comes first.
    pub(super) fn from_text_if(
        text: &str,
        test: impl FnOnce(&Carrier) -> Result<(), VerifyError>,
    ) -> Result<Self, VerifyError> {
        let (carrier, token) = Carrier::read(text).map_err(|_| VerifyError::Malformed)?;
        test(&carrier)?;
        Parts::parse(&token)?;
        Ok(Self { token, carrier: Some(carrier) })
    }

    /// Reads a token as it is, the way an NFC tag carries it: its form and version only.
    ///
    /// # Errors
    /// As [`UnverifiedSnapshot::from_text`].
    pub fn from_bytes(token: &[u8]) -> Result<Self, VerifyError> {
        Parts::parse(token)?;
        Ok(Self { token: token.into(), carrier: None })
    }

    /// What the token claims, for looking inside. **Anyone can write this**: show it only as unverified.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`].
    pub fn unverified_snapshot(&self) -> Result<Snapshot, VerifyError> {
        Ok(self.parts()?.envelope().snapshot()?)
    }

    /// What a presentation's proof claims; `None` for a snapshot by itself.
    #[must_use]
    pub fn unverified_proof(&self) -> Option<UnverifiedProof> {
        match self.parts().ok()? {
            Parts::Snapshot(_) => None,
            Parts::Presentation(Presentation { time, challenge, .. }) => Some(UnverifiedProof { time, challenge }),
        }
    }

    /// The key hint that the token claims.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`].
    pub fn unverified_key_hint(&self) -> Result<u8, VerifyError> {
        Ok(self.parts()?.envelope().signed.key_hint)
    }

    /// The carrier of the text that it was read from.
    #[must_use]
    pub const fn carrier(&self) -> Option<&Carrier> {
        self.carrier.as_ref()
    }

    /// The token's size, signature included.
    #[must_use]
    pub fn size_in_bytes(&self) -> usize {
        self.token.len()
    }

    pub(super) fn parts(&self) -> Result<Parts<'_>, VerifyError> {
        Ok(Parts::parse(&self.token)?)
    }
}

impl fmt::Debug for UnverifiedSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedSnapshot({} bytes)", self.token.len())
    }
}
