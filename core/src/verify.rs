//! Verifying: from untrusted text to a profile that somebody vouches for.

use alloc::vec::Vec;
use core::fmt;

use crate::profile::DisplayText;
use crate::wire::{Envelope, WireError};
use crate::{Carrier, ErrorCode, KeyId, Label, LinkHost, OtherField, Profile, Snapshot, TrustStore, UnixTime};

/// How far a verifier's clock may be off, unless [`Verifier::with_leeway`] says otherwise.
pub const DEFAULT_LEEWAY_SECS: u32 = 60;

/// Text that has the form of a snapshot. What it says may be anyone's invention.
#[derive(Clone)]
pub struct UnverifiedSnapshot {
    token: Vec<u8>,
    /// How it came; `None` for bytes.
    carrier: Option<Carrier>,
}

impl UnverifiedSnapshot {
    /// Reads a payload text: its form and version only.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`] or [`VerifyError::UnsupportedVersion`].
    pub fn from_text(text: &str) -> Result<Self, VerifyError> {
        let (carrier, token) = Carrier::read(text).map_err(|_| VerifyError::Malformed)?;
        Envelope::parse(&token)?;
        Ok(Self { token, carrier: Some(carrier) })
    }

    /// Reads a token as it is, the way an NFC tag carries it: its form and version only.
    ///
    /// # Errors
    /// As [`UnverifiedSnapshot::from_text`].
    pub fn from_bytes(token: &[u8]) -> Result<Self, VerifyError> {
        Envelope::parse(token)?;
        Ok(Self { token: token.into(), carrier: None })
    }

    /// What the token claims, for looking inside. **Anyone can write this**: show it only as unverified.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`].
    pub fn unverified_snapshot(&self) -> Result<Snapshot, VerifyError> {
        Ok(self.envelope()?.snapshot()?)
    }

    /// The key hint that the token claims.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`].
    pub fn unverified_key_hint(&self) -> Result<u8, VerifyError> {
        Ok(self.envelope()?.key_hint)
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

    fn envelope(&self) -> Result<Envelope<'_>, VerifyError> {
        Ok(Envelope::parse(&self.token)?)
    }
}

impl fmt::Debug for UnverifiedSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnverifiedSnapshot({} bytes)", self.token.len())
    }
}

/// Whom to trust, and how far clocks may differ.
#[derive(Clone, Debug)]
pub struct Verifier {
    trust: TrustStore,
    link_host: Option<LinkHost>,
    leeway_secs: u32,
}

impl Verifier {
    /// A verifier with the default leeway of [`DEFAULT_LEEWAY_SECS`], which refuses links.
    #[must_use]
    pub const fn new(trust: TrustStore) -> Self {
        Self { trust, link_host: None, leeway_secs: DEFAULT_LEEWAY_SECS }
    }

    /// The same with another leeway.
    #[must_use]
    pub fn with_leeway(self, leeway_secs: u32) -> Self {
        Self { leeway_secs, ..self }
    }

    /// The same, accepting links to this host besides.
    #[must_use]
    pub fn with_link_host(self, host: LinkHost) -> Self {
        Self { link_host: Some(host), ..self }
    }

    /// Verifies a payload text at the moment `now`: form, key, signature, content, time, in this order.
    ///
    /// A snapshot is accepted from `issued_at − leeway` to `expires_at + leeway`, both included.
    ///
    /// # Errors
    /// [`VerifyError`] with a stable code for each way to fail.
    pub fn verify(&self, text: &str, now: UnixTime) -> Result<VerifiedSnapshot, VerifyError> {
        let (carrier, token) = Carrier::read(text).map_err(|_| VerifyError::Malformed)?;
        self.check_host(&carrier)?;
        Envelope::parse(&token)?;
        self.verify_snapshot(&UnverifiedSnapshot { token, carrier: Some(carrier) }, now)
    }

    /// Links lead to this verifier's host.
    fn check_host(&self, carrier: &Carrier) -> Result<(), VerifyError> {
        match carrier {
            Carrier::Link(host) if self.link_host.as_ref() != Some(host) => Err(VerifyError::OtherHost),
            _ => Ok(()),
        }
    }

