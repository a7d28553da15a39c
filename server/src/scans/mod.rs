//! Counting scans: every scan that was answered counts once.
//!
//! The database is the truth. A scan is counted in this process before it is answered; a few milliseconds later, and at most
//! [`LONGEST_PAUSE`] and the time of one write, it is in the database, together with all others of that time. A batch has an id,
//! so that one whose answer was lost is not added twice. Redis shows what the database has come to, under
//! `qr-service:scan-count:{qrId}`, and for the day under `…:{YYYY-MM-DD}`: a view that is only ever raised to what was
//! committed, so that it does not matter how often, in which order, or by which server, nor what Redis loses.
//!
//! A server that is stopped writes before it ends, to a file if the database is away. One that is killed loses what it has
//! counted since its last write.

mod crawler;
mod pending;
mod unsaved;
mod view;

use std::collections::HashMap;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use sealcard_core::UnixTime;
use tokio::sync::Notify;

pub use self::crawler::is_crawler;

use self::pending::{Counted, Day, Pending, day_text};
use crate::cache::Cache;
use crate::db::{DbError, Repository, ScansOfDay};

/// The pause after a write is ten times as long as the write, within these bounds: writing takes a tenth of the time at most.
const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
/// The longest pause between two writes.
pub const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// The pause after a write that has failed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);

/// How often a number is read again that was written meanwhile.
const MAX_READS: u32 = 4;

/// How long a write is waited for whose scans are asked for.
const PATIENCE: Duration = Duration::from_millis(20);

/// Counts scans, and says how many there were.
pub struct Scans {
    pending: Mutex<Pending>,
    counted: Notify,
    /// Told when scans have moved from one place to another.
    moved: Notify,
    db: Arc<dyn Repository>,
    cache: Arc<Cache>,
    metrics: Metrics,
}

#[derive(Default)]
struct Metrics {
    scans: Counter,
    batches: Counter,
    failures: Counter,
    unsaved: Gauge,
}

/// How often a code was scanned, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// In all.
    pub total: u64,
    /// Today, UTC.
    pub today: u64,
    /// On each of the days asked for, in order, today last.
    pub days: Vec<ScansOfDay>,
}

impl Scans {
    /// Counts into this database, and shows the counts through this cache's Redis.
    #[must_use]
    pub fn new(db: Arc<dyn Repository>, cache: Arc<Cache>, registry: &mut Registry) -> Self {
        let metrics = Metrics::default();
        registry.register("scans", "Scans that were answered and counted", metrics.scans.clone());
        registry.register("scan_batches", "Batches of scans that were written", metrics.batches.clone());
        registry.register("scan_batch_failures", "Attempts to write a batch that failed", metrics.failures.clone());
        registry.register("scans_unsaved", "1 while scans wait for a database that is away", metrics.unsaved.clone());
        Self { pending: Mutex::default(), counted: Notify::new(), moved: Notify::new(), db, cache, metrics }
    }

    /// Counts a scan, which is to be answered afterwards. Returns whether it was counted: not if the server is stopping.
    #[must_use]
    pub fn count(&self, qr_id: &str, now: UnixTime) -> bool {
        let counted = self.pending().count(qr_id, day_of(now));
        match counted {
            Counted::Closed => return false,
            Counted::First => self.counted.notify_one(),
            Counted::Another => {}
        }
        self.metrics.scans.inc();
        true
    }

    /// How often codes were scanned, in their order; 0 for those that there are not. One round trip to Redis, if it has them all.
    ///
    /// # Errors
    /// [`DbError`], if Redis lacks some and the database cannot be asked.
    pub async fn totals(&self, qr_ids: &[String]) -> Result<Vec<u64>, DbError> {
        for _ in 0..MAX_READS {
            if !self.cache.redis_is_up() {
                break;
            }
            let mut moved = pin!(self.moved.notified());
            moved.as_mut().enable();
            let (version, is_being_written) = {
                let pending = self.pending();
                (pending.version(), pending.is_in_batch(qr_ids))
            };
            // Whether Redis shows the batch is not known: another server may have written the same codes.
            if is_being_written {
                let _ = tokio::time::timeout(PATIENCE, moved).await;
                continue;
            }
            let said = self.said(qr_ids).await?;
            let pending = self.pending();
            if pending.version() == version {
                let told = qr_ids.iter().zip(said).map(|(qr_id, said)| pending.unseen(qr_id).beside_redis(said));
                return Ok(told.collect());
            }
        }
        self.totals_in_database(qr_ids).await
    }

    /// What Redis says, and where it says nothing, the database.
    async fn said(&self, qr_ids: &[String]) -> Result<Vec<u64>, DbError> {
        let mut said = view::read(&self.cache, qr_ids).await;
        let is_missing = |(qr_id, said): (&String, &Option<u64>)| said.is_none().then(|| qr_id.clone());
        let missing: Vec<_> = qr_ids.iter().zip(&said).filter_map(is_missing).collect();
        if !missing.is_empty() {
            let (totals, _) = self.db.scan_totals(&missing, "").await?;
            view::raise_totals(&self.cache, &totals).await;
            let totals: HashMap<_, _> = totals.into_iter().collect();
            for (qr_id, said) in qr_ids.iter().zip(&mut said) {
                if said.is_none() {
                    *said = totals.get(qr_id).copied();
                }
            }
        }
        Ok(said.into_iter().map(Option::unwrap_or_default).collect())
    }

