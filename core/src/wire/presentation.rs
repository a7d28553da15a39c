//! Presentations: a snapshot that is bound to a device, and the device's fresh proof around it.
//!
//! ```text
//! 0        0x12
//!          varint: when it was made, in seconds from the epoch of ours
//! 1 byte   how many bytes the challenge takes that it answers, 4 to 16, or 0; then the challenge
//! the rest the snapshot, a whole token
//! n-64..n  the device's signature over the context string and the bytes 0..n-64
//! ```

use alloc::vec::Vec;

use super::number::{push_time, take_time};
use super::{EncodeError, Envelope, PRESENTATION, PRESENTATION_CONTEXT, SIGNATURE_LEN, WireError};
use crate::{Challenge, HolderKey, UnixTime};

pub(crate) struct Presentation<'a> {
    pub(crate) time: UnixTime,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) snapshot: Envelope<'a>,
    signed: &'a [u8],
    signature: &'a [u8; SIGNATURE_LEN],
}

impl<'a> Presentation<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, WireError> {
        let [first_byte, ..] = *bytes else { return Err(WireError::Malformed) };
        if first_byte != PRESENTATION {
            return Err(WireError::UnsupportedVersion { first_byte });
        }
        let (signed, signature) = bytes.split_last_chunk::<SIGNATURE_LEN>().ok_or(WireError::Malformed)?;
        let (time, rest) = take_time(signed.get(1..).unwrap_or_default())?;
        let [length, rest @ ..] = rest else { return Err(WireError::Malformed) };
        let (challenge, snapshot) = rest.split_at_checked((*length).into()).ok_or(WireError::Malformed)?;
        let challenge = match challenge {
            [] => None,
            bytes => Some(Challenge::from_bytes(bytes).map_err(|_| WireError::Malformed)?),
        };
        // Bytes of another kind inside are no part of this one, whatever a later version makes of them.
        let snapshot = Envelope::parse(snapshot).map_err(|_| WireError::Malformed)?;
        Ok(Self { time, challenge, snapshot, signed, signature })
    }

    /// Whether the bytes begin as a presentation's do.
    pub(crate) fn is_one(bytes: &[u8]) -> bool {
        bytes.first() == Some(&PRESENTATION)
    }

    pub(crate) fn is_signed_by(&self, key: &HolderKey) -> bool {
        key.is_signed(&super::to_be_signed(PRESENTATION_CONTEXT, self.signed), self.signature)
    }
}

/// What a device is to sign: the context string, and the presentation without its signature.
pub(crate) fn to_be_signed(
    snapshot: &[u8],
    time: UnixTime,
    challenge: Option<&Challenge>,
) -> Result<Vec<u8>, EncodeError> {
    let challenge = challenge.map(Challenge::as_bytes).unwrap_or_default();
    let mut bytes = Vec::from(PRESENTATION_CONTEXT);
    bytes.push(PRESENTATION);
    push_time(time, &mut bytes)?;
    // At most 16.
    bytes.push(u8::try_from(challenge.len()).unwrap_or_default());
    bytes.extend_from_slice(challenge);
    bytes.extend_from_slice(snapshot);
    Ok(bytes)
}

/// The presentation, from what was signed and the signature.
pub(crate) fn assemble(to_be_signed: &[u8], signature: &[u8; SIGNATURE_LEN]) -> Vec<u8> {
    let unsigned = to_be_signed.strip_prefix(PRESENTATION_CONTEXT).unwrap_or_default();
    [unsigned, signature].concat()
}
