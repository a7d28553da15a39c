//! What a snapshot will cost in a QR code, before it is signed.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec::Vec;
use core::fmt;

use crate::wire::{self, EncodeError};
use crate::{AccentColor, Carrier, ErrorCorrection, Profile, Snapshot};

/// The largest QR code that an issuer makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrLimit {
    /// How the token will be written.
    pub carrier: Carrier,
    /// The error correction of the code.
    pub error_correction: ErrorCorrection,
    /// The largest version allowed.
    pub max_version: u8,
}

/// What one part of a profile adds to its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldCost {
    /// The part's JSON path, like `bio` or `links[2]`.
    pub field: Cow<'static, str>,
    /// How many bytes the token is smaller without it.
    pub bytes: usize,
}

impl fmt::Display for FieldCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.bytes)
    }
}

impl Snapshot {
    /// How many bytes the signed token will take. It can only be issued with at most
    /// [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES).
    #[must_use]
    pub fn token_len(&self) -> usize {
        match wire::token_len(self) {
            Ok(bytes) | Err(EncodeError::TooLarge { bytes }) => bytes,
            // No token has such a time.
            Err(EncodeError::BeforeEpoch) => 0,
        }
    }

    /// What each part that could be left out costs, the dearest first. Parts share what they have in common, so their costs
    /// do not add up exactly.
    #[must_use]
    pub fn costs(&self) -> Vec<FieldCost> {
        let whole = self.token_len();
        let mut costs = Vec::new();
        let mut cost = |field, without: Self| {
            let bytes = whole.saturating_sub(without.token_len());
            if without != *self {
                costs.push(FieldCost { field, bytes });
            }
        };
        let mut without = |field: &'static str, change: fn(&mut Profile)| {
            let mut changed = self.clone();
            change(&mut changed.profile);
            cost(Cow::Borrowed(field), changed);
        };
        without("bio", |profile| profile.bio = None);
        without("pronouns", |profile| profile.pronouns = None);
        without("role", |profile| profile.role = None);
        without("company", |profile| profile.company = None);
        without("avatarUrl", |profile| profile.avatar_url = None);
        without("accentColor", |profile| profile.accent_color = AccentColor::default());
        for index in 0..self.profile.links().len() {
            let mut changed = self.clone();
            changed.profile.links.remove(index);
            cost(Cow::Owned(format!("links[{index}]")), changed);
        }
        cost(Cow::Borrowed("card"), Self { card: None, ..self.clone() });
        cost(Cow::Borrowed("event"), Self { event: None, ..self.clone() });
        costs.sort_by_key(|cost| core::cmp::Reverse(cost.bytes));
        costs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Issuer, LinkDraft, ProfileDraft, SigningKey, Ttl, UnixTime};
    use alloc::string::ToString as _;

    fn snapshot() -> Snapshot {
        let link = |platform: &str| LinkDraft { platform: platform.into(), username: "ada".into(), url: None };
        let draft = ProfileDraft {
            username: "ada".into(),
            display_name: "Ada Lovelace".into(),
            bio: Some("Qwxz jkvq zzxj vvkq".into()),
            accent_color: Some("#000000".into()),
            links: [link("github"), link("gitlab")].into(),
            ..ProfileDraft::default()
        };
        let ttl = Ttl::from_secs(600).unwrap();
        Snapshot::new(Profile::parse(draft).unwrap(), UnixTime::from_secs(1_800_000_000), ttl)
    }

    #[test]
    fn the_size_is_known_before_signing() {
        let token = Issuer::new(SigningKey::from_seed([7; 32])).issue(&snapshot()).unwrap();
        assert_eq!(snapshot().token_len(), token.as_bytes().len());
    }

    #[test]
    fn costs_name_what_could_be_left_out_and_the_dearest_first() {
        let labelled = Snapshot { event: Some("RustConf".parse().unwrap()), ..snapshot() };
        let costs = labelled.costs();
        let fields: Vec<_> = costs.iter().map(|cost| cost.field.to_string()).collect();
        assert_eq!(fields[0], "bio");
        assert_eq!(fields.len(), 5);
        for field in ["accentColor", "links[0]", "links[1]", "event"] {
            assert!(fields.iter().any(|other| other == field), "{fields:?}");
        }
        assert!(costs[0].bytes > 8 && costs.is_sorted_by_key(|cost| core::cmp::Reverse(cost.bytes)));
        let without = Snapshot { event: None, ..labelled.clone() };
        let event = costs.iter().find(|cost| cost.field == "event").unwrap();
        assert_eq!(event.bytes, labelled.token_len() - without.token_len());
    }
}
