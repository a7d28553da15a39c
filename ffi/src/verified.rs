//! What a verifier vouches for, as a plain record.

use sealcard_core::{self as core, UnixTime};

use crate::profile::text;
use crate::{OtherField, Profile};

/// A snapshot that a trusted issuer signed, unaltered, in time, and shown by whom it is bound to. It is true of `verified_at`.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VerifiedSnapshot {
    /// Whom it describes.
    pub profile: Profile,
    /// Which of the person's cards it is, if the issuer said so: 1 to 32 characters.
    pub card: Option<String>,
    /// The event that it was issued for, if the issuer said so: 1 to 32 characters.
    pub event: Option<String>,
    /// What a newer issuer added.
    pub other_fields: Vec<OtherField>,
    /// The name that the trust bundle or JWK set has for the issuer.
    pub issuer: Option<String>,
    /// The id of the key that signed it: the RFC 7638 thumbprint, in base64url.
    pub key_id: String,
    /// The first second of its validity.
    pub issued_at: UnixTime,
    /// The last second of its validity.
    pub expires_at: UnixTime,
    /// The moment it was verified for.
    pub verified_at: UnixTime,
    /// Who may show it.
    pub binding: Binding,
    /// How old the issuer's revocation list is, which does not revoke it.
    pub revocation: Freshness,
    /// How old the trust bundle is that vouches for the issuer; unknown for a JWK set.
    pub trust: Freshness,
}

/// Who may show a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Binding {
    /// Anyone who has a copy, while it is valid.
    Bearer,
    /// Only the device that it names, which proved to be there.
    Device {
        /// When it did.
        proven_at: UnixTime,
    },
}

/// How old what a verifier knows is, against what the signed file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Freshness {
    /// As young as it has to be.
    Fresh {
        /// Its age in seconds.
        age_secs: u64,
    },
    /// Older: something newer should be there, and was not fetched.
    Stale {
        /// Its age in seconds.
        age_secs: u64,
    },
    /// There is no such file.
    Unknown,
}

impl From<core::Freshness> for Freshness {
    fn from(freshness: core::Freshness) -> Self {
        match freshness {
            core::Freshness::Fresh { age_secs } => Self::Fresh { age_secs },
            core::Freshness::Stale { age_secs } => Self::Stale { age_secs },
            core::Freshness::Unknown => Self::Unknown,
        }
    }
}

impl From<&core::VerifiedSnapshot> for VerifiedSnapshot {
    fn from(verified: &core::VerifiedSnapshot) -> Self {
        Self {
            profile: verified.profile().into(),
            card: text(verified.card()),
            event: text(verified.event()),
            other_fields: verified.other_fields().iter().map(OtherField::from).collect(),
            issuer: verified.issuer().map(Into::into),
            key_id: verified.key_id().to_string(),
            issued_at: verified.issued_at(),
            expires_at: verified.expires_at(),
            verified_at: verified.verified_at(),
            binding: verified.proven_at().map_or(Binding::Bearer, |proven_at| Binding::Device { proven_at }),
            revocation: verified.revocation().into(),
            trust: verified.trust().into(),
        }
    }
}
