//! Why something was not accepted.

use core::fmt;

use crate::wire::WireError;
use crate::{ErrorCode, UnixTime};

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
    /// The key may not sign this: another purpose, outside its time, or for too long a life.
    NotPermitted {
        /// The key's hint.
        hint: u8,
    },
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
    /// The clock is behind the newest time that this verifier has authenticated.
    ClockBehind {
        /// That time.
        floor: UnixTime,
        /// The moment of verifying.
        now: UnixTime,
        /// The leeway granted.
        leeway_secs: u32,
    },
    /// Bound to a device, or a challenge was set, and without the device's proof.
    ProofMissing,
    /// The proof is not by the device that the snapshot names, or not of this snapshot; or the snapshot names none.
    ProofInvalid,
    /// The proof is too old: a screenshot, or a replay.
    ProofStale {
        /// How old it is, in seconds.
        age_secs: u64,
        /// How old it may be.
        max_age_secs: u32,
    },
    /// The proof is from the future: one of the two clocks is wrong.
    ProofNotYetValid {
        /// How far in the future, in seconds.
        ahead_secs: u64,
        /// The leeway granted.
        leeway_secs: u32,
    },
    /// The proof does not answer the challenge that was set, or answers one that was not.
    WrongChallenge,
    /// The issuer revoked it.
    Revoked {
        /// How old the list is that says so, in seconds.
        list_age_secs: u64,
    },
    /// The revocation list is older than it may be, and a fresh one was asked for.
    RevocationStale {
        /// How old it is, in seconds.
        list_age_secs: u64,
    },
    /// There is no revocation list, and a fresh one was asked for.
    RevocationUnknown,
    /// A trust bundle or revocation list that is older than the one this verifier has, or another with the same number.
    Rollback {
        /// Its number.
        epoch: u32,
        /// The number of the one this verifier has.
        known: u32,
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
            Self::NotPermitted { .. } => ErrorCode::NotPermitted,
            Self::ClockBehind { .. } => ErrorCode::ClockBehind,
            Self::ProofMissing => ErrorCode::ProofMissing,
            Self::ProofInvalid => ErrorCode::ProofInvalid,
            Self::ProofStale { .. } => ErrorCode::ProofStale,
            Self::ProofNotYetValid { .. } => ErrorCode::ProofNotYetValid,
            Self::WrongChallenge => ErrorCode::WrongChallenge,
            Self::Revoked { .. } => ErrorCode::Revoked,
            Self::RevocationStale { .. } => ErrorCode::RevocationStale,
            Self::RevocationUnknown => ErrorCode::RevocationUnknown,
            Self::Rollback { .. } => ErrorCode::Rollback,
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
                "the token is of version {}, kind {}; expected here is version 1, kind 1 or 2 (snapshot or presentation) for a \
                 token, 3 for a trust bundle, 4 for a revocation list",
                first_byte >> 4,
                first_byte & 0x07
            ),
            Self::OtherHost => f.write_str("this is a link, and not to the host whose links this verifier accepts"),
            Self::UnsupportedField { id } => {
                write!(f, "the token needs a newer verifier: its field {id} may not be passed over")
            }
            Self::UnknownKey { hint } => write!(f, "no trusted key has its key hint {hint:02x}"),
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
            Self::NotPermitted { hint } => write!(
                f,
                "the key with the hint {hint:02x} may not sign this: another purpose, outside its time, or for too long a life"
            ),
            Self::ClockBehind { floor, now, leeway_secs } => write!(
                f,
                "this device's clock is {} s behind a time that was proven (leeway {leeway_secs} s): set it",
                floor.secs_since(*now)
            ),
            Self::ProofMissing => f.write_str(
                "no device proved to be there: a copy of a pass, or no pass at all where a challenge was set",
            ),
            Self::ProofInvalid => f.write_str("the proof is not by the device that this pass is bound to"),
            Self::ProofStale { age_secs, max_age_secs } => {
                write!(f, "the proof is {age_secs} s old, and may be {max_age_secs} s: a screenshot? Show a fresh one")
            }
            Self::ProofNotYetValid { ahead_secs, leeway_secs } => write!(
                f,
                "the proof is from {ahead_secs} s in the future (leeway {leeway_secs} s): are both clocks right?"
            ),
            Self::WrongChallenge => f.write_str("the proof was not made for this verifier's challenge"),
            Self::Revoked { list_age_secs } => write!(f, "revoked by the issuer, by a list {list_age_secs} s old"),
            Self::RevocationStale { list_age_secs } => {
                write!(f, "the revocation list is {list_age_secs} s old, and no longer fresh: fetch a new one")
            }
            Self::RevocationUnknown => f.write_str("there is no revocation list of this issuer: fetch one"),
            Self::Rollback { epoch, known } => {
                write!(f, "its epoch is {epoch}, but {known} was seen before: an old or forked file")
            }
        }
    }
}

impl core::error::Error for VerifyError {}
