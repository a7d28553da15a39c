//! SQLite: one file, nothing to install.

use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection as Connection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use super::DbError;
use super::repository::implement_repository;

/// How long a call waits for another program's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a call waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

const MAX_CONNECTIONS: u32 = 4;

pub(super) struct SqliteRepository {
    pool: SqlitePool,
}

// Taking the write lock at once, rather than on the first write, means that two writers wait for each other instead
// of one failing half way.
implement_repository!(SqliteRepository, begin: "BEGIN IMMEDIATE", lock_row: "");

pub(super) async fn connect_url(url: &str) -> Result<SqliteRepository, DbError> {
    connect(SqliteConnectOptions::from_str(url)?).await
}

pub(super) async fn connect_file(file: &Path) -> Result<SqliteRepository, DbError> {
    connect(SqliteConnectOptions::new().filename(file)).await
}

async fn connect(options: SqliteConnectOptions) -> Result<SqliteRepository, DbError> {
    let options = options
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // Readers go on while one writes; every commit is on the disk before it is acknowledged.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = SqlitePoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options)
        .await?;
    sqlx::migrate!("migrations/sqlite").run(&pool).await?;
    Ok(SqliteRepository { pool })
}
