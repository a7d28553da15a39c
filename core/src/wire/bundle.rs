//! Trust bundles.
//!
//! ```text
//! 0        0x13
//! 1        key hint of the root
//!          varint: the epoch; issued_at, in seconds from the epoch of ours; for how many seconds the bundle is fresh; how many
//!          keys follow, and these, ascending:
//!   32 bytes the key
//!   1 byte   what it may sign: 1 snapshots, 2 revocation lists, 3 both
//!   1 byte   how many bytes the issuer's name takes, at most 200, then the name in UTF-8; 0 for no name
//!   varint   from when on it may sign, in seconds from the epoch of ours
//!   varint   for how many seconds from then
//!   varint   the longest life of a snapshot in seconds, at most 30 days; absent if it may not sign snapshots
//! n-64..n  the root's signature
//! ```

use alloc::vec::Vec;

use super::number::{push_time, push_varint, take_time, take_u32};
use super::{EncodeError, Signed, TRUST_BUNDLE, TRUST_BUNDLE_CONTEXT, WireError};
use crate::profile::DisplayText;
use crate::{Grant, MAX_TRUST_ANCHORS, SigningKey, TrustAnchor, Ttl, UnixTime, VerifyingKey};

/// The largest signed bundle: 64 keys with long names.
pub const MAX_TRUST_BUNDLE_BYTES: usize = 16_384;

/// The longest issuer's name.
pub(crate) const MAX_NAME_BYTES: usize = 200;

const SNAPSHOTS: u8 = 1;
const REVOCATION_LISTS: u8 = 2;

pub(crate) struct Body {
    pub(crate) epoch: u32,
    pub(crate) issued_at: UnixTime,
    pub(crate) fresh_secs: u32,
    pub(crate) anchors: Vec<TrustAnchor>,
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Signed<'_>, WireError> {
    match bytes.first() {
        None => Err(WireError::Malformed),
        Some(&TRUST_BUNDLE) if bytes.len() <= MAX_TRUST_BUNDLE_BYTES => Signed::parse(bytes, TRUST_BUNDLE_CONTEXT),
        Some(&TRUST_BUNDLE) => Err(WireError::Malformed),
        Some(&first_byte) => Err(WireError::UnsupportedVersion { first_byte }),
    }
}

pub(crate) fn decode(signed: &Signed<'_>) -> Result<Body, WireError> {
    let (epoch, rest) = take_u32(signed.body)?;
    let (issued_at, rest) = take_time(rest)?;
    let (fresh_secs, rest) = take_u32(rest)?;
    let (count, mut rest) = take_u32(rest)?;
    let count = usize::try_from(count).ok().filter(|count| *count <= MAX_TRUST_ANCHORS).ok_or(WireError::Malformed)?;
    let mut anchors: Vec<TrustAnchor> = Vec::new();
    for _ in 0..count {
        let (anchor, more) = take_anchor(rest)?;
        if anchors.last().is_some_and(|last| last.key.as_bytes() >= anchor.key.as_bytes()) {
            return Err(WireError::Malformed);
        }
        anchors.push(anchor);
        rest = more;
    }
    if rest.is_empty() { Ok(Body { epoch, issued_at, fresh_secs, anchors }) } else { Err(WireError::Malformed) }
}

fn take_anchor(bytes: &[u8]) -> Result<(TrustAnchor, &[u8]), WireError> {
    let (key, rest) = bytes.split_first_chunk::<32>().ok_or(WireError::Malformed)?;
    let key = VerifyingKey::from_bytes(key).map_err(|_| WireError::Malformed)?;
    let [purposes @ 1..=3, name_len, rest @ ..] = rest else { return Err(WireError::Malformed) };
    let name_len = usize::from(*name_len);
    let (name, rest) =
        rest.split_at_checked(name_len).filter(|_| name_len <= MAX_NAME_BYTES).ok_or(WireError::Malformed)?;
    let (not_before, rest) = take_time(rest)?;
    let (signing_secs, rest) = take_u32(rest)?;
    let (max_ttl, rest) = if purposes & SNAPSHOTS == 0 {
        (None, rest)
    } else {
        let (secs, rest) = take_u32(rest)?;
        (Some(Ttl::from_secs(secs).map_err(|_| WireError::Malformed)?), rest)
    };
    let grant = Grant {
        max_ttl,
        revocation_lists: purposes & REVOCATION_LISTS != 0,
        not_before,
        not_after: not_before.saturating_add(signing_secs.into()),
    };
    Ok((TrustAnchor { issuer: name_of(name)?, key, grant }, rest))
}

fn name_of(name: &[u8]) -> Result<Option<DisplayText<100>>, WireError> {
    if name.is_empty() {
        return Ok(None);
    }
    let name = core::str::from_utf8(name).map_err(|_| WireError::Malformed)?;
    DisplayText::from_signed(name.into()).map(Some).map_err(|_| WireError::Malformed)
}

pub(crate) fn sign(body: &Body, root: &SigningKey) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = Vec::from([TRUST_BUNDLE, root.verifying_key().id().hint()]);
    push_varint(body.epoch.into(), &mut bytes);
    push_time(body.issued_at, &mut bytes)?;
    push_varint(body.fresh_secs.into(), &mut bytes);
    push_varint(body.anchors.len() as u64, &mut bytes);
    for anchor in &body.anchors {
        push_anchor(anchor, &mut bytes)?;
    }
    let bytes = super::limited(bytes, MAX_TRUST_BUNDLE_BYTES)?;
    Ok(super::with_signature(bytes, TRUST_BUNDLE_CONTEXT, root))
}

fn push_anchor(anchor: &TrustAnchor, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    let Grant { max_ttl, revocation_lists, not_before, not_after } = anchor.grant;
    let name = anchor.issuer.as_ref().map_or("", DisplayText::as_str);
    let name_len = u8::try_from(name.len()).ok().filter(|len| usize::from(*len) <= MAX_NAME_BYTES);
    let name_len = name_len.ok_or(EncodeError::TooLarge { bytes: name.len() })?;
    let snapshots = if max_ttl.is_some() { SNAPSHOTS } else { 0 };
    let lists = if revocation_lists { REVOCATION_LISTS } else { 0 };
    bytes.extend_from_slice(anchor.key.as_bytes());
    bytes.extend([snapshots | lists, name_len]);
    bytes.extend_from_slice(name.as_bytes());
    push_time(not_before, bytes)?;
    push_varint(not_after.as_secs().saturating_sub(not_before.as_secs()), bytes);
    if let Some(ttl) = max_ttl {
        push_varint(ttl.as_secs().into(), bytes);
    }
    Ok(())
}