    /// Verifies what was read before.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_snapshot(&self, token: &UnverifiedSnapshot, now: UnixTime) -> Result<VerifiedSnapshot, VerifyError> {
        token.carrier.as_ref().map_or(Ok(()), |carrier| self.check_host(carrier))?;
        let envelope = token.envelope()?;
        let mut known = false;
        let signer = self.trust.candidates(envelope.key_hint).find(|anchor| {
            known = true;
            envelope.is_signed_by(&anchor.key)
        });
        let signer = match (signer, known) {
            (Some(signer), _) => signer,
            (None, true) => return Err(VerifyError::BadSignature),
            (None, false) => return Err(VerifyError::UnknownKey { hint: envelope.key_hint }),
        };
        let snapshot = envelope.snapshot()?;
        self.check_time(&snapshot, now)?;
        Ok(VerifiedSnapshot { snapshot, issuer: signer.issuer.clone(), key_id: signer.key.id(), verified_at: now })
    }

    fn check_time(&self, snapshot: &Snapshot, now: UnixTime) -> Result<(), VerifyError> {
        let leeway_secs = self.leeway_secs;
        let (issued_at, expires_at) = (snapshot.issued_at, snapshot.expires_at());
        if now < issued_at.saturating_sub(leeway_secs.into()) {
            return Err(VerifyError::NotYetValid { issued_at, now, leeway_secs });
        }
        if now > expires_at.saturating_add(leeway_secs.into()) {
            return Err(VerifyError::Expired { expires_at, now, leeway_secs });
        }
        Ok(())
    }
}

/// A snapshot that a trusted issuer signed, unaltered and in time. Only [`Verifier::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSnapshot {
    snapshot: Snapshot,
    issuer: Option<DisplayText<100>>,
    key_id: KeyId,
    verified_at: UnixTime,
}

impl VerifiedSnapshot {
    /// Whom it describes.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.snapshot.profile
    }

    /// Which of the person's cards it is, if the issuer said so.
    #[must_use]
    pub const fn card(&self) -> Option<&Label> {
        self.snapshot.card.as_ref()
    }

    /// The event that it was issued for, if the issuer said so.
    #[must_use]
    pub const fn event(&self) -> Option<&Label> {
        self.snapshot.event.as_ref()
    }

    /// What a newer issuer added that this version does not know.
    #[must_use]
    pub fn other_fields(&self) -> &[OtherField] {
        &self.snapshot.other_fields
    }

    /// The first second of its validity.
    #[must_use]
    pub const fn issued_at(&self) -> UnixTime {
        self.snapshot.issued_at
    }

    /// The last second of its validity.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.snapshot.expires_at()
    }

    /// The name the trust store has for the issuer.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_ref().map(DisplayText::as_str)
    }

    /// The key that signed it.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The moment it was verified for: it is true of that moment only.
    #[must_use]
    pub const fn verified_at(&self) -> UnixTime {
        self.verified_at
    }
}

/// Why a payload text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// Not a token in its one spelling.
    Malformed,
    /// A version or kind that this verifier does not know.
    UnsupportedVersion {
        /// The token's first byte: version in the high four bits, kind in the low.
        first_byte: u8,
    },
    /// A link to another host than this verifier's.
    OtherHost,
    /// The issuer signed a field that must be known, and is not.
    UnsupportedField {
        /// The field's id.
        id: u8,
    },
    /// No trusted key has this hint.
    UnknownKey {
        /// The token's key hint.
        hint: u8,
    },
    /// No trusted key with the token's hint made this signature.
    BadSignature,
    /// Too late.
    Expired {
        /// The last second of its validity.
        expires_at: UnixTime,
        /// The moment of verifying.
        now: UnixTime,
        /// The leeway granted.
        leeway_secs: u32,
    },
    /// Too early: more likely, one of the clocks is wrong.
    NotYetValid {
        /// The first second of its validity.
        issued_at: UnixTime,
        /// The moment of verifying.
        now: UnixTime,
        /// The leeway granted.
        leeway_secs: u32,
    },
}

impl VerifyError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed | Self::OtherHost => ErrorCode::Malformed,
            Self::UnsupportedVersion { .. } | Self::UnsupportedField { .. } => ErrorCode::UnsupportedVersion,
            Self::UnknownKey { .. } => ErrorCode::UnknownKey,
            Self::BadSignature => ErrorCode::BadSignature,
            Self::Expired { .. } => ErrorCode::Expired,
            Self::NotYetValid { .. } => ErrorCode::NotYetValid,
        }
    }
}

