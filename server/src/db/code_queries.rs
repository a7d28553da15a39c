//! The queries about tenants and QR codes, written once for both databases, as [`super::repository`] has the others.

/// The columns of a code, as `CodeRow` reads them.
macro_rules! code_columns {
    () => {
        "number, id, tenant_id, target_url, style, created_at"
    };
}

/// How many rows one statement adds: databases have a limit of values for each.
pub(super) const ROWS: usize = 5_000;
pub(super) const EVENT_ROWS: usize = 2_000;

/// Implements [`Codes`](super::Codes) for a type that [`implement_repository`](super::repository) was called for.
macro_rules! implement_codes {
    ($type:ty, begin: $begin:literal, share_row: $share_row:literal, now: $now:literal) => {
        #[async_trait::async_trait]
        impl $crate::db::Codes for $type {
            async fn create_tenant(
                &self,
                tenant: $crate::db::Tenant,
                account_id: &str,
            ) -> Result<$crate::cache::Committed<$crate::db::Outcome>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                // Those that the account has made: others may make it a member of theirs.
                let done = sqlx::query(
                    "INSERT INTO tenants (id, name, created_at, created_by) SELECT $1, $2, $3, id FROM accounts WHERE id = $4 \
                     AND (SELECT COUNT(*) FROM tenants WHERE created_by = $4) < $5",
                )
                .bind(tenant.tenant_id.as_str())
                .bind(&tenant.name)
                .bind(seconds(tenant.created_at))
                .bind(account_id)
                .bind($crate::db::MAX_TENANTS)
                .execute(&mut *transaction)
                .await?;
                if done.rows_affected() == 0 {
                    return Ok($crate::cache::Committed::unchanged($crate::db::Outcome::TooMany));
                }
                sqlx::query("INSERT INTO tenant_members (tenant_id, account_id) VALUES ($1, $2)")
                    .bind(tenant.tenant_id.as_str())
                    .bind(account_id)
                    .execute(&mut *transaction)
                    .await?;
                let change = record(&mut transaction, &$crate::cached::Write::TenantsChanged { account_id }).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new($crate::db::Outcome::Done, change))
            }

            async fn tenants_of(&self, account_id: &str) -> Result<Vec<$crate::db::Tenant>, $crate::db::DbError> {
                let rows = sqlx::query_as(
                    "SELECT id, name, created_at FROM tenants \
                     WHERE id IN (SELECT tenant_id FROM tenant_members WHERE account_id = $1) ORDER BY id",
                )
                .bind(account_id)
                .fetch_all(&self.pool)
                .await?;
                rows.into_iter().map($crate::db::codes::tenant_of).collect()
            }

            async fn members_of(&self, tenant_id: &str) -> Result<Vec<String>, $crate::db::DbError> {
                let rows: Vec<(String,)> = sqlx::query_as(
                    "SELECT username FROM accounts \
                     WHERE id IN (SELECT account_id FROM tenant_members WHERE tenant_id = $1) ORDER BY username",
                )
                .bind(tenant_id)
                .fetch_all(&self.pool)
                .await?;
                Ok(rows.into_iter().map(|(username,)| username).collect())
            }

            async fn set_member(
                &self,
                tenant_id: &str,
                username: &str,
                is_member: bool,
            ) -> Result<$crate::cache::Committed<$crate::db::Outcome>, $crate::db::DbError> {
                use $crate::cache::Committed;
                use $crate::db::Outcome;

                let mut transaction = self.writer.begin_with($begin).await?;
                let Some(account_id) = account_named(&mut transaction, username).await? else {
                    return Ok(Committed::unchanged(Outcome::Missing));
                };
                // Nobody else changes the members of this tenant meanwhile.
                sqlx::query("UPDATE tenants SET id = id WHERE id = $1").bind(tenant_id).execute(&mut *transaction).await?;
                let (others, other_tenants): (i64, i64) = sqlx::query_as(
                    "SELECT (SELECT COUNT(*) FROM tenant_members WHERE tenant_id = $1 AND account_id <> $2), \
                            (SELECT COUNT(*) FROM tenant_members WHERE account_id = $2 AND tenant_id <> $1)",
                )
                .bind(tenant_id)
                .bind(&account_id)
                .fetch_one(&mut *transaction)
                .await?;
                if is_member && (others >= $crate::db::MAX_MEMBERS || other_tenants >= $crate::db::MAX_MEMBERSHIPS) {
                    return Ok(Committed::unchanged(Outcome::TooMany));
                }
                let set = if is_member {
                    "INSERT INTO tenant_members (tenant_id, account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
                } else {
                    "DELETE FROM tenant_members WHERE tenant_id = $1 AND account_id = $2"
                };
                let done = sqlx::query(set).bind(tenant_id).bind(&account_id).execute(&mut *transaction).await?;
                if !is_member && done.rows_affected() == 0 {
                    return Ok(Committed::unchanged(Outcome::Missing));
                }
                if !is_member && others == 0 {
                    return Ok(Committed::unchanged(Outcome::TooMany));
                }
                let write = $crate::cached::Write::TenantsChanged { account_id: &account_id };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok(Committed::new(Outcome::Done, change))
            }

            async fn create_code(
                &self,
                code: $crate::qr_code::QrCode,
            ) -> Result<$crate::cache::Committed<$crate::db::Outcome>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let done = sqlx::query(
                    "INSERT INTO qr_codes (id, tenant_id, target_url, style, created_at) \
                     SELECT $1, id, $3, $4, $5 FROM tenants WHERE id = $2 \
                     AND (SELECT COUNT(*) FROM qr_codes WHERE tenant_id = $2) < $6",
                )
                .bind(code.qr_id.as_str())
                .bind(code.tenant_id.as_str())
                .bind(code.target.as_str())
                .bind(code.style.as_ref().map($crate::qr_code::Style::to_text))
                .bind(seconds(code.created_at))
                .bind($crate::db::MAX_CODES)
                .execute(&mut *transaction)
                .await?;
                if done.rows_affected() == 0 {
                    return Ok($crate::cache::Committed::unchanged($crate::db::Outcome::TooMany));
                }
                // Afterwards: whoever was removing the code meanwhile has written it down by now.
                let formerly: Option<(i32,)> =
                    sqlx::query_as("SELECT 1 FROM retired_codes WHERE id = $1 AND tenant_id <> $2")
                        .bind(code.qr_id.as_str())
                        .bind(code.tenant_id.as_str())
                        .fetch_optional(&mut *transaction)
                        .await?;
                if formerly.is_some() {
                    return Err($crate::db::DbError::Conflict);
                }
                sqlx::query("INSERT INTO scan_totals (qr_id, scans) VALUES ($1, 0)")
                    .bind(code.qr_id.as_str())
                    .execute(&mut *transaction)
                    .await?;
                let write = $crate::cached::Write::QrCodeCreated { tenant_id: &code.tenant_id, qr_id: &code.qr_id };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new($crate::db::Outcome::Done, change))
            }

            async fn codes_of(
                &self,
                tenant_id: &str,
                below: Option<i64>,
                limit: u32,
            ) -> Result<Vec<(i64, $crate::qr_code::QrCode)>, $crate::db::DbError> {
                let rows: Vec<$crate::db::codes::CodeRow> = sqlx::query_as(concat!(
                    "SELECT ",
                    code_columns!(),
                    " FROM qr_codes WHERE tenant_id = $1 AND number < $2 ORDER BY number DESC LIMIT $3"
                ))
                .bind(tenant_id)
                .bind(below.unwrap_or(i64::MAX))
                .bind(i64::from(limit))
                .fetch_all(&self.pool)
                .await?;
                rows.into_iter().map($crate::db::codes::code_of).collect()
            }

            async fn code(
                &self,
                tenant_id: &str,
                qr_id: &str,
            ) -> Result<Option<$crate::qr_code::QrCode>, $crate::db::DbError> {
                let row: Option<$crate::db::codes::CodeRow> = sqlx::query_as(concat!(
                    "SELECT ",
                    code_columns!(),
                    " FROM qr_codes WHERE id = $2 AND tenant_id = $1"
                ))
                .bind(tenant_id)
                .bind(qr_id)
                .fetch_optional(&self.pool)
                .await?;
                Ok(row.map($crate::db::codes::code_of).transpose()?.map(|(_, code)| code))
            }

            async fn change_code(
                &self,
                tenant_id: &str,
                qr_id: &str,
                change: $crate::qr_code::QrCodeChange,
            ) -> Result<$crate::cache::Committed<Option<$crate::qr_code::QrCode>>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let style = change.style.as_ref().map(|style| style.as_ref().map($crate::qr_code::Style::to_text));
                let row: Option<$crate::db::codes::CodeRow> = sqlx::query_as(concat!(
                    "UPDATE qr_codes SET target_url = COALESCE($3, target_url), \
                     style = CASE WHEN $4 THEN $5 ELSE style END WHERE id = $2 AND tenant_id = $1 RETURNING ",
                    code_columns!()
                ))
                .bind(tenant_id)
                .bind(qr_id)
                .bind(change.target.as_ref().map($crate::qr_code::TargetUrl::as_str))
                .bind(style.is_some())
                .bind(style.flatten())
                .fetch_optional(&mut *transaction)
                .await?;
                let Some(row) = row else { return Ok($crate::cache::Committed::unchanged(None)) };
                let (_, code) = $crate::db::codes::code_of(row)?;
                let write = $crate::cached::Write::QrCodeChanged { tenant_id: &code.tenant_id, qr_id: &code.qr_id };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new(Some(code), change))
            }

            async fn delete_code(
                &self,
                tenant_id: &str,
                qr_id: &str,
                now: sealcard_core::UnixTime,
            ) -> Result<$crate::cache::Committed<bool>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let row: Option<$crate::db::codes::CodeRow> = sqlx::query_as(concat!(
                    "DELETE FROM qr_codes WHERE id = $2 AND tenant_id = $1 RETURNING ",
                    code_columns!()
                ))
                .bind(tenant_id)
                .bind(qr_id)
                .fetch_optional(&mut *transaction)
                .await?;
                let Some(row) = row else { return Ok($crate::cache::Committed::unchanged(false)) };
                let (_, code) = $crate::db::codes::code_of(row)?;
                sqlx::query("INSERT INTO retired_codes (id, tenant_id) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                    .bind(code.qr_id.as_str())
                    .bind(code.tenant_id.as_str())
                    .execute(&mut *transaction)
                    .await?;
                let write = $crate::cached::Write::QrCodeDeleted { tenant_id: &code.tenant_id, qr_id: &code.qr_id, now };
                let change = record(&mut transaction, &write).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new(true, change))
            }

            async fn destination(
                &self,
                qr_id: &str,
            ) -> Result<Option<$crate::qr_code::Destination>, $crate::db::DbError> {
                let row: Option<(String, String)> =
                    sqlx::query_as("SELECT tenant_id, target_url FROM qr_codes WHERE id = $1")
                        .bind(qr_id)
                        .fetch_optional(&self.pool)
                        .await?;
                row.map($crate::db::codes::destination_of).transpose()
            }

            async fn add_scans(
                &self,
                batch: &$crate::db::ScanBatch,
            ) -> Result<$crate::db::ScanCounts, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                // In one order, and before anything else: whoever removes a code waits here, and so does whoever adds to the same.
                let mut ids: Vec<_> = batch.scans.iter().map(|of_day| &of_day.qr_id).collect();
                ids.dedup();
                let mut known = std::collections::HashSet::new();
                for ids in ids.chunks($crate::db::code_queries::ROWS) {
                    let mut query = sqlx::QueryBuilder::<Database>::new("SELECT id FROM qr_codes WHERE id IN (");
                    let mut list = query.separated(", ");
                    for id in ids {
                        list.push_bind(*id);
                    }
                    query.push(concat!(") ORDER BY id", $share_row));
                    let rows: Vec<(String,)> =
                        query.build_query_as().persistent(false).fetch_all(&mut *transaction).await?;
                    known.extend(rows.into_iter().map(|(id,)| id));
                }
                let new = sqlx::query(concat!(
                    "INSERT INTO scan_writers (id, number, written_at) VALUES ($1, $2, ",
                    $now,
                    ") ON CONFLICT (id) DO UPDATE SET number = excluded.number, written_at = excluded.written_at \
                     WHERE scan_writers.number < excluded.number"
                ))
                .bind(&batch.writer)
                .bind(batch.number)
                .execute(&mut *transaction)
                .await?;
                // Added before: nothing more, but what it has come to.
                let weight = if new.rows_affected() > 0 { 1 } else { 0 };
                let scans = |scans: u64| $crate::db::codes::stored(scans.saturating_mul(weight));
                let rows: Vec<_> = batch.scans.iter().filter(|of_day| known.contains(&of_day.qr_id)).collect();
                let mut counts = $crate::db::ScanCounts::default();
                for rows in rows.chunks($crate::db::code_queries::ROWS) {
                    let mut days =
                        sqlx::QueryBuilder::<Database>::new("INSERT INTO scan_days (qr_id, day, scans) ");
                    days.push_values(rows, |mut row, of_day| {
                        row.push_bind(&of_day.qr_id).push_bind(&of_day.day).push_bind(scans(of_day.scans));
                    });
                    days.push(
                        " ON CONFLICT (qr_id, day) DO UPDATE SET scans = scan_days.scans + excluded.scans \
                         RETURNING qr_id, day, scans",
                    );
                    let days: Vec<(String, String, i64)> =
                        days.build_query_as().persistent(false).fetch_all(&mut *transaction).await?;
                    counts.days.extend(days.into_iter().map(|(qr_id, day, scans)| $crate::db::ScansOfDay {
                        qr_id,
                        day,
                        scans: $crate::db::codes::count(scans),
                    }));
                    let mut totals = sqlx::QueryBuilder::<Database>::new("INSERT INTO scan_totals (qr_id, scans) ");
                    totals.push_values(
                        rows.chunk_by(|one, other| one.qr_id == other.qr_id),
                        |mut row, of_code| {
                            let sum = of_code.iter().fold(0, |sum: u64, of_day| sum.saturating_add(of_day.scans));
                            row.push_bind(of_code.first().map(|of_day| &of_day.qr_id)).push_bind(scans(sum));
                        },
                    );
                    totals.push(
                        " ON CONFLICT (qr_id) DO UPDATE SET scans = scan_totals.scans + excluded.scans \
                         RETURNING qr_id, scans",
                    );
                    let totals: Vec<(String, i64)> =
                        totals.build_query_as().persistent(false).fetch_all(&mut *transaction).await?;
                    let totals = totals.into_iter().map(|(qr_id, scans)| (qr_id, $crate::db::codes::count(scans)));
                    counts.totals.extend(totals);
                }
                transaction.commit().await?;
                Ok(counts)
            }

            async fn forget_counts(
                &self,
                qr_ids: &[String],
            ) -> Result<$crate::cache::Committed<()>, $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                let change = record(&mut transaction, &$crate::cached::Write::CountsNotShown { qr_ids }).await?;
                transaction.commit().await?;
                Ok($crate::cache::Committed::new((), change))
            }

            async fn scan_totals(
                &self,
                qr_ids: &[String],
                batch: Option<&$crate::db::ScanBatch>,
            ) -> Result<(Vec<(String, u64)>, bool), $crate::db::DbError> {
                if qr_ids.is_empty() {
                    return Ok((Vec::new(), false));
                }
                // One statement, and so one moment.
                let mut query = sqlx::QueryBuilder::<Database>::new(
                    "SELECT qr_id, scans, EXISTS (SELECT 1 FROM scan_writers WHERE id = ",
                );
                query.push_bind(batch.map_or("", |batch| &batch.writer)).push(" AND number >= ");
                query.push_bind(batch.map_or(0, |batch| batch.number)).push(") FROM scan_totals WHERE qr_id IN (");
                let mut list = query.separated(", ");
                for id in qr_ids.iter().take($crate::db::code_queries::ROWS) {
                    list.push_bind(id);
                }
                query.push(")");
                let rows: Vec<(String, i64, bool)> = query.build_query_as().persistent(false).fetch_all(&self.pool).await?;
                let had_batch = rows.first().is_some_and(|(_, _, had_batch)| *had_batch);
                let total = |(qr_id, scans, _)| (qr_id, $crate::db::codes::count(scans));
                Ok((rows.into_iter().map(total).collect(), had_batch))
            }

            async fn scans_on(
                &self,
                qr_ids: &[String],
                day: &str,
            ) -> Result<Vec<$crate::db::ScansOfDay>, $crate::db::DbError> {
                if qr_ids.is_empty() {
                    return Ok(Vec::new());
                }
                let mut query =
                    sqlx::QueryBuilder::<Database>::new("SELECT qr_id, day, scans FROM scan_days WHERE day = ");
                query.push_bind(day).push(" AND qr_id IN (");
                let mut list = query.separated(", ");
                for id in qr_ids.iter().take($crate::db::code_queries::ROWS) {
                    list.push_bind(id);
                }
                query.push(")");
                let rows: Vec<(String, String, i64)> =
                    query.build_query_as().persistent(false).fetch_all(&self.pool).await?;
                let of_day = |(qr_id, day, scans)| $crate::db::ScansOfDay {
                    qr_id,
                    day,
                    scans: $crate::db::codes::count(scans),
                };
                Ok(rows.into_iter().map(of_day).collect())
            }

            async fn scan_days(
                &self,
                qr_id: &str,
                from: &str,
                batch: Option<&$crate::db::ScanBatch>,
            ) -> Result<(Vec<$crate::db::ScansOfDay>, bool), $crate::db::DbError> {
                let rows: Vec<(String, String, i64, bool)> = sqlx::query_as(
                    "SELECT qr_id, day, scans, EXISTS (SELECT 1 FROM scan_writers WHERE id = $3 AND number >= $4) FROM scan_days \
                     WHERE qr_id = $1 AND day >= $2 ORDER BY day",
                )
                .bind(qr_id)
                .bind(from)
                .bind(batch.map_or("", |batch| &batch.writer))
                .bind(batch.map_or(0, |batch| batch.number))
                .fetch_all(&self.pool)
                .await?;
                let had_batch = rows.first().is_some_and(|(_, _, _, had_batch)| *had_batch);
                let of_day = |(qr_id, day, scans, _)| $crate::db::ScansOfDay {
                    qr_id,
                    day,
                    scans: $crate::db::codes::count(scans),
                };
                Ok((rows.into_iter().map(of_day).collect(), had_batch))
            }

            async fn add_events(
                &self,
                events: &[(Option<String>, $crate::events::Event)],
            ) -> Result<(), $crate::db::DbError> {
                let mut transaction = self.writer.begin_with($begin).await?;
                for rows in events.chunks($crate::db::code_queries::EVENT_ROWS) {
                    let mut insert = sqlx::QueryBuilder::<Database>::new(
                        "INSERT INTO qr_events (id, stream_id, type, qr_id, tenant_id, at, user_agent, referer) ",
                    );
                    insert.push_values(rows, |mut row, (stream_id, event)| {
                        row.push_bind(&event.id).push_bind(stream_id).push_bind(&event.r#type);
                        row.push_bind(&event.qr_id).push_bind(&event.tenant_id).push_bind(&event.at);
                        row.push_bind(&event.user_agent).push_bind(&event.referer);
                    });
                    insert.push(" ON CONFLICT (id) DO NOTHING");
                    insert.build().persistent(false).execute(&mut *transaction).await?;
                }
                Ok(transaction.commit().await?)
            }

            async fn delete_old_events(&self, before: sealcard_core::UnixTime) -> Result<u64, $crate::db::DbError> {
                let done = sqlx::query("DELETE FROM qr_events WHERE id IN (SELECT id FROM qr_events WHERE at < $1 LIMIT 5000)")
                    .bind($crate::clock::iso8601(before))
                    .execute(&self.writer)
                    .await?;
                Ok(done.rows_affected())
            }

            async fn delete_old_writers(
                &self,
                before: sealcard_core::UnixTime,
            ) -> Result<u64, $crate::db::DbError> {
                let done = sqlx::query("DELETE FROM scan_writers WHERE written_at < $1")
                    .bind(seconds(before))
                    .execute(&self.writer)
                    .await?;
                Ok(done.rows_affected())
            }
        }

        async fn account_named(connection: &mut Connection, username: &str) -> Result<Option<String>, sqlx::Error> {
            let row: Option<(String,)> = sqlx::query_as("SELECT id FROM accounts WHERE username = $1")
                .bind(username)
                .fetch_optional(connection)
                .await?;
            Ok(row.map(|(id,)| id))
        }
    };
}

pub(super) use {code_columns, implement_codes};
