//! What the holder's phone does: it keeps a pass and makes presentations of it, offline.

use alloc::vec::Vec;
use core::fmt;

use crate::wire::presentation;
use crate::{
    Carrier, Challenge, DeviceKey, DeviceSignature, ErrorCode, HolderKey, IssueError, Snapshot, Token, UnixTime,
    UnverifiedSnapshot, VerifyError,
};

/// A snapshot that is bound to a device's key. It says nothing without the device: what is shown is a presentation of it.
#[derive(Clone)]
pub struct Pass {
    token: Vec<u8>,
    carrier: Carrier,
    snapshot: Snapshot,
    holder_key: HolderKey,
}

impl Pass {
    /// Reads the payload text that the issuer gave. The issuer's signature is for verifiers to check, not for the holder.
    ///
    /// # Errors
    /// [`PassError`].
    pub fn from_text(text: &str) -> Result<Self, PassError> {
        let (carrier, token) = Carrier::read(text).map_err(|_| PassError::Token(VerifyError::Malformed))?;
        let unverified = UnverifiedSnapshot::from_bytes(&token).map_err(PassError::Token)?;
        let snapshot = unverified.unverified_snapshot().map_err(PassError::Token)?;
        let holder_key = snapshot.holder_key.clone().filter(|_| unverified.unverified_proof().is_none());
        Ok(Self { holder_key: holder_key.ok_or(PassError::NotBound)?, token, carrier, snapshot })
    }

    /// The key of the device that makes its presentations.
    #[must_use]
    pub const fn holder_key(&self) -> &HolderKey {
        &self.holder_key
    }

    /// What the pass says. The issuer's signature was not checked.
    #[must_use]
    pub const fn unverified_snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Begins a presentation for this moment, and for the verifier that shows this challenge, if one does.
    ///
    /// # Errors
    /// [`IssueError::TooEarly`] for times before the format's epoch, 2026.
    pub fn present(
        &self,
        now: UnixTime,
        challenge: Option<&Challenge>,
    ) -> Result<UnsignedPresentation<'_>, IssueError> {
        let to_be_signed = presentation::to_be_signed(&self.token, now, challenge);
        let to_be_signed = to_be_signed.map_err(|error| IssueError::of_file(error, now))?;
        Ok(UnsignedPresentation { pass: self, to_be_signed })
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pass({} bytes)", self.token.len())
    }
}

/// A presentation that the device has yet to sign.
#[derive(Clone, Debug)]
pub struct UnsignedPresentation<'a> {
    pass: &'a Pass,
    to_be_signed: Vec<u8>,
}

impl UnsignedPresentation<'_> {
    /// What the device's key signs, as it is: with Ed25519, or with ECDSA over its SHA-256.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// The presentation.
    ///
    /// # Errors
    /// [`PassError::OtherDevice`] if the signature is not by the key that the pass names.
    pub fn with_signature(self, signature: &DeviceSignature) -> Result<Token, PassError> {
        if !self.pass.holder_key.is_signed(&self.to_be_signed, signature.as_bytes()) {
            return Err(PassError::OtherDevice);
        }
        Ok(Token::new(presentation::assemble(&self.to_be_signed, signature.as_bytes())))
    }

    /// The presentation, signed by a key in software.
    ///
    /// # Errors
    /// As [`UnsignedPresentation::with_signature`].
    pub fn sign(self, key: &DeviceKey) -> Result<Token, PassError> {
        let signature = key.sign(&self.to_be_signed);
        self.with_signature(&signature)
    }

    /// The carrier that the pass came in, for the presentation to go out in.
    #[must_use]
    pub const fn carrier(&self) -> &Carrier {
        &self.pass.carrier
    }
}

/// Why there is no presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PassError {
    /// Not a snapshot's token.
    Token(VerifyError),
    /// A snapshot that is bound to no device, or a presentation.
    NotBound,
    /// The signature is not by the key that the pass names.
    OtherDevice,
}

impl PassError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Token(error) => error.code(),
            Self::NotBound | Self::OtherDevice => ErrorCode::ProofInvalid,
        }
    }
}

impl fmt::Display for PassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(error) => error.fmt(f),
            Self::NotBound => f.write_str("this is no pass: it is bound to no device, or is a presentation already"),
            Self::OtherDevice => f.write_str("the pass is bound to another device's key"),
        }
    }
}

impl core::error::Error for PassError {}
