//! What a verifier vouches for.

use crate::{DisplayText, Freshness, KeyId, Label, OtherField, Profile, Snapshot, UnixTime};

/// A snapshot that a trusted issuer signed, unaltered, in time, and shown by whom it is bound to. Only
/// [`crate::Verifier::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSnapshot {
    pub(super) snapshot: Snapshot,
    pub(super) issuer: Option<DisplayText<100>>,
    pub(super) key_id: KeyId,
    pub(super) verified_at: UnixTime,
    pub(super) proven_at: Option<UnixTime>,
    pub(super) revocation: Freshness,
    pub(super) trust: Freshness,
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

    /// When the device that it is bound to proved to be there; `None` for a bearer snapshot, which anyone may show who has a
    /// copy.
    #[must_use]
    pub const fn proven_at(&self) -> Option<UnixTime> {
        self.proven_at
    }

    /// What is known of revocation: how old the issuer's list is that does not revoke it.
    #[must_use]
    pub const fn revocation(&self) -> Freshness {
        self.revocation
    }

    /// How old the trust bundle is that vouches for the issuer; unknown for a JWK set, which does not say.
    #[must_use]
    pub const fn trust(&self) -> Freshness {
        self.trust
    }
}
