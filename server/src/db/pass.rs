//! Passes that can be revoked, and the signed files that verifiers fetch.

use sealcard_core::{IssueError, TrustError, UnixTime};
use thiserror::Error;

use super::DbError;

/// A pass that was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedPass {
    /// Its place in the revocation list.
    pub revocation_index: u32,
    /// Whose it is.
    pub account_id: String,
    /// The first second of its validity.
    pub issued_at: UnixTime,
    /// The last second of its validity.
    pub expires_at: UnixTime,
}

/// Which of an account's passes to revoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoke {
    /// The one at this place in the revocation list.
    One(u32),
    /// All that there are.
    All,
}

/// A pass that was revoked before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedPass {
    /// Its place in the revocation list.
    pub revocation_index: u32,
    /// The first second of its validity.
    pub issued_at: UnixTime,
}

/// A file that verifiers fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileName {
    /// Which passes no longer hold.
    Revocations,
    /// Which keys to trust.
    TrustBundle,
}

impl FileName {
    /// The name in the database.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Revocations => "revocations",
            Self::TrustBundle => "trust-bundle",
        }
    }
}

/// A file as it was last signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFile {
    /// Its number: grows with every signing. 0 before the first.
    pub epoch: u32,
    /// When it was signed.
    pub issued_at: UnixTime,
    /// What it was made from; empty when that has changed.
    pub source: String,
    /// Its text.
    pub content: String,
}

/// Whether a file need not be signed anew.
pub type IsCurrent = fn(&SignedFile, source: &str, now: UnixTime) -> bool;

/// Signs a file with the number given, from the file before and, for the revocation list, the passes to stand in it.
pub type Sign = Box<dyn FnOnce(u32, &SignedFile, &[RevokedPass]) -> Result<(UnixTime, String), SignError> + Send>;

/// A file that was not signed.
#[derive(Debug, Error)]
pub enum SignError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The file.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The keys in a trust bundle.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl From<sqlx::Error> for SignError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}
