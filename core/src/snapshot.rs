//! A profile plus validity: what an issuer signs.

use alloc::vec::Vec;

use crate::{DisplayText, HolderKey, Profile, Ttl, UnixTime};

/// A few characters that tell cards or events apart: 1 to 32.
pub type Label = DisplayText<32>;

/// A profile and the time during which it may be relied on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// Whom it describes.
    pub profile: Profile,
    /// The first second of its validity.
    pub issued_at: UnixTime,
    /// How long it lives.
    pub ttl: Ttl,
    /// Which of the person's cards this is, like `work`.
    pub card: Option<Label>,
    /// The event that it was issued for.
    pub event: Option<Label>,
    /// The key of the device that it is bound to. A snapshot without is a bearer one: whoever shows it is believed. One with
    /// is a pass, and is accepted only inside a presentation.
    pub holder_key: Option<HolderKey>,
    /// Where the issuer's revocation list says whether it still holds. One without cannot be revoked.
    pub revocation_index: Option<u32>,
    pub(crate) other_fields: Vec<OtherField>,
}

impl Snapshot {
    /// A snapshot that says nothing but this.
    #[must_use]
    pub const fn new(profile: Profile, issued_at: UnixTime, ttl: Ttl) -> Self {
        Self {
            profile,
            issued_at,
            ttl,
            card: None,
            event: None,
            holder_key: None,
            revocation_index: None,
            other_fields: Vec::new(),
        }
    }

    /// What a newer issuer added that this version does not know, as it was signed. None in a new snapshot.
    #[must_use]
    pub fn other_fields(&self) -> &[OtherField] {
        &self.other_fields
    }

    /// The last second of its validity.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.issued_at.saturating_add(self.ttl.as_secs() as u64)
    }
}

/// A signed field of a later minor version, which may be passed over: only those with even ids may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherField {
    pub(crate) id: u8,
    pub(crate) data: Vec<u8>,
}

impl OtherField {
    /// What kind of field it is.
    #[must_use]
    pub const fn id(&self) -> u8 {
        self.id
    }

    /// Its content.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }
}
