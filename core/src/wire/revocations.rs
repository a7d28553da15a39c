//! Revocation lists.
//!
//! ```text
//! 0        0x14
//! 1        key hint
//!          varint: the epoch; issued_at, in seconds from the epoch of ours; for how many seconds the list is fresh; how many
//!          indices follow; then, if there are any, one byte: the parameter of the Rice code, at most 31
//!          the indices, ascending: see `rice`
//! n-64..n  signature
//! ```

use alloc::vec::Vec;

use super::number::{push_time, push_varint, take_time, take_u32};
use super::rice::{self, MAX_PARAMETER, Numbers};
use super::{EncodeError, REVOCATION_LIST, REVOCATION_LIST_CONTEXT, Signed, WireError};
use crate::{SigningKey, UnixTime};

/// The largest signed list. Some 45,000 revoked tokens among a million fit.
pub const MAX_REVOCATION_LIST_BYTES: usize = 65_536;

/// A list that was read, its indices still coded: they are read one after the other whenever one is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Indices {
    pub(crate) count: u32,
    parameter: u8,
    bytes: Vec<u8>,
}

impl Indices {
    /// These indices, which ascend.
    pub(crate) fn new(indices: &[u32]) -> Self {
        let gaps = rice::gaps(indices);
        let parameter = rice::best_parameter(&gaps);
        // More than 2^32 - 1 would be no list that can be signed.
        let count = u32::try_from(gaps.len()).unwrap_or(u32::MAX);
        Self { count, parameter, bytes: rice::encode(&gaps, parameter) }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> {
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        Numbers::new(&self.bytes, self.parameter).take(count)
    }

    pub(crate) fn contains(&self, index: u32) -> bool {
        self.iter().find(|revoked| *revoked >= index) == Some(index)
    }
}

pub(crate) struct Body {
    pub(crate) epoch: u32,
    pub(crate) issued_at: UnixTime,
    pub(crate) fresh_secs: u32,
    pub(crate) indices: Indices,
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Signed<'_>, WireError> {
    match bytes.first() {
        None => Err(WireError::Malformed),
        Some(&REVOCATION_LIST) if bytes.len() <= MAX_REVOCATION_LIST_BYTES => {
            Signed::parse(bytes, REVOCATION_LIST_CONTEXT)
        }
        Some(&REVOCATION_LIST) => Err(WireError::Malformed),
        Some(&first_byte) => Err(WireError::UnsupportedVersion { first_byte }),
    }
}

pub(crate) fn decode(signed: &Signed<'_>) -> Result<Body, WireError> {
    let (epoch, rest) = take_u32(signed.body)?;
    let (issued_at, rest) = take_time(rest)?;
    let (fresh_secs, rest) = take_u32(rest)?;
    let (count, rest) = take_u32(rest)?;
    let (parameter, bytes) = match rest {
        [] if count == 0 => (0, rest),
        [parameter, bytes @ ..] if count > 0 && *parameter <= MAX_PARAMETER => (*parameter, bytes),
        _ => return Err(WireError::Malformed),
    };
    let mut numbers = Numbers::new(bytes, parameter);
    let wanted = usize::try_from(count).map_err(|_| WireError::Malformed)?;
    if numbers.by_ref().take(wanted).count() != wanted || !numbers.is_finished() {
        return Err(WireError::Malformed);
    }
    Ok(Body { epoch, issued_at, fresh_secs, indices: Indices { count, parameter, bytes: bytes.into() } })
}

pub(crate) fn sign(body: &Body, key: &SigningKey) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::from([REVOCATION_LIST, key.verifying_key().id().hint()]);
    push_varint(body.epoch.into(), &mut bytes);
    push_time(body.issued_at, &mut bytes)?;
    push_varint(body.fresh_secs.into(), &mut bytes);
    push_varint(body.indices.count.into(), &mut bytes);
    if body.indices.count > 0 {
        bytes.push(body.indices.parameter);
        bytes.extend_from_slice(&body.indices.bytes);
    }
    let bytes = super::limited(bytes, MAX_REVOCATION_LIST_BYTES)?;
    Ok(super::with_signature(bytes, REVOCATION_LIST_CONTEXT, key))
}
