//! The database behind one trait: SQLite by default, PostgreSQL for production.
//!
//! What comes out has been parsed: a row that does not make a [`Profile`] is an internal error, not a profile.

mod code_queries;
mod codes;
mod error;
mod observed;
mod pass;
mod pass_queries;
mod postgres;
mod profile;
mod repository;
mod session;
mod session_queries;
mod sqlite;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use sealcard_core::{Profile, UnixTime};

use crate::cache::{ChangeLog, Committed};

pub use codes::{
    Codes, MAX_CODES, MAX_MEMBERS, MAX_MEMBERSHIPS, MAX_TENANTS, Outcome, ScanBatch, ScanCounts, ScansOfDay, Tenant,
};
pub use error::{DbError, EditError};
use observed::Observed;
pub use pass::{FileName, IsCurrent, IssuedPass, Passes, Revoke, RevokedPass, Sign, SignError, SignedFile};
pub use profile::StoredProfile;
pub use session::Sessions;

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

/// The database in the data folder, if there is no other.
pub const SQLITE_FILE: &str = "sealcard.db";

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
pub trait Repository: ChangeLog + Codes + Passes + Sessions {
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
        None => Arc::new(sqlite::connect_file(&data_dir.join(SQLITE_FILE)).await?),
    };
    Ok(Arc::new(Observed::new(repository, registry)))
}
