//! Who is logged in.

use async_trait::async_trait;
use sealcard_core::UnixTime;

use super::DbError;
use crate::cache::Committed;
use crate::session::Session;

/// The part of the database for sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
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
}
