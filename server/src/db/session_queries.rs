//! The queries about sessions, written once for both databases, as [`super::repository`] has the others.

/// The columns of a session, as `SessionRow` reads them, and where they are.
macro_rules! session_columns {
    () => {
        "sessions.token_hash, sessions.id, sessions.account_id, accounts.username, sessions.created_at, \
         sessions.last_activity, sessions.expires_at, sessions.ip_address, sessions.user_agent \
         FROM sessions JOIN accounts ON accounts.id = sessions.account_id"
    };
}

/// Implements [`Sessions`](super::Sessions) for a type that [`implement_repository`](super::repository) was called for.
macro_rules! implement_sessions {
    ($type:ty, begin: $begin:literal, lock_row: $lock_row:literal) => {
        #[async_trait::async_trait]
        impl $crate::db::Sessions for $type {
            async fn create_session(
                &self,
                session: $crate::session::Session,
                password_hash: &str,
            ) -> Result<$crate::cache::Committed<bool>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                // Locking the account's row makes it wait for a change of the password that is not committed yet.
                let done = sqlx::query(concat!(
                    "INSERT INTO sessions (token_hash, id, account_id, created_at, last_activity, expires_at, \
                     ip_address, user_agent) \
                     SELECT $1, $2, id, $4, $5, $6, $7, $8 FROM accounts WHERE id = $3 AND password_hash = $9",
                    $lock_row
                ))
                .bind(&session.token_hash)
                .bind(&session.id)
                .bind(&session.account_id)
                .bind(seconds(session.created_at))
                .bind(seconds(session.last_activity))
                .bind(seconds(session.expires_at))
                .bind(&session.ip_address)
                .bind(&session.user_agent)
                .bind(password_hash)
                .execute(&mut *transaction)
                .await?;
                if done.rows_affected() == 0 {
                    return Ok($crate::cache::Committed::unchanged(false));
                }
                let oldest: Vec<(String,)> = sqlx::query_as(
                    "DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE account_id = $1 \
                     ORDER BY created_at DESC, id LIMIT 1000 OFFSET $2) RETURNING token_hash",
                )
                .bind(&session.account_id)
                .bind($crate::session::MAX_SESSIONS)
                .fetch_all(&mut *transaction)
                .await?;
                let oldest: Vec<_> = oldest.into_iter().map(|(hash,)| hash).collect();
                let change = if oldest.is_empty() {
                    None
                } else {
                    Some(record(&mut transaction, &$crate::cached::Write::SessionsChanged { token_hashes: &oldest }).await?)
                };
                transaction.commit().await?;
                Ok(match change {
                    Some(change) => $crate::cache::Committed::new(true, change),
                    None => $crate::cache::Committed::unchanged(true),
                })
            }

            async fn session(
                &self,
                token_hash: &str,
                now: sealcard_core::UnixTime,
            ) -> Result<Option<$crate::session::Session>, $crate::db::DbError> {
                let row: Option<SessionRow> = sqlx::query_as(concat!(
                    "SELECT ",
                    session_columns!(),
                    " WHERE sessions.token_hash = $1 AND sessions.expires_at > $2"
                ))
                .bind(token_hash)
                .bind(seconds(now))
                .fetch_optional(&self.pool)
                .await?;
                Ok(row.map(session))
            }

            async fn sessions_of(
                &self,
                account_id: &str,
                now: sealcard_core::UnixTime,
            ) -> Result<Vec<$crate::session::Session>, $crate::db::DbError> {
                let rows: Vec<SessionRow> = sqlx::query_as(concat!(
                    "SELECT ",
                    session_columns!(),
                    " WHERE sessions.account_id = $1 AND sessions.expires_at > $2 ORDER BY sessions.created_at, sessions.id"
                ))
                .bind(account_id)
                .bind(seconds(now))
                .fetch_all(&self.pool)
                .await?;
                Ok(rows.into_iter().map(session).collect())
            }

            async fn renew_session(
                &self,
                token_hash: &str,
                now: sealcard_core::UnixTime,
            ) -> Result<$crate::cache::Committed<()>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let most = seconds(now.saturating_add($crate::session::LIFETIME_SECS));
                let by = i64::try_from($crate::session::PROLONGED_BY_SECS).unwrap_or_default();
                let done = sqlx::query(
                    "UPDATE sessions SET last_activity = $2, \
                     expires_at = CASE WHEN expires_at + $3 < $4 THEN expires_at + $3 ELSE $4 END \
                     WHERE token_hash = $1 AND expires_at > $2",
                )
                .bind(token_hash)
                .bind(seconds(now))
                .bind(by)
                .bind(most)
                .execute(&mut *transaction)
                .await?;
                if done.rows_affected() == 0 {
                    return Ok($crate::cache::Committed::unchanged(()));
                }
                let hashes = [token_hash.to_owned()];
                let write = $crate::cached::Write::SessionsChanged { token_hashes: &hashes };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new((), change))
            }

            async fn delete_session(
                &self,
                account_id: &str,
                id: &str,
            ) -> Result<$crate::cache::Committed<Option<String>>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let hash: Option<(String,)> =
                    sqlx::query_as("DELETE FROM sessions WHERE id = $2 AND account_id = $1 RETURNING token_hash")
                        .bind(account_id)
                        .bind(id)
                        .fetch_optional(&mut *transaction)
                        .await?;
                let Some(hash) = hash.map(|(hash,)| hash) else {
                    return Ok($crate::cache::Committed::unchanged(None));
                };
                let hashes = [hash.clone()];
                let write = $crate::cached::Write::SessionsChanged { token_hashes: &hashes };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new(Some(hash), change))
            }

            async fn delete_sessions_of(
                &self,
                account_id: &str,
            ) -> Result<$crate::cache::Committed<()>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let change = end_sessions(&mut transaction, account_id).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new((), change))
            }

            async fn delete_ended_sessions(
                &self,
                now: sealcard_core::UnixTime,
            ) -> Result<u64, $crate::db::DbError> {
                let done = sqlx::query("DELETE FROM sessions WHERE expires_at <= $1")
                    .bind(seconds(now))
                    .execute(&self.writer)
                    .await?;
                Ok(done.rows_affected())
            }
        }

        /// The hashes of the tokens of an account's sessions.
        async fn token_hashes_of(connection: &mut Connection, account_id: &str) -> Result<Vec<String>, sqlx::Error> {
            let rows: Vec<(String,)> = sqlx::query_as("SELECT token_hash FROM sessions WHERE account_id = $1")
                .bind(account_id)
                .fetch_all(connection)
                .await?;
            Ok(rows.into_iter().map(|(hash,)| hash).collect())
        }

        /// Ends every session of an account, and writes down which.
        async fn end_sessions(
            connection: &mut Connection,
            account_id: &str,
        ) -> Result<$crate::cache::Change, sqlx::Error> {
            let ended: Vec<(String,)> =
                sqlx::query_as("DELETE FROM sessions WHERE account_id = $1 RETURNING token_hash")
                    .bind(account_id)
                    .fetch_all(&mut *connection)
                    .await?;
            let ended: Vec<_> = ended.into_iter().map(|(hash,)| hash).collect();
            let write = $crate::cached::Write::AllSessionsEnded { account_id, token_hashes: &ended };
            record(connection, &write).await
        }

        type SessionRow = (String, String, String, String, i64, i64, i64, Option<String>, Option<String>);

        fn session(row: SessionRow) -> $crate::session::Session {
            let (token_hash, id, account_id, username, created_at, last_activity, expires_at, ip_address, user_agent) = row;
            $crate::session::Session {
                token_hash,
                id,
                account_id,
                username,
                created_at: time(created_at),
                last_activity: time(last_activity),
                expires_at: time(expires_at),
                ip_address,
                user_agent,
            }
        }
    };
}

pub(super) use {implement_sessions, session_columns};
