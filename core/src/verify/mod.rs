//! Verifying: from untrusted text to a profile that somebody vouches for.

mod error;
mod freshness;
mod state;
mod unverified;
mod update;
mod verified;

pub use error::VerifyError;
pub use freshness::Freshness;
pub use state::StateError;
pub use unverified::{UnverifiedProof, UnverifiedSnapshot};
pub use update::Update;
pub use verified::VerifiedSnapshot;

use alloc::vec::Vec;

use unverified::Parts;
use update::{KnownBundle, KnownList};

use crate::wire::presentation::Presentation;
use crate::{
    Carrier, Challenge, LinkHost, RevocationList, Snapshot, TrustAnchor, TrustBundle, TrustError, TrustStore, UnixTime,
    VerifyingKey,
};

/// How far a verifier's clock may be off, unless [`Verifier::with_leeway`] says otherwise.
pub const DEFAULT_LEEWAY_SECS: u32 = 60;

/// How old a presentation's proof may be, unless [`Verifier::with_max_proof_age`] says otherwise.
pub const DEFAULT_MAX_PROOF_AGE_SECS: u32 = 60;

/// The most roots that a verifier pins.
pub const MAX_ROOTS: usize = 4;

/// What to make of a snapshot that could have been revoked without this verifier knowing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevocationPolicy {
    /// Accept it, and say in the verdict how old the list is: at a door without network, nothing better is to be had.
    #[default]
    Accept,
    /// Refuse it, unless the list is fresh.
    RequireFresh,
}

/// Whom to trust, how far clocks may differ, and what was learnt: trust bundle, revocation lists, the newest time proven.
#[derive(Clone, Debug)]
pub struct Verifier {
    trust: TrustStore,
    roots: Vec<VerifyingKey>,
    bundle: Option<KnownBundle>,
    lists: Vec<KnownList>,
    floor: UnixTime,
    changes: u32,
    link_host: Option<LinkHost>,
    leeway_secs: u32,
    max_proof_age_secs: u32,
    revocation_policy: RevocationPolicy,
}

impl Verifier {
    /// A verifier that trusts these keys, with the default leeway of [`DEFAULT_LEEWAY_SECS`]. It refuses links.
    #[must_use]
    pub const fn new(trust: TrustStore) -> Self {
        Self {
            trust,
            roots: Vec::new(),
            bundle: None,
            lists: Vec::new(),
            floor: UnixTime::from_secs(0),
            changes: 0,
            link_host: None,
            leeway_secs: DEFAULT_LEEWAY_SECS,
            max_proof_age_secs: DEFAULT_MAX_PROOF_AGE_SECS,
            revocation_policy: RevocationPolicy::Accept,
        }
    }

    /// A verifier that trusts whom these roots vouch for: one root, or, while one takes over from another, the new one and then
    /// the old one. Once there is a bundle of the new one's, those of the old one's no longer count. It trusts nobody until [`Verifier::update_trust_bundle`] or [`Verifier::restore`] brings a bundle.
    ///
    /// # Errors
    /// [`TrustError::Empty`] for none, [`TrustError::TooMany`] for more than [`MAX_ROOTS`].
    pub fn with_roots(roots: Vec<VerifyingKey>) -> Result<Self, TrustError> {
        match roots.len() {
            0 => Err(TrustError::Empty),
            count if count > MAX_ROOTS => Err(TrustError::TooMany { count }),
            _ => Ok(Self { roots, ..Self::new(TrustStore::empty()) }),
        }
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

    /// The same with another window for proofs.
    #[must_use]
    pub fn with_max_proof_age(self, max_proof_age_secs: u32) -> Self {
        Self { max_proof_age_secs, ..self }
    }

    /// The same with another policy.
    #[must_use]
    pub fn with_revocation_policy(self, revocation_policy: RevocationPolicy) -> Self {
        Self { revocation_policy, ..self }
    }

    /// The trust bundle that counts.
    #[must_use]
    pub fn trust_bundle(&self) -> Option<&TrustBundle> {
        self.bundle.as_ref().map(|known| &known.bundle)
    }

    /// The revocation lists that count: at most one of each issuer.
    pub fn revocation_lists(&self) -> impl Iterator<Item = &RevocationList> {
        self.lists.iter().map(|known| &known.list)
    }

    /// The newest time that was proven to this verifier, by a trust bundle, a revocation list or a snapshot.
    #[must_use]
    pub const fn floor(&self) -> UnixTime {
        self.floor
    }

    /// Verifies a payload text at the moment `now`: form, key, signature, content, proof, time, revocation, in this order.
    ///
    /// A snapshot is accepted from `issued_at − leeway` to `expires_at + leeway`, a proof from its time − leeway to its time +
    /// the window, both included. `now` may lie behind the newest time that was proven by no more than the leeway.
    ///
    /// # Errors
    /// [`VerifyError`] with a stable code for each way to fail.
    pub fn verify(&mut self, text: &str, now: UnixTime) -> Result<VerifiedSnapshot, VerifyError> {
        let token = self.read(text)?;
        self.verify_snapshot(&token, None, now)
    }

    /// Verifies a presentation that answers this challenge; nothing else will do.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_answer(
        &mut self,
        text: &str,
        challenge: &Challenge,
        now: UnixTime,
    ) -> Result<VerifiedSnapshot, VerifyError> {
        let token = self.read(text)?;
        self.verify_snapshot(&token, Some(challenge), now)
    }

