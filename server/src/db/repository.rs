//! The queries, written once for both databases.
//!
//! SQLite and PostgreSQL understand the same SQL here; what differs is how a transaction that will write begins and
//! how it keeps a row to itself. A macro rather than generics: sqlx's traits would need a page of bounds.

/// The columns of a profile, as `AccountRow` reads them.
macro_rules! profile_columns {
    () => {
        "id, username, display_name, bio, pronouns, role, company, avatar_url, accent_color"
    };
}

/// The columns of a session, as `SessionRow` reads them, and where they are.
macro_rules! session_columns {
    () => {
        "sessions.token_hash, sessions.id, sessions.account_id, accounts.username, sessions.created_at, \
         sessions.last_activity, sessions.expires_at, sessions.ip_address, sessions.user_agent \
         FROM sessions JOIN accounts ON accounts.id = sessions.account_id"
    };
}

/// Implements [`Repository`](super::Repository) for a type with a `pool` for reading, a `writer` pool, and a `log` pool for reading what has changed.
macro_rules! implement_repository {
    ($type:ty, begin: $begin:literal, lock_row: $lock_row:literal, now: $now:literal) => {
        #[async_trait::async_trait]
        impl $crate::db::Repository for $type {
            async fn create_account(
                &self,
                account: $crate::db::NewAccount,
            ) -> Result<$crate::cache::Committed<()>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let profile = &account.profile;
                sqlx::query(
                    "INSERT INTO accounts (id, username, password_hash, display_name, bio, pronouns, role, company, \
                     avatar_url, accent_color, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
                )
                .bind(&account.id)
                .bind(profile.username.as_str())
                .bind(&account.password_hash)
                .bind(profile.display_name.as_str())
                .bind(profile.bio.as_ref().map(|text| text.as_str()))
                .bind(profile.pronouns.as_ref().map(|text| text.as_str()))
                .bind(profile.role.as_ref().map(|text| text.as_str()))
                .bind(profile.company.as_ref().map(|text| text.as_str()))
                .bind(profile.avatar_url().map(|url| url.as_str()))
                .bind(profile.accent_color.to_string())
                .bind(seconds(account.created_at))
                .execute(&mut *transaction)
                .await?;
                let ids: Vec<_> = profile.links().iter().map(|_| uuid::Uuid::new_v4().to_string()).collect();
                insert_links(&mut transaction, &account.id, profile, &ids).await?;
                let write = $crate::cached::Write::AccountCreated { username: &profile.username };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new((), change))
            }

            async fn credentials(
                &self,
                username: &str,
            ) -> Result<Option<$crate::db::Credentials>, $crate::db::DbError> {
                let row = sqlx::query_as("SELECT id, password_hash FROM accounts WHERE username = $1")
                    .bind(username)
                    .fetch_optional(&self.pool)
                    .await?;
                Ok(row.map(|(account_id, password_hash)| $crate::db::Credentials { account_id, password_hash }))
            }

            async fn credentials_of(
                &self,
                account_id: &str,
            ) -> Result<Option<$crate::db::Credentials>, $crate::db::DbError> {
                let row = sqlx::query_as("SELECT id, password_hash FROM accounts WHERE id = $1")
                    .bind(account_id)
                    .fetch_optional(&self.pool)
                    .await?;
                Ok(row.map(|(account_id, password_hash)| $crate::db::Credentials { account_id, password_hash }))
            }

            async fn change_password(
                &self,
                account_id: &str,
                password_hash: &str,
            ) -> Result<$crate::cache::Committed<()>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                sqlx::query("UPDATE accounts SET password_hash = $2 WHERE id = $1")
                    .bind(account_id)
                    .bind(password_hash)
                    .execute(&mut *transaction)
                    .await?;
                let change = end_sessions(&mut transaction, account_id).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new((), change))
            }

            async fn profile(
                &self,
                username: &str,
            ) -> Result<Option<$crate::db::StoredProfile>, $crate::db::DbError> {
                let mut connection = self.pool.acquire().await?;
                let account = sqlx::query_as(concat!(
                    "SELECT ",
                    profile_columns!(),
                    " FROM accounts WHERE username = $1"
                ))
                .bind(username)
                .fetch_optional(&mut *connection)
                .await?;
                stored_profile(&mut connection, account).await
            }

            async fn usernames(&self, after: &str, limit: u32) -> Result<Vec<String>, $crate::db::DbError> {
                let rows: Vec<(String,)> =
                    sqlx::query_as("SELECT username FROM accounts WHERE username > $1 ORDER BY username LIMIT $2")
                        .bind(after)
                        .bind(i64::from(limit))
                        .fetch_all(&self.pool)
                        .await?;
                Ok(rows.into_iter().map(|(username,)| username).collect())
            }

            async fn profile_of(
                &self,
                account_id: &str,
            ) -> Result<Option<$crate::db::StoredProfile>, $crate::db::DbError> {
                let mut connection = self.pool.acquire().await?;
                let account = sqlx::query_as(concat!("SELECT ", profile_columns!(), " FROM accounts WHERE id = $1"))
                .bind(account_id)
                .fetch_optional(&mut *connection)
                .await?;
                stored_profile(&mut connection, account).await
            }

            async fn edit_profile(
                &self,
                account_id: &str,
                edit: $crate::db::Edit,
            ) -> Result<$crate::cache::Committed<$crate::db::StoredProfile>, $crate::db::EditError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let account = sqlx::query_as(concat!(
                    "SELECT ",
                    profile_columns!(),
                    " FROM accounts WHERE id = $1",
                    $lock_row
                ))
                .bind(account_id)
                .fetch_optional(&mut *transaction)
                .await?;
                let before = stored_profile(&mut transaction, account)
                    .await?
                    .ok_or($crate::db::EditError::NoSuchAccount)?;
                let mut after = before.clone();
                edit(&mut after)?;
                let profile = &after.profile;
                sqlx::query(
                    "UPDATE accounts SET username = $2, display_name = $3, bio = $4, pronouns = $5, role = $6, \
                     company = $7, avatar_url = $8, accent_color = $9 WHERE id = $1",
                )
                .bind(account_id)
                .bind(profile.username.as_str())
                .bind(profile.display_name.as_str())
                .bind(profile.bio.as_ref().map(|text| text.as_str()))
                .bind(profile.pronouns.as_ref().map(|text| text.as_str()))
                .bind(profile.role.as_ref().map(|text| text.as_str()))
                .bind(profile.company.as_ref().map(|text| text.as_str()))
                .bind(profile.avatar_url().map(|url| url.as_str()))
                .bind(profile.accent_color.to_string())
                .execute(&mut *transaction)
                .await?;
                if (before.profile.links(), &before.link_ids) != (profile.links(), &after.link_ids) {
                    sqlx::query("DELETE FROM links WHERE account_id = $1")
                        .bind(account_id)
                        .execute(&mut *transaction)
                        .await?;
                    insert_links(&mut transaction, account_id, profile, &after.link_ids).await?;
                    sqlx::query(
                        "DELETE FROM follows WHERE owner_id = $1 \
                         AND link_id NOT IN (SELECT id FROM links WHERE account_id = $1)",
                    )
                    .bind(account_id)
                    .execute(&mut *transaction)
                    .await?;
                }
                let write = $crate::cached::Write::ProfileChanged {
                    account_id,
                    before: &before.profile.username,
                    after: &profile.username,
                };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new(after, change))
            }

            async fn follow(
                &self,
                follower_id: &str,
                link_id: &str,
                follows: bool,
            ) -> Result<bool, $crate::db::DbError> {
                let change = if follows {
                    "INSERT INTO follows (follower_id, owner_id, link_id) \
                     SELECT $1, account_id, id FROM links WHERE id = $2 ON CONFLICT DO NOTHING"
                } else {
                    "DELETE FROM follows WHERE follower_id = $1 AND link_id = $2"
                };
                sqlx::query(change).bind(follower_id).bind(link_id).execute(&self.writer).await?;
                let link: Option<(i32,)> =
                    sqlx::query_as("SELECT 1 FROM links WHERE id = $1").bind(link_id).fetch_optional(&self.pool).await?;
                Ok(link.is_some())
            }

            async fn followed_links(
                &self,
                follower_id: &str,
                username: &str,
            ) -> Result<Vec<String>, $crate::db::DbError> {
                let links: Vec<(String,)> = sqlx::query_as(
                    "SELECT link_id FROM follows \
                     WHERE follower_id = $1 AND owner_id = (SELECT id FROM accounts WHERE username = $2)",
                )
                .bind(follower_id)
                .bind(username)
                .fetch_all(&self.pool)
                .await?;
                Ok(links.into_iter().map(|(id,)| id).collect())
            }

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

            async fn create_pass(
                &self,
                pass: $crate::db::IssuedPass,
            ) -> Result<$crate::cache::Committed<bool>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let done = sqlx::query(
                    "INSERT INTO passes (revocation_index, account_id, issued_at, expires_at) \
                     VALUES ($1, $2, $3, $4) ON CONFLICT (revocation_index) DO NOTHING",
                )
                .bind(i64::from(pass.revocation_index))
                .bind(&pass.account_id)
                .bind(seconds(pass.issued_at))
                .bind(seconds(pass.expires_at))
                .execute(&mut *transaction)
                .await?;
                if done.rows_affected() == 0 {
                    return Ok($crate::cache::Committed::unchanged(false));
                }
                let write = $crate::cached::Write::PassIssued { account_id: &pass.account_id };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new(true, change))
            }

            async fn revoke_passes(
                &self,
                account_id: Option<&str>,
                which: $crate::db::Revoke,
                now: sealcard_core::UnixTime,
            ) -> Result<$crate::cache::Committed<u64>, $crate::db::DbError> {
                let one = match which {
                    $crate::db::Revoke::One(index) => Some(i64::from(index)),
                    $crate::db::Revoke::All => None,
                };
                let mut transaction = self.writer.begin_with($begin).await?;
                let done = sqlx::query(
                    "UPDATE passes SET revoked_at = $3 \
                     WHERE ($1 IS NULL OR account_id = $1) AND ($2 IS NULL OR revocation_index = $2) \
                     AND revoked_at IS NULL",
                )
                .bind(account_id)
                .bind(one)
                .bind(seconds(now))
                .execute(&mut *transaction)
                .await?;
                let changed = done.rows_affected() > 0;
                if changed {
                    // Whoever is signing a list holds this row until it is stored.
                    sqlx::query("UPDATE signed_files SET source = '' WHERE name = $1")
                        .bind($crate::db::FileName::Revocations.as_str())
                        .execute(&mut *transaction)
                        .await?;
                }
                let (count,): (i64,) = sqlx::query_as(
                    "SELECT COUNT(*) FROM passes \
                     WHERE ($1 IS NULL OR account_id = $1) AND ($2 IS NULL OR revocation_index = $2) \
                     AND revoked_at IS NOT NULL",
                )
                .bind(account_id)
                .bind(one)
                .fetch_one(&mut *transaction)
                .await?;
                let count = u64::try_from(count).unwrap_or_default();
                if !changed {
                    return Ok($crate::cache::Committed::unchanged(count));
                }
                let change = record(&mut transaction, &$crate::cached::Write::PassesRevoked).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new(count, change))
            }

            async fn count_passes(
                &self,
                account_id: &str,
                now: sealcard_core::UnixTime,
            ) -> Result<u64, $crate::db::DbError> {
                let (count,): (i64,) =
                    sqlx::query_as("SELECT COUNT(*) FROM passes WHERE account_id = $1 AND expires_at >= $2")
                        .bind(account_id)
                        .bind(seconds(now))
                        .fetch_one(&self.pool)
                        .await?;
                Ok(u64::try_from(count).unwrap_or_default())
            }

            async fn delete_expired_passes(
                &self,
                before: sealcard_core::UnixTime,
            ) -> Result<u64, $crate::db::DbError> {
                let done = sqlx::query("DELETE FROM passes WHERE expires_at < $1")
                    .bind(seconds(before))
                    .execute(&self.writer)
                    .await?;
                Ok(done.rows_affected())
            }

            async fn signed_file(
                &self,
                name: $crate::db::FileName,
            ) -> Result<$crate::db::SignedFile, $crate::db::DbError> {
                let row = sqlx::query_as("SELECT epoch, issued_at, source, content FROM signed_files WHERE name = $1")
                    .bind(name.as_str())
                    .fetch_one(&self.pool)
                    .await?;
                signed_file(row)
            }

            async fn renew_signed_file(
                &self,
                name: $crate::db::FileName,
                source: &str,
                now: sealcard_core::UnixTime,
                is_current: $crate::db::IsCurrent,
                sign: $crate::db::Sign,
            ) -> Result<$crate::db::SignedFile, $crate::db::SignError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let row = sqlx::query_as(concat!(
                    "SELECT epoch, issued_at, source, content FROM signed_files WHERE name = $1",
                    $lock_row
                ))
                .bind(name.as_str())
                .fetch_one(&mut *transaction)
                .await?;
                let before = signed_file(row)?;
                if is_current(&before, source, now) {
                    return Ok(before);
                }
                let revoked: Vec<(i64, i64)> = match name {
                    $crate::db::FileName::TrustBundle => Vec::new(),
                    // A verifier's leeway keeps a pass alive for a little longer than it says.
                    $crate::db::FileName::Revocations => {
                        sqlx::query_as(
                            "SELECT revocation_index, issued_at FROM passes \
                             WHERE revoked_at IS NOT NULL AND expires_at >= $1",
                        )
                        .bind(seconds(now.saturating_sub(24 * 60 * 60)))
                        .fetch_all(&mut *transaction)
                        .await?
                    }
                };
                let revoked: Vec<_> = revoked.into_iter().map(revoked_pass).collect::<Result<_, _>>()?;
                // Grows although the database is lost or set back: by less than one a second, until 2162.
                let since_2026 = now.secs_since(sealcard_core::UnixTime::EARLIEST);
                let least = u32::try_from(since_2026).unwrap_or(u32::MAX);
                let epoch = before.epoch.saturating_add(1).max(least);
                let (issued_at, content) = sign(epoch, &before, &revoked)?;
                sqlx::query(
                    "UPDATE signed_files SET epoch = $2, issued_at = $3, source = $4, content = $5 WHERE name = $1",
                )
                .bind(name.as_str())
                .bind(i64::from(epoch))
                .bind(seconds(issued_at))
                .bind(source)
                .bind(&content)
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok($crate::db::SignedFile { epoch, issued_at, source: source.into(), content })
            }

            async fn delete_old_changes(
                &self,
                before: sealcard_core::UnixTime,
            ) -> Result<u64, $crate::db::DbError> {
                let done = sqlx::query(
                    "DELETE FROM changes WHERE changed_at < $1 AND id < (SELECT MAX(id) FROM changes)",
                )
                .bind(seconds(before))
                .execute(&self.writer)
                .await?;
                Ok(done.rows_affected())
            }

            async fn ping(&self) -> Result<(), $crate::db::DbError> {
                sqlx::query("SELECT 1").execute(&self.pool).await?;
                Ok(())
            }

            async fn close(&self) {
                self.writer.close().await;
                self.log.close().await;
                self.pool.close().await;
            }
        }

        #[async_trait::async_trait]
        impl $crate::cache::ChangeLog for $type {
            async fn extent(&self) -> Result<$crate::cache::LogExtent, $crate::cache::LogError> {
                let (log, first, last): (String, Option<i64>, Option<i64>) = sqlx::query_as(
                    "SELECT (SELECT id FROM change_log), (SELECT MIN(id) FROM changes), (SELECT MAX(id) FROM changes)",
                )
                .fetch_one(&self.log)
                .await?;
                let (Some(first), Some(last)) = (first, last) else { return Err("the log of changes is empty".into()) };
                Ok($crate::cache::LogExtent { log, first, last })
            }

            async fn changes(
                &self,
                after: i64,
                missing: &[i64],
                limit: u32,
            ) -> Result<Vec<$crate::cache::Change>, $crate::cache::LogError> {
                // Numbers alone: nothing that could be read as SQL.
                let missing: String = missing.iter().map(|id| format!(", {id}")).collect();
                let query = format!(
                    "SELECT id, invalidation FROM changes WHERE id > $1 OR id IN (0{missing}) ORDER BY id LIMIT {limit}"
                );
                let rows: Vec<(i64, String)> =
                    sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(after).fetch_all(&self.log).await?;
                let change = |(id, text): (i64, String)| {
                    Ok($crate::cache::Change { id, invalidation: serde_json::from_str(&text)? })
                };
                rows.into_iter().map(change).collect()
            }
        }

        /// Writes down what a change makes wrong in the caches. The last step of its transaction: the shorter the time
        /// between the number and the commit, the sooner others know that they miss none.
        async fn record(
            connection: &mut Connection,
            write: &$crate::cached::Write<'_>,
        ) -> Result<$crate::cache::Change, sqlx::Error> {
            let invalidation = write.invalidation();
            let text = serde_json::to_string(&invalidation).map_err(|error| sqlx::Error::Encode(error.into()))?;
            let insert = concat!(
                "INSERT INTO changes (invalidation, changed_at) VALUES ($1, ",
                $now,
                ") RETURNING id"
            );
            let (id,) = sqlx::query_as(insert).bind(text).fetch_one(connection).await?;
            Ok($crate::cache::Change { id, invalidation })
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

        fn signed_file(
            (epoch, issued_at, source, content): (i64, i64, String, String),
        ) -> Result<$crate::db::SignedFile, $crate::db::DbError> {
            let epoch = u32::try_from(epoch).map_err(|_| sqlx::Error::Decode("signed_files.epoch".into()))?;
            Ok($crate::db::SignedFile { epoch, issued_at: time(issued_at), source, content })
        }

        fn revoked_pass((index, issued_at): (i64, i64)) -> Result<$crate::db::RevokedPass, $crate::db::DbError> {
            let revocation_index =
                u32::try_from(index).map_err(|_| sqlx::Error::Decode("passes.revocation_index".into()))?;
            Ok($crate::db::RevokedPass { revocation_index, issued_at: time(issued_at) })
        }

        fn time(secs: i64) -> sealcard_core::UnixTime {
            sealcard_core::UnixTime::from_secs(u64::try_from(secs).unwrap_or_default())
        }

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

        fn seconds(time: sealcard_core::UnixTime) -> i64 {
            i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
        }

        async fn stored_profile(
            connection: &mut Connection,
            account: Option<$crate::db::profile::AccountRow>,
        ) -> Result<Option<$crate::db::StoredProfile>, $crate::db::DbError> {
            let Some(account) = account else { return Ok(None) };
            let links = sqlx::query_as(
                "SELECT id, platform, username, url FROM links WHERE account_id = $1 ORDER BY display_order",
            )
            .bind(&account.id)
            .fetch_all(connection)
            .await?;
            $crate::db::StoredProfile::parse(account, links).map(Some)
        }

        async fn insert_links(
            connection: &mut Connection,
            account_id: &str,
            profile: &sealcard_core::Profile,
            ids: &[String],
        ) -> Result<(), sqlx::Error> {
            for (order, (link, id)) in (0_i64..).zip(profile.links().iter().zip(ids)) {
                sqlx::query(
                    "INSERT INTO links (id, account_id, platform, username, url, display_order) \
                     VALUES ($1, $2, $3, $4, $5, $6)",
                )
                .bind(id)
                .bind(account_id)
                .bind(link.platform().as_str())
                .bind(link.username().as_str())
                .bind(link.url().map(|url| url.as_str()))
                .bind(order)
                .execute(&mut *connection)
                .await?;
            }
            Ok(())
        }
    };
}

pub(super) use {implement_repository, profile_columns, session_columns};