impl From<WireError> for VerifyError {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Malformed => Self::Malformed,
            WireError::UnsupportedVersion { first_byte } => Self::UnsupportedVersion { first_byte },
            WireError::UnsupportedField { id } => Self::UnsupportedField { id },
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("this is not a Sealcard token, or not all of it"),
            Self::UnsupportedVersion { first_byte } => write!(
                f,
                "the token is of version {}, kind {}; this verifier knows version 1, kind 1 (snapshot)",
                first_byte >> 4,
                first_byte & 0x07
            ),
            Self::OtherHost => f.write_str("this is a link, and not to the host whose links this verifier accepts"),
            Self::UnsupportedField { id } => {
                write!(f, "the token needs a newer verifier: its field {id} may not be passed over")
            }
            Self::UnknownKey { hint } => write!(f, "no trusted key has the token's key hint {hint:02x}"),
            Self::BadSignature => f.write_str("the signature is not the trusted issuer's: forged or altered"),
            Self::Expired { expires_at, now, leeway_secs } => write!(
                f,
                "expired {} s ago (leeway {leeway_secs} s)",
                now.as_secs().saturating_sub(expires_at.as_secs())
            ),
            Self::NotYetValid { issued_at, now, leeway_secs } => write!(
                f,
                "valid only in {} s (leeway {leeway_secs} s): is this device's clock right?",
                issued_at.as_secs().saturating_sub(now.as_secs())
            ),
        }
    }
}

