//! Everything that knows bytes.
//!
//! ```text
//! 0        version (4 high bits), form (1 bit) and kind (3 low bits): 0x11, or 0x19 in the long form, is a snapshot, 0x12 a
//!          presentation, 0x13 a trust bundle, 0x14 a revocation list
//! 1        key hint: the first byte of the signing key's id
//! 2..n-64  body: see `body` for a snapshot, `bundle` and `revocations` for the others
//! n-64..n  Ed25519 signature over the kind's context string and the bytes 0..n-64
//! ```
//!
//! A presentation is a snapshot with a device's proof around it: see `presentation`.
//!
//! There is no algorithm field: the version fixes everything. All that is accepted is signed, and signatures have one
//! spelling, so nobody without the issuer's key can make second bytes.

mod body;
pub(crate) mod bundle;
mod field;
pub(crate) mod number;
pub(crate) mod presentation;
pub(crate) mod revocations;
mod rice;
pub(crate) mod text;

use alloc::vec::Vec;

use body::Form;

use crate::{SigningKey, Snapshot, VerifyingKey};

/// The start of a key id, one byte.
pub(crate) type KeyHint = u8;

/// The length of a signature.
pub(crate) const SIGNATURE_LEN: usize = 64;

/// The largest token of a snapshot, signature included. Larger ones are refused unread.
pub const MAX_TOKEN_BYTES: usize = 2048;

/// Version 1, kind 1: a snapshot, and one in the long form.
const SNAPSHOT: u8 = 0x11;
const SNAPSHOT_LONG: u8 = 0x19;
const PRESENTATION: u8 = 0x12;
const TRUST_BUNDLE: u8 = 0x13;
const REVOCATION_LIST: u8 = 0x14;

/// What a signature covers before the bytes themselves, so that none can ever pass as one of another kind.
const SNAPSHOT_CONTEXT: &[u8] = b"sealcard/v1/snapshot\0";
const PRESENTATION_CONTEXT: &[u8] = b"sealcard/v1/presentation\0";
const TRUST_BUNDLE_CONTEXT: &[u8] = b"sealcard/v1/trust-bundle\0";
const REVOCATION_LIST_CONTEXT: &[u8] = b"sealcard/v1/revocation-list\0";

/// Bytes that end with an issuer's or a root's signature over all before it. Nothing in them has been verified.
pub(crate) struct Signed<'a> {
    pub(crate) key_hint: KeyHint,
    context: &'static [u8],
    body: &'a [u8],
    signed: &'a [u8],
    signature: &'a [u8; SIGNATURE_LEN],
}

/// Bytes that look like a signed snapshot.
pub(crate) struct Envelope<'a> {
    form: Form,
    pub(crate) signed: Signed<'a>,
}

/// Why bytes are not of version 1, or not of the kind asked for.
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

/// Why something does not fit in a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EncodeError {
    /// Issued before the format's epoch.
    BeforeEpoch,
    /// More than its kind may have.
    TooLarge { bytes: usize },
}

impl<'a> Signed<'a> {
    fn parse(bytes: &'a [u8], context: &'static [u8]) -> Result<Self, WireError> {
        let (signed, signature) = bytes.split_last_chunk::<SIGNATURE_LEN>().ok_or(WireError::Malformed)?;
        let [_, key_hint, body @ ..] = signed else { return Err(WireError::Malformed) };
        Ok(Self { key_hint: *key_hint, context, body, signed, signature })
    }

    pub(crate) fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.is_signed(&to_be_signed(self.context, self.signed), self.signature)
    }
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
        Ok(Self { form, signed: Signed::parse(token, SNAPSHOT_CONTEXT)? })
    }

    /// Reads the body. Meaningful as a statement of the issuer only after [`Signed::is_signed_by`].
    pub(crate) fn snapshot(&self) -> Result<Snapshot, WireError> {
        body::decode(self.form, self.signed.body)
    }
}

/// A signed token.
pub(crate) fn sign(snapshot: &Snapshot, key: &SigningKey) -> Result<Vec<u8>, EncodeError> {
    let token = unsigned(snapshot, key.verifying_key().id().hint())?;
    Ok(with_signature(token, SNAPSHOT_CONTEXT, key))
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
    limited(token, MAX_TOKEN_BYTES)
}

/// What is to be signed, if with the signature it takes no more than `max` bytes.
fn limited(unsigned: Vec<u8>, max: usize) -> Result<Vec<u8>, EncodeError> {
    let bytes = unsigned.len().saturating_add(SIGNATURE_LEN);
    if bytes > max { Err(EncodeError::TooLarge { bytes }) } else { Ok(unsigned) }
}

fn with_signature(mut unsigned: Vec<u8>, context: &[u8], key: &SigningKey) -> Vec<u8> {
    let signature = key.sign(&to_be_signed(context, &unsigned));
    unsigned.extend_from_slice(&signature);
    unsigned
}

fn to_be_signed(context: &[u8], signed: &[u8]) -> Vec<u8> {
    [context, signed].concat()
}
