//! What went wrong, in one enum: a variant for each of the core's codes.

use std::error::Error;
use std::fmt;

use sealcard_core::qr::QrError;
use sealcard_core::qr_reader::PictureError;
use sealcard_core::{
    ChallengeError, ErrorCode, IssueError, JwkError, KeyError, LinkHostError, PassError, StateError, TrustError,
    UnixTime, VerifyError,
};

/// Why something was refused or could not be done. `reason` is a sentence in English for logs and developers; the values are
/// for sentences of the app's own.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Error)]
pub enum SealcardError {
    /// Not a token, bundle or list in the one accepted spelling.
    Malformed {
        /// What was wrong, in English.
        reason: String,
    },
    /// Of a version or kind that this version of the library does not know.
    UnsupportedVersion {
        /// What was wrong, in English.
        reason: String,
    },
    /// No trusted key has its key hint.
    UnknownKey {
        /// What was wrong, in English.
        reason: String,
    },
    /// A trusted key has the hint, and did not sign this: forged or altered.
    BadSignature {
        /// What was wrong, in English.
        reason: String,
    },
    /// Its validity has ended.
    Expired {
        /// What was wrong, in English.
        reason: String,
        /// The last second of its validity.
        expires_at: UnixTime,
    },
    /// Its validity has not begun: one of the clocks is wrong.
    NotYetValid {
        /// What was wrong, in English.
        reason: String,
        /// The first second of its validity.
        issued_at: UnixTime,
    },
    /// A profile field is over its limit or not safe to show.
    InvalidProfile {
        /// What was wrong, in English.
        reason: String,
    },
    /// Not a key: wrong length, off the curve, of another type, or private where a public one belongs.
    InvalidKey {
        /// What was wrong, in English.
        reason: String,
    },
    /// A key of small order, for which anyone could sign.
    WeakKey {
        /// What was wrong, in English.
        reason: String,
    },
    /// A trust file that cannot be read as a set of keys.
    InvalidTrust {
        /// What was wrong, in English.
        reason: String,
    },
    /// A life outside 1 second to 30 days.
    InvalidTtl {
        /// What was wrong, in English.
        reason: String,
    },
    /// No host name for links in its one spelling.
    InvalidHost {
        /// What was wrong, in English.
        reason: String,
    },
    /// The issuer has revoked it.
    Revoked {
        /// What was wrong, in English.
        reason: String,
        /// How old the list is that says so, in seconds.
        list_age_secs: u64,
    },
    /// A fresh revocation list was asked for, and the one there is old.
    RevocationStale {
        /// What was wrong, in English.
        reason: String,
        /// How old the list is, in seconds.
        list_age_secs: u64,
    },
    /// A fresh revocation list was asked for, and there is none.
    RevocationUnknown {
        /// What was wrong, in English.
        reason: String,
    },
    /// A pass without its device's proof: a copy. Or nothing that could answer the challenge.
    ProofMissing {
        /// What was wrong, in English.
        reason: String,
    },
    /// The proof is not by the device that the pass is bound to, or there is no pass where one belongs.
    ProofInvalid {
        /// What was wrong, in English.
        reason: String,
    },
    /// The proof is too old: a screenshot, or a replay.
    ProofStale {
        /// What was wrong, in English.
        reason: String,
        /// How old the proof is, in seconds.
        age_secs: u64,
        /// How old it may be, in seconds.
        max_age_secs: u32,
    },
    /// The proof is from the future: one of the clocks is wrong.
    ProofNotYetValid {
        /// What was wrong, in English.
        reason: String,
        /// How far in the future, in seconds.
        ahead_secs: u64,
    },
    /// It does not answer the challenge that was set, answers one that was not, or what was given is no challenge.
    WrongChallenge {
        /// What was wrong, in English.
        reason: String,
    },
    /// The key is known, and may not sign this: another purpose, outside its time, or for too long a life.
    NotPermitted {
        /// What was wrong, in English.
        reason: String,
    },
    /// This device's clock is behind a time that was proven to it.
    ClockBehind {
        /// What was wrong, in English.
        reason: String,
        /// The newest time that was proven.
        proven_time: UnixTime,
    },
    /// A trust bundle or revocation list older than the one the verifier has, or another with the same number.
    Rollback {
        /// What was wrong, in English.
        reason: String,
        /// Its number.
        epoch: u32,
        /// The number of the one that the verifier has.
        known: u32,
    },
    /// A verifier's stored state is damaged, mixed, or older than asked for: start anew, and fetch bundle and list.
    InvalidState {
        /// What was wrong, in English.
        reason: String,
    },
    /// Larger than any QR code, or than any verifier takes.
    TooLarge {
        /// What was wrong, in English.
        reason: String,
    },
    /// The device's key did not sign: locked, gone, or refused by its owner.
    KeyUnavailable {
        /// What was wrong, in English.
        reason: String,
    },
    /// Not a picture of 1 to 4096 pixels a side: damaged, or of another size than said.
    InvalidPicture {
        /// What was wrong, in English.
        reason: String,
    },
}

