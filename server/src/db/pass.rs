//! Passes that can be revoked, and the signed files that verifiers fetch.

use async_trait::async_trait;
use sealcard_core::{IssueError, TrustError, UnixTime};
use thiserror::Error;

use super::DbError;
use crate::cache::Committed;

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

/// The part of the database for passes, and for the files that say which keys and passes count.
#[async_trait]
pub trait Passes: Send + Sync {
    /// Stores a pass. Returns whether its place in the revocation list was free.
    async fn create_pass(&self, pass: IssuedPass) -> Result<Committed<bool>, DbError>;

    /// Revokes passes of an account, or of any, and marks the revocation list as out of date if that changes it, in one step. Returns how
    /// many of them there are, those included that were revoked before.
    async fn revoke_passes(
        &self,
        account_id: Option<&str>,
        which: Revoke,
        now: UnixTime,
    ) -> Result<Committed<u64>, DbError>;

    /// How many passes of an account have not expired by `now`.
    async fn count_passes(&self, account_id: &str, now: UnixTime) -> Result<u64, DbError>;

    /// Removes passes that expired before this time. Returns how many.
    async fn delete_expired_passes(&self, before: UnixTime) -> Result<u64, DbError>;

    /// A file as it was last signed.
    async fn signed_file(&self, name: FileName) -> Result<SignedFile, DbError>;

    /// Signs a file with the next number, unless another server has just done so. Nothing is revoked meanwhile.
    async fn renew_signed_file(
        &self,
        name: FileName,
        source: &str,
        now: UnixTime,
        is_current: IsCurrent,
        sign: Sign,
    ) -> Result<SignedFile, SignError>;
}