    /// Reads a payload text: its form and version, and that a link leads to this verifier's host.
    ///
    /// # Errors
    /// [`VerifyError::Malformed`], [`VerifyError::OtherHost`] or [`VerifyError::UnsupportedVersion`].
    pub fn read(&self, text: &str) -> Result<UnverifiedSnapshot, VerifyError> {
        UnverifiedSnapshot::from_text_if(text, |carrier| self.check_host(carrier))
    }

    /// Verifies what was read before, and that it answers the challenge, if one was set.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_snapshot(
        &mut self,
        token: &UnverifiedSnapshot,
        challenge: Option<&Challenge>,
        now: UnixTime,
    ) -> Result<VerifiedSnapshot, VerifyError> {
        let verified = self.check_snapshot(token, challenge, now)?;
        self.remember(&verified);
        Ok(verified)
    }

    /// Verifies as [`Verifier::verify_snapshot`] does, and remembers nothing: for a verifier that threads share. Whoever calls
    /// it hands the result to [`Verifier::remember`].
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn check_snapshot(
        &self,
        token: &UnverifiedSnapshot,
        challenge: Option<&Challenge>,
        now: UnixTime,
    ) -> Result<VerifiedSnapshot, VerifyError> {
        token.carrier().map_or(Ok(()), |carrier| self.check_host(carrier))?;
        let parts = token.parts()?;
        let signer = self.trust.signer(&parts.envelope().signed)?;
        let snapshot = parts.envelope().snapshot()?;
        if !signer.grant.covers_snapshot(snapshot.issued_at, snapshot.ttl) {
            return Err(VerifyError::NotPermitted { hint: signer.key.id().hint() });
        }
        let proven_at = check_proof(&parts, &snapshot, challenge)?;
        self.check_clock(now)?;
        self.check_time(&snapshot, now)?;
        proven_at.map_or(Ok(()), |time| self.check_proof_time(time, now))?;
        let revocation = self.check_revocation(&snapshot, signer, now)?;
        Ok(VerifiedSnapshot {
            issuer: signer.issuer.clone(),
            key_id: signer.key.id(),
            verified_at: now,
            proven_at,
            revocation,
            trust: self.bundle.as_ref().map_or(Freshness::Unknown, |known| known.freshness(now)),
            snapshot,
        })
    }

    /// Whether a verified snapshot proves a newer time than any before it.
    #[must_use]
    pub fn is_news(&self, verified: &VerifiedSnapshot) -> bool {
        verified.issued_at() > self.floor
    }

    /// Remembers the time that a verified snapshot proves.
    pub fn remember(&mut self, verified: &VerifiedSnapshot) {
        if self.is_news(verified) {
            self.floor = verified.issued_at();
            self.changes = self.changes.saturating_add(1);
        }
    }

    /// Links lead to this verifier's host.
    fn check_host(&self, carrier: &Carrier) -> Result<(), VerifyError> {
        match carrier {
            Carrier::Link(host) if self.link_host.as_ref() != Some(host) => Err(VerifyError::OtherHost),
            _ => Ok(()),
        }
    }

    /// The clock was not set back behind a time that was proven.
    fn check_clock(&self, now: UnixTime) -> Result<(), VerifyError> {
        let Self { floor, leeway_secs, .. } = *self;
        if now < floor.saturating_sub(leeway_secs.into()) {
            return Err(VerifyError::ClockBehind { floor, now, leeway_secs });
        }
        Ok(())
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

    fn check_proof_time(&self, time: UnixTime, now: UnixTime) -> Result<(), VerifyError> {
        let (age_secs, max_age_secs) = (now.secs_since(time), self.max_proof_age_secs);
        if age_secs > max_age_secs.into() {
            return Err(VerifyError::ProofStale { age_secs, max_age_secs });
        }
        let (ahead_secs, leeway_secs) = (time.secs_since(now), self.leeway_secs);
        if ahead_secs > leeway_secs.into() {
            return Err(VerifyError::ProofNotYetValid { ahead_secs, leeway_secs });
        }
        Ok(())
    }

    /// What the issuer's list says, however old it is; and how old it is.
    fn check_revocation(
        &self,
        snapshot: &Snapshot,
        signer: &TrustAnchor,
        now: UnixTime,
    ) -> Result<Freshness, VerifyError> {
        let known = self.lists.iter().find(|known| known.issuer == signer.issuer);
        let freshness = known.map_or(Freshness::Unknown, |known| known.freshness(now));
        let Some(index) = snapshot.revocation_index else { return Ok(freshness) };
        if let Some(KnownList { list, .. }) = known
            && snapshot.issued_at <= list.issued_at()
            && list.contains(index)
        {
            return Err(VerifyError::Revoked { list_age_secs: now.secs_since(list.issued_at()) });
        }
        match (self.revocation_policy, freshness) {
            (RevocationPolicy::RequireFresh, Freshness::Unknown) => Err(VerifyError::RevocationUnknown),
            (RevocationPolicy::RequireFresh, Freshness::Stale { age_secs }) => {
                Err(VerifyError::RevocationStale { list_age_secs: age_secs })
            }
            _ => Ok(freshness),
        }
    }
}

