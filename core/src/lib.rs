//! Signed profile snapshots small enough for a QR code, verified offline.
//!
//! ```
//! use sealcard_core::{Issuer, Profile, ProfileDraft, SigningKey, Snapshot, TrustStore, Ttl, UnixTime, Verifier};
//!
//! // The issuer, online: parse a profile once, sign a snapshot of it.
//! let draft = ProfileDraft {
//!     username: "devcard-demo".into(),
//!     display_name: "Alex Chen".into(),
//!     ..ProfileDraft::default()
//! };
//! let profile = Profile::parse(draft)?;
//! let issuer = Issuer::new(SigningKey::from_seed([7; 32]));
//! let now = UnixTime::from_secs(1_800_000_000);
//! let token = issuer.issue(&Snapshot::new(profile, now, Ttl::from_secs(600)?))?;
//! let payload = token.to_text();
//! assert!(payload.starts_with("SC1:"));
//!
//! // The verifier, offline: who is this, and who says so?
//! let jwks = TrustStore::from_jwks(&issuer.verifying_key().to_jwks(None))?;
//! let verified = Verifier::new(jwks).verify(&payload, now)?;
//! assert_eq!(verified.profile().display_name.as_str(), "Alex Chen");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
//!
//! The crate has no clock, no I/O and no randomness: times and seeds are arguments. It builds without `std`;
//! the features `qr` (drawing) and `qr-reader` (reading) are the only parts that need it.
//!
//! Everything untrusted becomes a type that cannot be wrong: text is a [`Profile`] or an [`UnverifiedSnapshot`],
//! and profile fields are reachable only through [`VerifiedSnapshot`], which only [`Verifier::verify`] makes, or, called by
//! its name, through [`UnverifiedSnapshot::unverified_snapshot`].

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(test, expect(clippy::arithmetic_side_effects, clippy::string_slice, reason = "a test may panic"))]

extern crate alloc;
#[cfg(any(feature = "qr", feature = "qr-reader"))]
extern crate std;

mod base_n;
mod budget;
mod carrier;
mod challenge;
mod code;
mod holder_key;
mod issue;
mod jwk;
mod key;
mod pass;
mod profile;
mod qr_size;
mod revocation;
mod snapshot;
mod time;
mod trust;
mod trust_bundle;
mod verify;
mod wire;

#[cfg(feature = "qr")]
pub mod qr;
#[cfg(feature = "qr-reader")]
pub mod qr_reader;

/// For the programs that make the text coder's tables and the test vectors; not part of the API.
#[doc(hidden)]
pub mod training {
    pub use crate::wire::text::{encode_events, event, script, symbol};
}

pub use budget::{FieldCost, QrLimit};
pub use carrier::{Carrier, LinkHost, LinkHostError, MAX_TEXT_BYTES};
pub use challenge::{Challenge, ChallengeError};
pub use code::ErrorCode;
pub use holder_key::{DeviceKey, DeviceSignature, HolderKey, SignatureError};
pub use issue::{IssueError, Issuer, Token};
pub use jwk::JwkError;
pub use key::{KeyError, KeyId, SigningKey, VerifyingKey};
pub use pass::{Pass, PassError, UnsignedPresentation};
pub use profile::{
    AccentColor, DisplayText, Link, LinkDraft, LinkUrl, MAX_LINKS, MAX_PROFILE_BYTES, Platform, Profile, ProfileDraft,
    ProfileError, ProfileProblem, Username,
};
pub use qr_size::{ErrorCorrection, QrSize};
pub use revocation::RevocationList;
pub use snapshot::{Label, OtherField, Snapshot};
pub use time::{MAX_TTL_SECS, Ttl, TtlError, UnixTime};
pub use trust::{Grant, MAX_TRUST_ANCHORS, TrustAnchor, TrustError, TrustStore};
pub use trust_bundle::TrustBundle;
pub use verify::{
    DEFAULT_LEEWAY_SECS, DEFAULT_MAX_PROOF_AGE_SECS, Freshness, MAX_ROOTS, RevocationPolicy, StateError,
    UnverifiedProof, UnverifiedSnapshot, Update, VerifiedSnapshot, Verifier, VerifyError,
};
pub use wire::MAX_TOKEN_BYTES;
pub use wire::bundle::MAX_TRUST_BUNDLE_BYTES;
pub use wire::revocations::MAX_REVOCATION_LIST_BYTES;