impl core::error::Error for VerifyError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Issuer, MAX_TEXT_BYTES, ProfileDraft, SigningKey, Token, TrustAnchor, Ttl};
    use alloc::string::String;
    use proptest::prelude::*;

    const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

    fn issuer(seed: u8) -> Issuer {
        Issuer::new(SigningKey::from_seed([seed; 32]))
    }

    fn token() -> Token {
        let draft = ProfileDraft {
            username: "devcard-demo".into(),
            display_name: "Alex Chen".into(),
            bio: Some("Builds things, слышит всё, 名前".into()),
            ..ProfileDraft::default()
        };
        let profile = Profile::parse(draft).unwrap();
        issuer(1).issue(&Snapshot::new(profile, NOW, Ttl::from_secs(600).unwrap())).unwrap()
    }

    fn verifier(seeds: &[u8]) -> Verifier {
        let anchor = |seed: &u8| TrustAnchor {
            issuer: Some(DisplayText::parse("Example").unwrap()),
            key: issuer(*seed).verifying_key(),
        };
        Verifier::new(TrustStore::new(seeds.iter().map(anchor).collect()).unwrap())
    }

    fn code(text: &str) -> &'static str {
        verifier(&[1]).verify(text, NOW).unwrap_err().code().as_str()
    }

    #[test]
    fn a_token_proves_whose_profile_it_is() {
        let verified = verifier(&[2, 1]).verify(&token().to_text(), NOW).unwrap();
        assert_eq!(verified.profile().display_name.as_str(), "Alex Chen");
        assert_eq!(verified.issuer(), Some("Example"));
        assert_eq!(verified.key_id(), issuer(1).verifying_key().id());
        assert_eq!((verified.issued_at(), verified.verified_at()), (NOW, NOW));
        assert_eq!(verified.expires_at(), NOW.saturating_add(600));
    }

    #[test]
    fn time_is_checked_to_the_second_at_both_edges_of_the_leeway() {
        let text = token().to_text();
        let check = |leeway, now: u64| {
            let result = verifier(&[1]).with_leeway(leeway).verify(&text, UnixTime::from_secs(now));
            result.map(|_| "ok").unwrap_or_else(|error| error.code().as_str())
        };
        let start = NOW.as_secs();
        for (leeway, now, outcome) in [
            (60, start - 61, "not_yet_valid"),
            (60, start - 60, "ok"),
            (60, start + 660, "ok"),
            (60, start + 661, "expired"),
            (0, start - 1, "not_yet_valid"),
            (0, start, "ok"),
            (0, start + 600, "ok"),
            (0, start + 601, "expired"),
            (60, 0, "not_yet_valid"),
            (60, u64::MAX, "expired"),
            (u32::MAX, 0, "ok"),
        ] {
            assert_eq!(check(leeway, now), outcome, "leeway {leeway}, now {now}");
        }
    }

    #[test]
    fn another_issuer_s_token_is_refused() {
        let text = token().to_text();
        let error = verifier(&[2]).verify(&text, NOW).unwrap_err();
        assert_eq!(error.code(), ErrorCode::UnknownKey);
    }

    /// One-byte hints collide. A key that only shares the hint must not hide the right one, nor pass as it.
    #[test]
    fn every_key_with_the_hint_is_tried() {
        let hint = issuer(1).verifying_key().id().hint();
        let seed = |n: u32| {
            let mut seed = [0; 32];
            seed[..4].copy_from_slice(&n.to_le_bytes());
            SigningKey::from_seed(seed)
        };
        let twin = (0..).map(seed).find(|key| key.verifying_key().id().hint() == hint).unwrap();
        let anchor = |key: VerifyingKey| TrustAnchor { issuer: None, key };
        let (twin, right) = (twin.verifying_key(), issuer(1).verifying_key());
        let both = Verifier::new(TrustStore::new(Vec::from([anchor(twin.clone()), anchor(right)])).unwrap());
        assert!(both.verify(&token().to_text(), NOW).is_ok());
        let only_twin = Verifier::new(TrustStore::new(Vec::from([anchor(twin)])).unwrap());
        assert_eq!(only_twin.verify(&token().to_text(), NOW), Err(VerifyError::BadSignature));
    }

    use crate::VerifyingKey;

    #[test]
    fn what_is_not_a_token_is_malformed() {
        let text = token().to_text();
        for text in [
            String::new(),
            "SC1:".into(),
            "hello".into(),
            "é".repeat(100),
            "SC1:".to_owned_and("0", 10_240),
            text[..text.len() - 1].into(),
            text[4..].into(),
            text.to_lowercase(),
            text.clone() + "0",
            text.clone() + "000",
            text.clone() + "\n",
            text.replace("SC1:", "SC1:00"),
        ] {
            let code = code(&text);
            assert!(matches!(code, "malformed" | "bad_signature" | "unsupported_version"), "{text}: {code}");
        }
        assert_eq!(code(""), "malformed");
        assert_eq!(code(&"A".repeat(MAX_TEXT_BYTES + 1)), "malformed");
    }

    trait Repeat {
        fn to_owned_and(&self, more: &str, times: usize) -> String;
    }
    impl Repeat for str {
        fn to_owned_and(&self, more: &str, times: usize) -> String {
            String::from(self) + &more.repeat(times)
        }
    }

    #[test]
    fn other_versions_and_kinds_are_told_apart_from_nonsense() {
        for first_byte in [0x00, 0x10, 0x12, 0x21, 0xff] {
            let mut bytes = token().as_bytes().to_vec();
            bytes[0] = first_byte;
            let error = verifier(&[1]).verify(&Carrier::Text.write(&bytes), NOW);
            assert_eq!(error, Err(VerifyError::UnsupportedVersion { first_byte }));
        }
    }

    #[test]
    fn a_signature_for_another_purpose_is_refused() {
        let signed = token();
        let body = &signed.as_bytes()[..signed.as_bytes().len() - 64];
        let without_context = issuer(1).signing_key().sign(body);
        let bytes = [body, &without_context].concat();
        assert_eq!(code(&Carrier::Text.write(&bytes)), "bad_signature");
    }

    #[test]
    fn a_signed_body_that_breaks_the_rules_is_malformed() {
        let key = issuer(1);
        let mut bytes = Vec::from([0x11, key.verifying_key().id().hint()]);
        bytes.extend_from_slice(b"\x05\x0a not a body");
        let signature = key.signing_key().sign(&[&b"sealcard/v1/snapshot\0"[..], &bytes].concat());
        bytes.extend_from_slice(&signature);
        assert_eq!(code(&Carrier::Text.write(&bytes)), "malformed");
    }

    #[test]
    fn every_single_changed_character_is_refused() {
        let text = token().to_text();
        for at in 0..text.len() {
            for other in ["0", "9", "A", "Z", " ", ":", "a"] {
                let mut changed = text.clone();
                changed.replace_range(at..=at, other);
                if changed != text {
                    assert!(verifier(&[1]).verify(&changed, NOW).is_err(), "{at} {other}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text: String) {
            prop_assert!(verifier(&[1]).verify(&text, NOW).is_err());
        }

        #[test]
        fn any_bytes_with_the_right_start_are_refused(bytes: Vec<u8>) {
            let hint = issuer(1).verifying_key().id().hint();
            let text = Carrier::Text.write(&[&[0x11, hint], &bytes[..]].concat());
            prop_assert!(verifier(&[1]).verify(&text, NOW).is_err());
        }
    }
}
