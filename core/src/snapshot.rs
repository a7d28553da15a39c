//! A profile plus validity: what an issuer signs.

use crate::{Profile, Ttl, UnixTime};

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
}

impl Snapshot {
    /// The last second of its validity.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.issued_at.saturating_add(self.ttl.as_secs() as u64)
    }
}