/// The stable code of each error, in the order of the variants: the same in every language, on the command line and over HTTP.
#[uniffi::export]
#[must_use]
pub fn error_codes() -> Vec<String> {
    ErrorCode::ALL.iter().map(ToString::to_string).collect()
}

#[uniffi::export]
impl SealcardError {
    /// Its stable code, like `expired`.
    #[must_use]
    pub fn stable_code(&self) -> String {
        self.error_code().to_string()
    }

    /// The sentence, whichever the code.
    #[must_use]
    pub fn sentence(&self) -> String {
        self.reason().clone()
    }
}

impl SealcardError {
    /// Its code.
    #[must_use]
    pub const fn error_code(&self) -> ErrorCode {
        match self {
            Self::Malformed { .. } => ErrorCode::Malformed,
            Self::UnsupportedVersion { .. } => ErrorCode::UnsupportedVersion,
            Self::UnknownKey { .. } => ErrorCode::UnknownKey,
            Self::BadSignature { .. } => ErrorCode::BadSignature,
            Self::Expired { .. } => ErrorCode::Expired,
            Self::NotYetValid { .. } => ErrorCode::NotYetValid,
            Self::InvalidProfile { .. } => ErrorCode::InvalidProfile,
            Self::InvalidKey { .. } => ErrorCode::InvalidKey,
            Self::WeakKey { .. } => ErrorCode::WeakKey,
            Self::InvalidTrust { .. } => ErrorCode::InvalidTrust,
            Self::InvalidTtl { .. } => ErrorCode::InvalidTtl,
            Self::InvalidHost { .. } => ErrorCode::InvalidHost,
            Self::Revoked { .. } => ErrorCode::Revoked,
            Self::RevocationStale { .. } => ErrorCode::RevocationStale,
            Self::RevocationUnknown { .. } => ErrorCode::RevocationUnknown,
            Self::ProofMissing { .. } => ErrorCode::ProofMissing,
            Self::ProofInvalid { .. } => ErrorCode::ProofInvalid,
            Self::ProofStale { .. } => ErrorCode::ProofStale,
            Self::ProofNotYetValid { .. } => ErrorCode::ProofNotYetValid,
            Self::WrongChallenge { .. } => ErrorCode::WrongChallenge,
            Self::NotPermitted { .. } => ErrorCode::NotPermitted,
            Self::ClockBehind { .. } => ErrorCode::ClockBehind,
            Self::Rollback { .. } => ErrorCode::Rollback,
            Self::InvalidState { .. } => ErrorCode::InvalidState,
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::KeyUnavailable { .. } => ErrorCode::KeyUnavailable,
            Self::InvalidPicture { .. } => ErrorCode::InvalidPicture,
        }
    }

    /// The sentence.
    #[must_use]
    pub const fn reason(&self) -> &String {
        match self {
            Self::Malformed { reason, .. }
            | Self::UnsupportedVersion { reason, .. }
            | Self::UnknownKey { reason, .. }
            | Self::BadSignature { reason, .. }
            | Self::Expired { reason, .. }
            | Self::NotYetValid { reason, .. }
            | Self::InvalidProfile { reason, .. }
            | Self::InvalidKey { reason, .. }
            | Self::WeakKey { reason, .. }
            | Self::InvalidTrust { reason, .. }
            | Self::InvalidTtl { reason, .. }
            | Self::InvalidHost { reason, .. }
            | Self::Revoked { reason, .. }
            | Self::RevocationStale { reason, .. }
            | Self::RevocationUnknown { reason, .. }
            | Self::ProofMissing { reason, .. }
            | Self::ProofInvalid { reason, .. }
            | Self::ProofStale { reason, .. }
            | Self::ProofNotYetValid { reason, .. }
            | Self::WrongChallenge { reason, .. }
            | Self::NotPermitted { reason, .. }
            | Self::ClockBehind { reason, .. }
            | Self::Rollback { reason, .. }
            | Self::InvalidState { reason, .. }
            | Self::TooLarge { reason, .. }
            | Self::KeyUnavailable { reason, .. }
            | Self::InvalidPicture { reason, .. } => reason,
        }
    }