/// When the device proved to be there, for a snapshot that is bound to one.
fn check_proof(
    parts: &Parts<'_>,
    snapshot: &Snapshot,
    challenge: Option<&Challenge>,
) -> Result<Option<UnixTime>, VerifyError> {
    match (parts, &snapshot.holder_key) {
        (Parts::Snapshot(_), None) if challenge.is_none() => Ok(None),
        (Parts::Snapshot(_), _) => Err(VerifyError::ProofMissing),
        (Parts::Presentation(_), None) => Err(VerifyError::ProofInvalid),
        (Parts::Presentation(presentation), Some(holder_key)) => {
            if !presentation.is_signed_by(holder_key) {
                return Err(VerifyError::ProofInvalid);
            }
            let Presentation { time, challenge: answered, .. } = presentation;
            if answered.as_ref() == challenge { Ok(Some(*time)) } else { Err(VerifyError::WrongChallenge) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DisplayText, ErrorCode, Issuer, MAX_TEXT_BYTES, Profile, ProfileDraft, SigningKey, Token, Ttl};
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
        let anchor =
            |seed: &u8| TrustAnchor::new(Some(DisplayText::parse("Example").unwrap()), issuer(*seed).verifying_key());
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
        let anchor = |key: VerifyingKey| TrustAnchor::new(None, key);
        let (twin, right) = (twin.verifying_key(), issuer(1).verifying_key());
        let mut both = Verifier::new(TrustStore::new(Vec::from([anchor(twin.clone()), anchor(right)])).unwrap());
        assert!(both.verify(&token().to_text(), NOW).is_ok());
        let mut only_twin = Verifier::new(TrustStore::new(Vec::from([anchor(twin)])).unwrap());
        assert_eq!(only_twin.verify(&token().to_text(), NOW), Err(VerifyError::BadSignature));
    }

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
        for first_byte in [0x00, 0x10, 0x13, 0x14, 0x1a, 0x21, 0xff] {
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
