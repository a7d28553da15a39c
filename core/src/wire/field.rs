//! The fields of a snapshot: what some snapshots have and most have not, and where the format grows.
//!
//! ```text
//! id, one byte   length, one byte   that many bytes       as often as there are fields, ids ascending
//! ```
//!
//! A reader that does not know an even id passes the field over and keeps it. One that does not know an odd id refuses the
//! snapshot, as if its version were unknown: it may not be relied on without.

use alloc::vec::Vec;

use super::WireError;
use super::number::{push_varint, take_u32};
use crate::profile::DisplayText;
use crate::{HolderKey, Label, OtherField, Snapshot, VerifyingKey};

/// The key of the device that it is bound to: a compressed point of P-256.
const HOLDER_P256: u8 = 1;
/// The same: an Ed25519 key. Never both.
const HOLDER_ED25519: u8 = 3;
/// Where the issuer's revocation list says whether it still holds: a varint below 2^32.
const REVOCATION_INDEX: u8 = 6;
/// Which of a person's cards this is, as UTF-8.
const CARD: u8 = 2;
/// The event that it was issued for, as UTF-8.
const EVENT: u8 = 4;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) card: Option<Label>,
    pub(super) event: Option<Label>,
    pub(super) holder_key: Option<HolderKey>,
    pub(super) revocation_index: Option<u32>,
    pub(super) other: Vec<OtherField>,
}

pub(super) fn has_any(snapshot: &Snapshot) -> bool {
    let labelled = snapshot.card.is_some() || snapshot.event.is_some();
    let pass = snapshot.holder_key.is_some() || snapshot.revocation_index.is_some();
    labelled || pass || !snapshot.other_fields.is_empty()
}

pub(super) fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let label = |id, label: &Option<Label>| label.as_ref().map(|label| (id, Vec::from(label.as_str())));
    let other = snapshot.other_fields.iter().map(|field| (field.id, field.data.clone()));
    let holder = snapshot.holder_key.as_ref().map(|key| match key.as_ed25519() {
        Some(key) => (HOLDER_ED25519, Vec::from(*key.as_bytes())),
        None => (HOLDER_P256, key.to_p256().map(Vec::from).unwrap_or_default()),
    });
    let index = snapshot.revocation_index.map(|index| {
        let mut data = Vec::new();
        push_varint(index.into(), &mut data);
        (REVOCATION_INDEX, data)
    });
    let known = [holder, label(CARD, &snapshot.card), label(EVENT, &snapshot.event), index];
    let mut fields: Vec<_> = known.into_iter().flatten().chain(other).collect();
    fields.sort_unstable_by_key(|(id, _)| *id);
    let mut bytes = Vec::new();
    for (id, data) in fields {
        // No field is longer than its length can say: labels are short, and other fields were read from a token.
        bytes.extend([id, u8::try_from(data.len()).unwrap_or(u8::MAX)]);
        bytes.extend_from_slice(&data);
    }
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Fields, WireError> {
    let all = split(bytes)?;
    let is_known = |id| matches!(id, HOLDER_P256 | HOLDER_ED25519);
    if let Some((id, _)) = all.iter().find(|(id, _)| id % 2 == 1 && !is_known(*id)) {
        return Err(WireError::UnsupportedField { id: *id });
    }
    let mut fields = Fields::default();
    for (id, data) in all {
        match id {
            CARD => fields.card = Some(label(data)?),
            EVENT => fields.event = Some(label(data)?),
            HOLDER_P256 | HOLDER_ED25519 if fields.holder_key.is_some() => return Err(WireError::Malformed),
            HOLDER_P256 => fields.holder_key = Some(p256(data).ok_or(WireError::Malformed)?),
            HOLDER_ED25519 => fields.holder_key = Some(ed25519(data).ok_or(WireError::Malformed)?),
            REVOCATION_INDEX => fields.revocation_index = Some(index(data)?),
            id => fields.other.push(OtherField { id, data: data.into() }),
        }
    }
    Ok(fields)
}

/// Ids and contents, in order.
fn split(mut rest: &[u8]) -> Result<Vec<(u8, &[u8])>, WireError> {
    let mut fields = Vec::new();
    let mut previous = 0;
    while let [id, length, more @ ..] = rest {
        let (data, more) = more.split_at_checked((*length).into()).ok_or(WireError::Malformed)?;
        if *id <= previous {
            return Err(WireError::Malformed);
        }
        fields.push((*id, data));
        (previous, rest) = (*id, more);
    }
    if rest.is_empty() { Ok(fields) } else { Err(WireError::Malformed) }
}

fn p256(data: &[u8]) -> Option<HolderKey> {
    HolderKey::from_p256(data.try_into().ok()?).ok()
}

fn ed25519(data: &[u8]) -> Option<HolderKey> {
    VerifyingKey::from_bytes(data.try_into().ok()?).ok().map(HolderKey::from_ed25519)
}

fn index(data: &[u8]) -> Result<u32, WireError> {
    match take_u32(data)? {
        (index, []) => Ok(index),
        _ => Err(WireError::Malformed),
    }
}

fn label(data: &[u8]) -> Result<Label, WireError> {
    let text = core::str::from_utf8(data).map_err(|_| WireError::Malformed)?;
    DisplayText::from_signed(text.into()).map_err(|_| WireError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_order_once_and_fill_their_bytes() {
        let fields = decode(b"\x02\x04work\x04\x02EU\x08\x01x").unwrap();
        assert_eq!(fields.card.as_ref().map(Label::as_str), Some("work"));
        assert_eq!(fields.event.as_ref().map(Label::as_str), Some("EU"));
        assert_eq!(fields.other, [OtherField { id: 8, data: b"x".into() }]);
        assert_eq!(decode(b""), Ok(Fields::default()));
        for bytes in [
            &b"\x04\x02EU\x02\x04work"[..],
            b"\x02\x04work\x02\x04work",
            b"\x00\x00",
            b"\x02\x05work",
            b"\x02\x03work",
            b"\x02",
            b"\x02\x00",
            b"\x02\x05work ",
            b"\x02\x02\xff\xff",
            b"\x08\x01",
        ] {
            assert_eq!(decode(bytes), Err(WireError::Malformed), "{bytes:x?}");
        }
    }

    #[test]
    fn unknown_fields_are_kept_if_even_and_refused_if_odd() {
        let bytes = b"\x0a\x02ab\xfe\x00";
        let other = [OtherField { id: 10, data: b"ab".into() }, OtherField { id: 254, data: Vec::new() }];
        assert_eq!(decode(bytes).unwrap().other, other);
        assert_eq!(decode(b"\x07\x00"), Err(WireError::UnsupportedField { id: 7 }));
        assert_eq!(decode(b"\x02\x04work\xff\x00"), Err(WireError::UnsupportedField { id: 255 }));
    }

    #[test]
    fn a_label_has_at_most_32_characters() {
        let label = |n: u8| [&[2, n], &[b'x'; 33][..n.into()]].concat();
        assert!(decode(&label(32)).is_ok());
        assert_eq!(decode(&label(33)), Err(WireError::Malformed));
    }
}