    /// The error of a code that has no values besides.
    pub(crate) fn plain(code: ErrorCode, error: impl fmt::Display) -> Self {
        let reason = error.to_string();
        match code {
            ErrorCode::UnsupportedVersion => Self::UnsupportedVersion { reason },
            ErrorCode::UnknownKey => Self::UnknownKey { reason },
            ErrorCode::BadSignature => Self::BadSignature { reason },
            ErrorCode::InvalidProfile => Self::InvalidProfile { reason },
            ErrorCode::InvalidKey => Self::InvalidKey { reason },
            ErrorCode::WeakKey => Self::WeakKey { reason },
            ErrorCode::InvalidTrust => Self::InvalidTrust { reason },
            ErrorCode::InvalidTtl => Self::InvalidTtl { reason },
            ErrorCode::InvalidHost => Self::InvalidHost { reason },
            ErrorCode::RevocationUnknown => Self::RevocationUnknown { reason },
            ErrorCode::ProofMissing => Self::ProofMissing { reason },
            ErrorCode::ProofInvalid => Self::ProofInvalid { reason },
            ErrorCode::WrongChallenge => Self::WrongChallenge { reason },
            ErrorCode::NotPermitted => Self::NotPermitted { reason },
            ErrorCode::InvalidState => Self::InvalidState { reason },
            ErrorCode::TooLarge => Self::TooLarge { reason },
            ErrorCode::KeyUnavailable => Self::KeyUnavailable { reason },
            ErrorCode::InvalidPicture => Self::InvalidPicture { reason },
            // Codes with values have conversions of their own below.
            _ => Self::Malformed { reason },
        }
    }
}

impl From<VerifyError> for SealcardError {
    fn from(error: VerifyError) -> Self {
        let reason = error.to_string();
        match error {
            VerifyError::Expired { expires_at, .. } => Self::Expired { reason, expires_at },
            VerifyError::NotYetValid { issued_at, .. } => Self::NotYetValid { reason, issued_at },
            VerifyError::ClockBehind { floor, .. } => Self::ClockBehind { reason, proven_time: floor },
            VerifyError::ProofStale { age_secs, max_age_secs } => Self::ProofStale { reason, age_secs, max_age_secs },
            VerifyError::ProofNotYetValid { ahead_secs, .. } => Self::ProofNotYetValid { reason, ahead_secs },
            VerifyError::Revoked { list_age_secs } => Self::Revoked { reason, list_age_secs },
            VerifyError::RevocationStale { list_age_secs } => Self::RevocationStale { reason, list_age_secs },
            VerifyError::Rollback { epoch, known } => Self::Rollback { reason, epoch, known },
            _ => Self::plain(error.code(), reason),
        }
    }
}

impl From<PassError> for SealcardError {
    fn from(error: PassError) -> Self {
        match error {
            PassError::Token(error) => error.into(),
            _ => Self::plain(error.code(), error),
        }
    }
}

impl From<IssueError> for SealcardError {
    fn from(error: IssueError) -> Self {
        let reason = error.to_string();
        match error {
            IssueError::TooEarly { issued_at } => Self::NotYetValid { reason, issued_at },
            _ => Self::plain(error.code(), reason),
        }
    }
}

/// Errors whose codes have no values besides.
macro_rules! plain {
    ($($error:ty),*) => {$(
        impl From<$error> for SealcardError {
            fn from(error: $error) -> Self {
                Self::plain(error.code(), error)
            }
        }
    )*};
}
plain!(ChallengeError, JwkError, KeyError, LinkHostError, PictureError, QrError, StateError, TrustError);

impl fmt::Display for SealcardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}

impl Error for SealcardError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_variant() {
        let now = UnixTime::from_secs(5);
        let with_values = [
            VerifyError::Expired { expires_at: now, now, leeway_secs: 1 },
            VerifyError::NotYetValid { issued_at: now, now, leeway_secs: 1 },
            VerifyError::ClockBehind { floor: now, now, leeway_secs: 1 },
            VerifyError::ProofStale { age_secs: 2, max_age_secs: 1 },
            VerifyError::ProofNotYetValid { ahead_secs: 2, leeway_secs: 1 },
            VerifyError::Revoked { list_age_secs: 1 },
            VerifyError::RevocationStale { list_age_secs: 1 },
            VerifyError::Rollback { epoch: 1, known: 2 },
        ];
        for code in ErrorCode::ALL {
            let error = match with_values.iter().find(|error| error.code() == code) {
                Some(error) => {
                    assert_eq!(SealcardError::from(*error).reason(), &error.to_string());
                    SealcardError::from(*error)
                }
                None => SealcardError::plain(code, "a sentence"),
            };
            assert_eq!((error.error_code(), error.stable_code()), (code, code.to_string()));
            assert_eq!(error.to_string(), *error.reason());
        }
    }
}
