//! The queries about passes and signed files, written once for both databases, as [`super::repository`] has the others.

/// Implements [`Passes`](super::Passes) for a type that [`implement_repository`](super::repository) was called for.
macro_rules! implement_passes {
    ($type:ty, begin: $begin:literal, lock_row: $lock_row:literal) => {
        #[async_trait::async_trait]
        impl $crate::db::Passes for $type {
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

            async fn delete_expired_passes(&self, before: sealcard_core::UnixTime) -> Result<u64, $crate::db::DbError> {
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
        }

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
    };
}

pub(super) use implement_passes;
