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
                let renamed = before.profile.username != profile.username;
                let token_hashes =
                    if renamed { token_hashes_of(&mut transaction, account_id).await? } else { Vec::new() };
                let write = $crate::cached::Write::ProfileChanged {
                    account_id,
                    before: &before.profile.username,
                    after: &profile.username,
                    token_hashes: &token_hashes,
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

        fn time(secs: i64) -> sealcard_core::UnixTime {
            sealcard_core::UnixTime::from_secs(u64::try_from(secs).unwrap_or_default())
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

pub(super) use {implement_repository, profile_columns};
