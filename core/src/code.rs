//! Stable error codes, the same in every language, on the command line and over HTTP.

use core::fmt;

/// A stable name for what went wrong. The names never change; new ones may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The text or bytes are not a token in the one accepted spelling.
    Malformed,
    /// The token is of a version or kind this verifier does not know.
    UnsupportedVersion,
    /// No trusted key matches the token's key hint.
    UnknownKey,
    /// A trusted key matches the hint, but the signature is not its.
    BadSignature,
    /// The snapshot's validity has ended.
    Expired,
    /// The snapshot's validity has not begun.
    NotYetValid,
    /// A profile field is over its limit or not safe to show.
    InvalidProfile,
    /// A key is not a key: wrong length, off the curve, not canonically encoded, or of another type.
    InvalidKey,
    /// A key has a small order, so that anyone could sign for it.
    WeakKey,
    /// The trust file cannot be read as a set of keys.
    InvalidTrust,
    /// The life asked for a token is outside 1 second to 30 days.
    InvalidTtl,
    /// The host for links is not a host name in its one spelling.
    InvalidHost,
    /// The issuer has revoked the snapshot.
    Revoked,
    /// The revocation list is older than it says it may be, and the verifier asked for a fresh one.
    RevocationStale,
    /// There is no revocation list of the issuer, and the verifier asked for a fresh one.
    RevocationUnknown,
    /// The snapshot is bound to a device, or a challenge was set, and there is no proof of the device.
    ProofMissing,
    /// The proof is not by the device that the snapshot names, or was made for another snapshot.
    ProofInvalid,
    /// The proof is older than the verifier's window: a screenshot, or a replay.
    ProofStale,
    /// The proof is from the future.
    ProofNotYetValid,
    /// The proof does not answer the challenge that was set, or answers one that was not.
    WrongChallenge,
    /// The key is known, but may not sign this: another purpose, outside its time, or for too long a life.
    NotPermitted,
    /// The clock is behind the newest time that was authenticated: it was set back.
    ClockBehind,
    /// A trust bundle or revocation list is older than the one the verifier has.
    Rollback,
    /// A verifier's stored state is damaged, mixed or older than asked for.
    InvalidState,
    /// The signed snapshot would be larger than any accepted token, than any QR code, or than the QR code asked for.
    TooLarge,
    /// The device's key did not sign: locked, gone, or refused by its owner.
    KeyUnavailable,
    /// A picture to look for QR codes in is none: damaged, of another size than said, or too large.
    InvalidPicture,
}

impl ErrorCode {
    /// Every code, for tables in docs and tests.
    pub const ALL: [Self; 27] = [
        Self::Malformed,
        Self::UnsupportedVersion,
        Self::UnknownKey,
        Self::BadSignature,
        Self::Expired,
        Self::NotYetValid,
        Self::InvalidProfile,
        Self::InvalidKey,
        Self::WeakKey,
        Self::InvalidTrust,
        Self::InvalidTtl,
        Self::InvalidHost,
        Self::Revoked,
        Self::RevocationStale,
        Self::RevocationUnknown,
        Self::ProofMissing,
        Self::ProofInvalid,
        Self::ProofStale,
        Self::ProofNotYetValid,
        Self::WrongChallenge,
        Self::NotPermitted,
        Self::ClockBehind,
        Self::Rollback,
        Self::InvalidState,
        Self::TooLarge,
        Self::KeyUnavailable,
        Self::InvalidPicture,
    ];

    /// The code as it is written everywhere, in `snake_case`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnsupportedVersion => "unsupported_version",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::InvalidProfile => "invalid_profile",
            Self::InvalidKey => "invalid_key",
            Self::WeakKey => "weak_key",
            Self::InvalidTrust => "invalid_trust",
            Self::InvalidTtl => "invalid_ttl",
            Self::InvalidHost => "invalid_host",
            Self::Revoked => "revoked",
            Self::RevocationStale => "revocation_stale",
            Self::RevocationUnknown => "revocation_unknown",
            Self::ProofMissing => "proof_missing",
            Self::ProofInvalid => "proof_invalid",
            Self::ProofStale => "proof_stale",
            Self::ProofNotYetValid => "proof_not_yet_valid",
            Self::WrongChallenge => "wrong_challenge",
            Self::NotPermitted => "not_permitted",
            Self::ClockBehind => "clock_behind",
            Self::Rollback => "rollback",
            Self::InvalidState => "invalid_state",
            Self::TooLarge => "too_large",
            Self::KeyUnavailable => "key_unavailable",
            Self::InvalidPicture => "invalid_picture",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