    async fn totals_in_database(&self, qr_ids: &[String]) -> Result<Vec<u64>, DbError> {
        let mut totals = Vec::new();
        for _ in 0..MAX_READS {
            let (version, batch_id) = self.position();
            let (said, had_batch) = self.db.scan_totals(qr_ids, &batch_id).await?;
            let said: HashMap<_, _> = said.into_iter().collect();
            let pending = self.pending();
            let told = |qr_id: &String| {
                let said = said.get(qr_id).copied().unwrap_or_default();
                pending.unseen(qr_id).beside_database(said, had_batch)
            };
            totals = qr_ids.iter().map(told).collect();
            if pending.version() == version {
                break;
            }
        }
        Ok(totals)
    }

    /// How often a code was scanned, and when: on the last `days` days.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn stats(&self, qr_id: &str, days: u32, now: UnixTime) -> Result<Stats, DbError> {
        let today = day_of(now);
        let first = today.saturating_sub(days.saturating_sub(1));
        let total = self.totals_in_database(&[qr_id.to_owned()]).await?;
        let mut stats = Stats { total: total.first().copied().unwrap_or_default(), today: 0, days: Vec::new() };
        for _ in 0..MAX_READS {
            let (version, batch_id) = self.position();
            let (known, had_batch) = self.db.scan_days(qr_id, &day_text(first), &batch_id).await?;
            let pending = self.pending();
            let of_day = |day| {
                let text = day_text(day);
                let said = known.iter().find(|of_day| of_day.day == text).map_or(0, |of_day| of_day.scans);
                let scans = pending.unseen_on(qr_id, day).beside_database(said, had_batch);
                ScansOfDay { qr_id: qr_id.to_owned(), day: text, scans }
            };
            stats.days = (first..=today).map(of_day).collect();
            if pending.version() == version {
                break;
            }
        }
        stats.today = stats.days.last().map_or(0, |of_day| of_day.scans);
        Ok(stats)
    }

    fn position(&self) -> (u64, String) {
        let pending = self.pending();
        (pending.version(), pending.batch_id().to_owned())
    }

    /// Writes what was counted, whenever something was, until it is dropped.
    pub async fn run(self: Arc<Self>) {
        let mut failed = false;
        loop {
            if !failed {
                self.counted.notified().await;
            }
            let began = Instant::now();
            let result = self.write().await;
            if let Err(error) = &result
                && !failed
            {
                tracing::warn!(%error, "scans cannot be written just now: they are kept, and written later");
            } else if result.is_ok() && failed {
                tracing::info!("scans that were kept have been written");
            }
            failed = result.is_err();
            self.metrics.unsaved.set(i64::from(failed));
            let pause = began.elapsed().saturating_mul(10).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            tokio::time::sleep(if failed { PAUSE_AFTER_FAILURE } else { pause }).await;
        }
    }

    /// Writes what was counted until now, and has Redis show it.
    async fn write(&self) -> Result<(), DbError> {
        loop {
            let Some(batch) = self.pending().batch(|| uuid::Uuid::new_v4().to_string()) else { return Ok(()) };
            let counts = self.db.add_scans(&batch).await.inspect_err(|_| {
                self.metrics.failures.inc();
            })?;
            self.metrics.batches.inc();
            self.pending().written(&counts);
            self.moved.notify_waiters();
            view::raise_totals(&self.cache, &counts.totals).await;
            view::raise_days(&self.cache, &counts.days).await;
            self.pending().shown();
            self.moved.notify_waiters();
            // What came while the batch before was tried again.
            if self.pending().is_empty() {
                return Ok(());
            }
            if !self.is_closed() {
                self.counted.notify_one();
                return Ok(());
            }
        }
    }

    /// Counts nothing more, and writes what there is: to the database, or to a file that the next start takes.
    pub async fn finish(&self, data_dir: &Path) {
        self.pending().close();
        let Err(error) = self.write().await else { return };
        let mut batches = Vec::new();
        {
            let mut pending = self.pending();
            while let Some(batch) = pending.batch(|| uuid::Uuid::new_v4().to_string()) {
                pending.written(&crate::db::ScanCounts::default());
                batches.push(batch);
            }
        }
        match unsaved::save(data_dir, &batches) {
            Ok(file) => {
                tracing::warn!(%error, file = %file.display(), "scans were kept in a file: the next start takes them");
            }
            Err(io) => tracing::error!(%error, %io, ?batches, "scans could neither be written nor kept in a file"),
        }
    }

    /// Writes what a server could not write when it was stopped.
    ///
    /// # Errors
    /// [`DbError`]; then the file is still there.
    pub async fn recover(&self, data_dir: &Path) -> Result<(), DbError> {
        for (file, batches) in unsaved::load(data_dir) {
            for batch in &batches {
                let counts = self.db.add_scans(batch).await?;
                view::raise_totals(&self.cache, &counts.totals).await;
            }
            tracing::info!(file = %file.display(), "scans that were kept in a file have been written");
            unsaved::remove(&file);
        }
        Ok(())
    }

    fn is_closed(&self) -> bool {
        self.pending().is_closed()
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // Every step leaves it whole, and none can panic.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn day_of(now: UnixTime) -> Day {
    Day::try_from(now.as_secs() / 86_400).unwrap_or(Day::MAX)
}
