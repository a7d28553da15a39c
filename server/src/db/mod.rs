//! The database behind one trait: SQLite by default, PostgreSQL for production.
//!
//! What comes out has been parsed: a row that does not make a [`Profile`] is an internal error, not a profile.

mod code_queries;
mod codes;
mod error;
mod observed;
mod pass;
mod postgres;
mod profile;
mod repository;
mod sqlite;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use sealcard_core::{Profile, UnixTime};

use crate::cache::{ChangeLog, Committed};
use crate::session::Session;

pub use codes::{Codes, MAX_CODES, MAX_MEMBERS, MAX_TENANTS, Outcome, ScanBatch, ScanCounts, ScansOfDay, Tenant};
pub use error::{DbError, EditError};
use observed::Observed;
pub use pass::{FileName, IsCurrent, IssuedPass, Revoke, RevokedPass, Sign, SignError, SignedFile};
pub use profile::StoredProfile;

/// A new account with its first profile.
#[derive(Debug)]
pub struct NewAccount {
    /// A random id.
    pub id: String,
    /// The argon2id hash in PHC form, or [`NO_PASSWORD`].
    pub password_hash: String,
    /// The profile, whose username is the account's. Its links get fresh ids.
    pub profile: Profile,
    /// When it was made.
    pub created_at: UnixTime,
}

/// Stands where a password hash would, for accounts that nobody can log in to.
pub const NO_PASSWORD: &str = "!";

/// What a login is checked against.
#[derive(Clone)]
pub struct Credentials {
    /// The account's id.
    pub account_id: String,
    /// The argon2id hash in PHC form.
    pub password_hash: String,
}

/// Changes a profile; refusing leaves everything as it was.
pub type Edit = Box<dyn FnOnce(&mut StoredProfile) -> Result<(), EditError> + Send>;

/// Everything the server keeps.
#[async_trait]
pub trait Repository: ChangeLog + Codes {
    /// Stores a new account. [`DbError::Conflict`] if the username is taken.
    async fn create_account(&self, account: NewAccount) -> Result<Committed<()>, DbError>;

    /// The credentials of a username.
    async fn credentials(&self, username: &str) -> Result<Option<Credentials>, DbError>;

    /// The credentials of an account.
    async fn credentials_of(&self, account_id: &str) -> Result<Option<Credentials>, DbError>;

    /// Replaces the password and ends every session of the account, in one step.
    async fn change_password(&self, account_id: &str, password_hash: &str) -> Result<Committed<()>, DbError>;

    /// The profile with this username.
    async fn profile(&self, username: &str) -> Result<Option<StoredProfile>, DbError>;

    /// The usernames that follow this one in order, so many at most.
    async fn usernames(&self, after: &str, limit: u32) -> Result<Vec<String>, DbError>;

    /// The profile of an account.
    async fn profile_of(&self, account_id: &str) -> Result<Option<StoredProfile>, DbError>;

    /// Reads a profile, changes it and writes it back; no other change comes between.
    async fn edit_profile(&self, account_id: &str, edit: Edit) -> Result<Committed<StoredProfile>, EditError>;

    /// Makes an account follow a link, or not any more. Returns whether there is such a link.
    async fn follow(&self, follower_id: &str, link_id: &str, follows: bool) -> Result<bool, DbError>;

    /// The ids of the links of a username that an account follows.
    async fn followed_links(&self, follower_id: &str, username: &str) -> Result<Vec<String>, DbError>;

    /// Stores a session, unless the account's password hash is not `password_hash` any more: a login that was on its
    /// way while the password was changed must not outlive the change. Ends the oldest if the account has more than
    /// [`MAX_SESSIONS`](crate::session::MAX_SESSIONS). Returns whether it was stored.
    async fn create_session(&self, session: Session, password_hash: &str) -> Result<Committed<bool>, DbError>;

    /// The session of a token, if it has not ended by `now`.
    async fn session(&self, token_hash: &str, now: UnixTime) -> Result<Option<Session>, DbError>;

    /// The sessions of an account that have not ended by `now`, oldest first.
    async fn sessions_of(&self, account_id: &str, now: UnixTime) -> Result<Vec<Session>, DbError>;

    /// Prolongs a session that has not ended by `now`, by
    /// [`PROLONGED_BY_SECS`](crate::session::PROLONGED_BY_SECS) and to
    /// [`LIFETIME_SECS`](crate::session::LIFETIME_SECS) from then at most.
    async fn renew_session(&self, token_hash: &str, now: UnixTime) -> Result<Committed<()>, DbError>;

    /// Ends a session of an account, by its public id. Returns the hash of its token, if there was one.
    async fn delete_session(&self, account_id: &str, id: &str) -> Result<Committed<Option<String>>, DbError>;

    /// Ends every session of an account.
    async fn delete_sessions_of(&self, account_id: &str) -> Result<Committed<()>, DbError>;

    /// Removes sessions that ended before `now`. Returns how many.
    async fn delete_ended_sessions(&self, now: UnixTime) -> Result<u64, DbError>;

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

    /// Removes what the log of changes says of the time before, the newest entry always aside. Returns how many.
    async fn delete_old_changes(&self, before: UnixTime) -> Result<u64, DbError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), DbError>;

    /// Closes every connection.
    async fn close(&self);
}

/// Connects to `postgres://…`, `sqlite://FILE`, or, without an address, to `sealcard.db` in the data directory, and
/// brings the tables up to date.
///
/// # Errors
/// [`DbError`] if it cannot be reached, written or migrated.
pub async fn connect(
    url: Option<&str>,
    data_dir: &Path,
    registry: &mut Registry,
) -> Result<Arc<dyn Repository>, DbError> {
    let repository: Arc<dyn Repository> = match url {
        Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
            Arc::new(postgres::connect(url).await?)
        }
        Some(url) if url.starts_with("sqlite:") => Arc::new(sqlite::connect_url(url).await?),
        Some(_) => return Err(DbError::BadUrl),
        None => Arc::new(sqlite::connect_file(&data_dir.join("sealcard.db")).await?),
    };
    Ok(Arc::new(Observed::new(repository, registry)))
}
