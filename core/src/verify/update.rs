//! What a verifier learns while it is online: trust bundles and revocation lists.

use alloc::vec::Vec;
use core::cmp::Ordering;

use super::{Freshness, Verifier, VerifyError};
use crate::wire::{bundle, revocations};
use crate::{DisplayText, RevocationList, TrustAnchor, TrustBundle, TrustStore, UnixTime, VerifyingKey, carrier};

/// Whether there was something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It is newer, and counts from now on.
    Applied,
    /// It is the one that the verifier has.
    Unchanged,
}

/// The trust bundle that counts.
#[derive(Clone, Debug)]
pub(super) struct KnownBundle {
    pub(super) bytes: Vec<u8>,
    pub(super) bundle: TrustBundle,
    /// The place of the root that signed it among those pinned.
    root: usize,
}

/// The revocation list of an issuer that counts.
#[derive(Clone, Debug)]
pub(super) struct KnownList {
    pub(super) issuer: Option<DisplayText<100>>,
    pub(super) signer: VerifyingKey,
    pub(super) bytes: Vec<u8>,
    pub(super) list: RevocationList,
}

impl KnownBundle {
    /// A bundle that one of these roots signed.
    pub(super) fn read(bytes: Vec<u8>, roots: &[VerifyingKey]) -> Result<Self, VerifyError> {
        let signed = bundle::parse(&bytes)?;
        let hint = signed.key_hint;
        let mut candidates = roots.iter().enumerate().filter(|(_, root)| root.id().hint() == hint).peekable();
        if candidates.peek().is_none() {
            return Err(VerifyError::UnknownKey { hint });
        }
        let root = candidates.find(|(_, root)| signed.is_signed_by(root));
        let (root, _) = root.ok_or(VerifyError::BadSignature)?;
        let bundle = TrustBundle::from_signed(bundle::decode(&signed)?);
        Ok(Self { bundle, bytes, root })
    }

    /// Whether it takes the place of the one known. A root's word counts for more than that of a root pinned after it: whoever
    /// steals the old root cannot undo what the new one says.
    fn replaces(&self, known: &Self) -> Result<bool, VerifyError> {
        let (epoch, known_epoch) = (self.bundle.epoch(), known.bundle.epoch());
        match self.root.cmp(&known.root) {
            Ordering::Less => Ok(true),
            Ordering::Greater => Err(VerifyError::Rollback { epoch, known: known_epoch }),
            Ordering::Equal => is_newer((epoch, &self.bytes), (known_epoch, &known.bytes)),
        }
    }

    pub(super) fn freshness(&self, now: UnixTime) -> Freshness {
        Freshness::of(self.bundle.issued_at(), self.bundle.fresh_secs(), now)
    }
}

impl KnownList {
    /// A list that this key signed.
    pub(super) fn read(
        bytes: Vec<u8>,
        issuer: Option<DisplayText<100>>,
        signer: VerifyingKey,
    ) -> Result<Self, VerifyError> {
        let signed = revocations::parse(&bytes)?;
        if !signed.is_signed_by(&signer) {
            return Err(VerifyError::BadSignature);
        }
        let list = RevocationList::from_signed(revocations::decode(&signed)?);
        Ok(Self { list, issuer, signer, bytes })
    }

    /// Whether it takes the place of the one known. The number of a list counts as long as its signer may sign lists: a stolen
    /// key must not have the last word. An older list never takes the place of a younger one, whoever signed it.
    fn replaces(&self, known: &Self, trust: &TrustStore) -> Result<bool, VerifyError> {
        let (epoch, known_epoch) = (self.list.epoch(), known.list.epoch());
        if self.list.issued_at() < known.list.issued_at() {
            return Err(VerifyError::Rollback { epoch, known: known_epoch });
        }
        let may_sign =
            |anchor: &TrustAnchor| anchor.key == known.signer && anchor.grant.covers_list(known.list.issued_at());
        if !trust.anchors().iter().any(may_sign) {
            return Ok(true);
        }
        is_newer((epoch, &self.bytes), (known_epoch, &known.bytes))
    }

    pub(super) fn freshness(&self, now: UnixTime) -> Freshness {
        Freshness::of(self.list.issued_at(), self.list.fresh_secs(), now)
    }
}

