//! What can go wrong with a database, sorted by what to do about it.

use std::sync::Arc;

use sealcard_core::ProfileError;
use thiserror::Error;

use crate::cache::CacheError;

/// A failed database call.
#[derive(Clone, Debug, Error)]
pub enum DbError {
    /// Something unique is already there.
    #[error("already taken")]
    Conflict,
    /// The database cannot be reached or written just now: try again later.
    #[error("the database is unavailable: {0}")]
    Unavailable(Arc<sqlx::Error>),
    /// The address is not one of a known database.
    #[error("the database address must look like postgres://USER:PASSWORD@HOST/NAME or sqlite://FILE")]
    BadUrl,
    /// The tables cannot be brought up to date.
    #[error("the database cannot be migrated: {0}")]
    Migration(Arc<sqlx::migrate::MigrateError>),
    /// A stored profile does not parse.
    #[error("a stored profile is damaged: {0}")]
    Damaged(ProfileError),
    /// A profile cannot be written as JSON.
    #[error("a profile cannot be prepared: {0}")]
    Cache(Arc<CacheError>),
    /// Anything else.
    #[error("database error: {0}")]
    Internal(Arc<sqlx::Error>),
}

/// A change of a profile that was not made.
#[derive(Debug, Error)]
pub enum EditError {
    /// The change breaks a limit of the profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// There is no such link.
    #[error("no such link")]
    NoSuchLink,
    /// A new order does not name every link exactly once.
    #[error("the new order must name every link once")]
    NotAPermutation,
    /// There is no such account.
    #[error("no such account")]
    NoSuchAccount,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for EditError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl From<sqlx::migrate::MigrateError> for DbError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            error => Self::Migration(Arc::new(error)),
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Database(inner) if inner.is_unique_violation() => return Self::Conflict,
            E::Configuration(_) => return Self::BadUrl,
            _ => {}
        }
        if means_away(&error) { Self::Unavailable(Arc::new(error)) } else { Self::Internal(Arc::new(error)) }
    }
}

/// Whether an error means that the database may work again later.
pub(super) fn means_away(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Database(inner) => inner.code().is_some_and(|code| is_unavailable(&code)),
        // A connection that ends in the middle is an error of the protocol to sqlx.
        E::Io(_) | E::Tls(_) | E::Protocol(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed => true,
        _ => false,
    }
}

/// Whether a database's own code means that it may work again later.
fn is_unavailable(code: &str) -> bool {
    if let Ok(sqlite) = code.parse::<u32>()
        && code.len() < 5
    {
        // The low byte is the primary code: BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN.
        return matches!(sqlite & 0xff, 5 | 6 | 8 | 10 | 13 | 14);
    }
    // PostgreSQL: no connection, no resources, a lock or query that took too long, shutting down, read-only, or a
    // transaction that lost to another.
    ["08", "53", "55P03", "57", "25006", "40"].iter().any(|class| code.starts_with(class))
}

#[cfg(test)]
mod tests {
    use super::is_unavailable;

    #[test]
    fn codes_that_pass_are_told_from_mistakes() {
        // SQLITE_BUSY, SQLITE_FULL, SQLITE_READONLY_DBMOVED, SQLITE_IOERR_WRITE; connection failure, disk full.
        for code in ["5", "13", "1032", "778", "08006", "53100", "57P01", "25006", "40001"] {
            assert!(is_unavailable(code), "{code}");
        }
        // SQLITE_ERROR, SQLITE_CONSTRAINT_NOTNULL; syntax error, undefined table.
        for code in ["1", "1299", "42601", "42P01"] {
            assert!(!is_unavailable(code), "{code}");
        }
    }
}
