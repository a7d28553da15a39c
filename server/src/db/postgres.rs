//! PostgreSQL: for more than one server.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::{PgConnectOptions, PgConnection as Connection, PgPool, PgPoolOptions};

use super::DbError;
use super::code_queries::{code_columns, implement_codes};
use super::pass_queries::implement_passes;
use super::repository::{implement_repository, profile_columns};
use super::session_queries::{implement_sessions, session_columns};

/// How long a call waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

const MAX_CONNECTIONS: u32 = 10;

pub(super) struct PostgresRepository {
    pool: PgPool,
    /// The same pool: PostgreSQL's writers do not keep its readers waiting.
    writer: PgPool,
    /// One connection that waits for nobody: how quickly the log is read tells whether the database is there.
    log: PgPool,
}

implement_repository!(PostgresRepository, begin: "BEGIN", lock_row: " FOR UPDATE", now: "EXTRACT(EPOCH FROM now())::bigint");

implement_sessions!(PostgresRepository, begin: "BEGIN", lock_row: " FOR UPDATE");

implement_passes!(PostgresRepository, begin: "BEGIN", lock_row: " FOR UPDATE");

implement_codes!(PostgresRepository, begin: "BEGIN", share_row: " FOR KEY SHARE", now: "EXTRACT(EPOCH FROM now())::bigint");

type Database = sqlx::Postgres;

pub(super) async fn connect(url: &str) -> Result<PostgresRepository, DbError> {
    let options = PgConnectOptions::from_str(url)?.application_name("sealcard");
    // Once by itself first: the pool would try again in silence until its time is out, and not say why. And without a limit of
    // time: a migration takes as long as it takes.
    let mut migrating = tokio::time::timeout(ACQUIRE_TIMEOUT, Connection::connect_with(&options))
        .await
        .map_err(|_| sqlx::Error::PoolTimedOut)??;
    sqlx::migrate!("migrations/postgres").run(&mut migrating).await?;
    migrating.close().await?;
    let options = options
        // No query of ours takes longer; a stuck one must not hold its connection for ever, nor a stuck server a transaction.
        .options([("statement_timeout", "5s"), ("lock_timeout", "3s"), ("idle_in_transaction_session_timeout", "10s")]);
    let pool = PgPoolOptions::new()
        .max_connections(MAX_CONNECTIONS)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect_with(options.clone())
        .await?;
    let log = PgPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).connect_lazy_with(options);
    Ok(PostgresRepository { writer: pool.clone(), pool, log })
}