impl Verifier {
    /// Takes a trust bundle that a pinned root signed, if it is newer than the one this verifier has. What it no longer
    /// lists is no longer trusted.
    ///
    /// # Errors
    /// [`VerifyError::Rollback`] for an older one, [`VerifyError::NotYetValid`] and [`VerifyError::ClockBehind`] if this
    /// device's clock cannot be right, or why it is no bundle of a pinned root. The verifier goes on as before.
    pub fn update_trust_bundle(&mut self, text: &str, now: UnixTime) -> Result<Update, VerifyError> {
        let bytes = carrier::read_file(text, bundle::MAX_TRUST_BUNDLE_BYTES).map_err(|_| VerifyError::Malformed)?;
        let new = KnownBundle::read(bytes, &self.roots)?;
        self.check_file_time(new.bundle.issued_at(), now)?;
        if let Some(known) = &self.bundle
            && !new.replaces(known)?
        {
            return Ok(Update::Unchanged);
        }
        self.apply_bundle(new);
        self.changes = self.changes.saturating_add(1);
        Ok(Update::Applied)
    }

    pub(super) fn apply_bundle(&mut self, new: KnownBundle) {
        // A bundle never holds more keys than a store, nor one twice.
        self.trust = TrustStore::checked(new.bundle.anchors().into()).unwrap_or(TrustStore::empty());
        let anchors = self.trust.anchors();
        // An issuer that was renamed keeps its list, and one that is gone altogether needs none.
        for known in &mut self.lists {
            if let Some(anchor) = anchors.iter().find(|anchor| anchor.key == known.signer) {
                known.issuer.clone_from(&anchor.issuer);
            }
        }
        self.lists.retain(|known| anchors.iter().any(|anchor| anchor.issuer == known.issuer));
        self.floor = self.floor.max(new.bundle.issued_at());
        self.bundle = Some(new);
    }

    /// Takes a revocation list that a trusted key of the issuer signed, if it is newer than the one this verifier has of
    /// that issuer. Keys without a name count as one issuer's.
    ///
    /// # Errors
    /// As [`Verifier::update_trust_bundle`], and [`VerifyError::NotPermitted`] if the key may not sign lists.
    pub fn update_revocation_list(&mut self, text: &str, now: UnixTime) -> Result<Update, VerifyError> {
        let bytes =
            carrier::read_file(text, revocations::MAX_REVOCATION_LIST_BYTES).map_err(|_| VerifyError::Malformed)?;
        let signed = revocations::parse(&bytes)?;
        let signer = self.trust.signer(&signed)?.clone();
        let list = RevocationList::from_signed(revocations::decode(&signed)?);
        let new = KnownList { issuer: signer.issuer, signer: signer.key, bytes: bytes.clone(), list };
        if !signer.grant.covers_list(new.list.issued_at()) {
            return Err(VerifyError::NotPermitted { hint: new.signer.id().hint() });
        }
        self.check_file_time(new.list.issued_at(), now)?;
        let known = self.lists.iter().position(|known| known.issuer == new.issuer);
        match known.and_then(|place| self.lists.get_mut(place)) {
            None => self.lists.push(new.clone()),
            Some(known) => {
                if !new.replaces(known, &self.trust)? {
                    return Ok(Update::Unchanged);
                }
                *known = new.clone();
            }
        }
        self.floor = self.floor.max(new.list.issued_at());
        self.changes = self.changes.saturating_add(1);
        Ok(Update::Applied)
    }

    /// A file from the future, or a clock behind what was proven: one of them is wrong, and must not raise the floor.
    fn check_file_time(&self, issued_at: UnixTime, now: UnixTime) -> Result<(), VerifyError> {
        self.check_clock(now)?;
        let leeway_secs = self.leeway_secs;
        if now < issued_at.saturating_sub(leeway_secs.into()) {
            return Err(VerifyError::NotYetValid { issued_at, now, leeway_secs });
        }
        Ok(())
    }
}

/// Whether a file takes the place of the one known, both by their numbers and bytes.
fn is_newer((epoch, bytes): (u32, &[u8]), (known, known_bytes): (u32, &[u8])) -> Result<bool, VerifyError> {
    match epoch.cmp(&known) {
        Ordering::Greater => Ok(true),
        Ordering::Equal if bytes == known_bytes => Ok(false),
        _ => Err(VerifyError::Rollback { epoch, known }),
    }
}
