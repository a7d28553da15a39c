//! SQLite: one file, nothing to install.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection as Connection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use super::DbError;
use super::code_queries::{code_columns, implement_codes};
use super::pass_queries::implement_passes;
use super::repository::{implement_repository, profile_columns};
use super::session_queries::{implement_sessions, session_columns};

/// How long a call waits for another program's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a call waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// How many readers there may be at once. There is one writer, as SQLite has only one at a time; those who wait for it
/// keep no reader waiting.
const READERS: u32 = 4;

pub(super) struct SqliteRepository {
    pool: SqlitePool,
    writer: SqlitePool,
    /// One connection that waits for nobody.
    log: SqlitePool,
}

// Taking the write lock at once, rather than on the first write, means that two writers wait for each other instead
// of one failing half way.
implement_repository!(SqliteRepository, begin: "BEGIN IMMEDIATE", lock_row: "", now: "unixepoch()");

implement_sessions!(SqliteRepository, begin: "BEGIN IMMEDIATE", lock_row: "");

implement_passes!(SqliteRepository, begin: "BEGIN IMMEDIATE", lock_row: "");

implement_codes!(SqliteRepository, begin: "BEGIN IMMEDIATE", share_row: "", now: "unixepoch()");

type Database = sqlx::Sqlite;

pub(super) async fn connect_url(url: &str) -> Result<SqliteRepository, DbError> {
    connect(SqliteConnectOptions::from_str(url)?).await
}

pub(super) async fn connect_file(file: &Path) -> Result<SqliteRepository, DbError> {
    connect(SqliteConnectOptions::new().filename(file)).await
}

async fn connect(options: SqliteConnectOptions) -> Result<SqliteRepository, DbError> {
    let file = options.get_filename().to_owned();
    make_private(&file)?;
    let options = options
        .create_if_missing(true)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        // Readers go on while one writes; every commit is on the disk before it is acknowledged.
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    let pool = |connections| SqlitePoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
    let writer = pool(1).connect_with(options.clone()).await?;
    sqlx::migrate!("migrations/sqlite").run(&writer).await?;
    // SQLite opens a file that it may not write for reading, without a word: find out now.
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query("UPDATE change_log SET id = id").execute(&mut *transaction).await?;
    transaction.rollback().await?;
    let log = pool(1).connect_with(options.clone()).await?;
    Ok(SqliteRepository { pool: pool(READERS).connect_with(options).await?, writer, log })
}

/// Makes the database file, readable by its owner alone, if it is not there. SQLite gives its other files the same mode. A
/// database in memory needs none.
fn make_private(file: &Path) -> Result<(), DbError> {
    let is_file = !file.as_os_str().is_empty() && !file.to_string_lossy().starts_with(':');
    if is_file && !file.exists() {
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(file);
        open.map_err(|error| DbError::from(sqlx::Error::Io(error)))?;
    }
    Ok(())
}
