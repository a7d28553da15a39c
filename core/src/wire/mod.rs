//! Everything that knows bytes.
//!
//! ```text
//! 0        version (4 high bits), form (1 bit) and kind (3 low bits): 0x11, or 0x19 in the long form, is a snapshot
//! 1        key hint: the first byte of the signing key's id
//! 2..n-64  body: times and coded text, see `body`
//! n-64..n  Ed25519 signature over "sealcard/v1/snapshot\0" and the bytes 0..n-64
//! ```
//!
//! There is no algorithm field: the version fixes everything. All that is accepted is signed, and signatures have one
//! spelling, so nobody without the issuer's key can make second bytes.

mod body;
mod field;
pub(crate) mod text;

use alloc::vec::Vec;

use body::Form;

use crate::{SigningKey, Snapshot, VerifyingKey};

/// The start of a key id, one byte.
pub(crate) type KeyHint = u8;

/// The length of an Ed25519 signature.
pub(crate) const SIGNATURE_LEN: usize = 64;

/// The largest token of a snapshot, signature included. Larger ones are refused unread.
pub const MAX_TOKEN_BYTES: usize = 2048;

/// Version 1, kind 1: a snapshot, and one in the long form.
const SNAPSHOT: u8 = 0x11;
const SNAPSHOT_LONG: u8 = 0x19;

/// What a snapshot's signature covers before the token's own bytes, so that it can never pass as anything else.
const CONTEXT: &[u8] = b"sealcard/v1/snapshot\0";

/// Bytes that look like a signed snapshot. Nothing in them has been verified.
pub(crate) struct Envelope<'a> {
    pub(crate) key_hint: KeyHint,
    form: Form,
    body: &'a [u8],
    signed: &'a [u8],
    signature: &'a [u8; SIGNATURE_LEN],
}

/// Why bytes are not a snapshot of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WireError {
    Malformed,
    UnsupportedVersion {
        first_byte: u8,
    },
    /// A signed field that must be known is not.
    UnsupportedField {
        id: u8,
    },
}

/// Why a snapshot does not fit in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EncodeError {
    /// Issued before the format's epoch.
    BeforeEpoch,
    /// More than [`MAX_TOKEN_BYTES`].
    TooLarge { bytes: usize },
}

impl<'a> Envelope<'a> {
    pub(crate) fn parse(token: &'a [u8]) -> Result<Self, WireError> {
        let first_byte = *token.first().ok_or(WireError::Malformed)?;
        let form = match first_byte {
            SNAPSHOT => Form::Short,
            SNAPSHOT_LONG => Form::Long,
            _ => return Err(WireError::UnsupportedVersion { first_byte }),
        };
        // Of snapshots; other kinds may have other limits.
        if token.len() > MAX_TOKEN_BYTES {
            return Err(WireError::Malformed);
        }
        let (signed, signature) = token.split_last_chunk::<SIGNATURE_LEN>().ok_or(WireError::Malformed)?;
        let [_, key_hint, body @ ..] = signed else { return Err(WireError::Malformed) };
        Ok(Self { key_hint: *key_hint, form, body, signed, signature })
    }

    pub(crate) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.is_signed(&to_be_signed(self.signed), self.signature)
    }

    /// Reads the body. Meaningful as a statement of the issuer only after [`Envelope::is_signed_by`].
    pub(crate) fn snapshot(&self) -> Result<Snapshot, WireError> {
        body::decode(self.form, self.body)
    }
}

/// A signed token.
pub(crate) fn sign(snapshot: &Snapshot, key: &SigningKey) -> Result<Vec<u8>, EncodeError> {
    let mut token = unsigned(snapshot, key.verifying_key().id().hint())?;
    let signature = key.sign(&to_be_signed(&token));
    token.extend_from_slice(&signature);
    Ok(token)
}

/// How many bytes the token of this snapshot takes, signature included, whoever signs it.
pub(crate) fn token_len(snapshot: &Snapshot) -> Result<usize, EncodeError> {
    unsigned(snapshot, 0).map(|unsigned| unsigned.len().saturating_add(SIGNATURE_LEN))
}

/// All of a token that is signed.
fn unsigned(snapshot: &Snapshot, key_hint: KeyHint) -> Result<Vec<u8>, EncodeError> {
    let first_byte = match body::form(snapshot) {
        Form::Short => SNAPSHOT,
        Form::Long => SNAPSHOT_LONG,
    };
    let mut token = Vec::from([first_byte, key_hint]);
    body::encode(snapshot, &mut token)?;
    let bytes = token.len().saturating_add(SIGNATURE_LEN);
    if bytes > MAX_TOKEN_BYTES { Err(EncodeError::TooLarge { bytes }) } else { Ok(token) }
}

fn to_be_signed(signed: &[u8]) -> Vec<u8> {
    [CONTEXT, signed].concat()
}
