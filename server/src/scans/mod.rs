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

use std::collections::{HashMap, HashSet};
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
use crate::clock;
use crate::db::{DbError, Repository, ScanCounts, ScansOfDay};

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

/// How long a write is waited for by whoever asks the database.
const STANDSTILL: Duration = Duration::from_secs(1);

/// How many codes are told of in one entry of the log of changes.
const TOLD_AT_ONCE: usize = 1_000;

/// How often a stopping server tries again to write, as long as the database seems to be there.
const FINAL_ATTEMPTS: u32 = 3;

/// How often Redis is looked after that has lost its counts.
const REFILL_INTERVAL: Duration = Duration::from_millis(250);

/// How many codes come back there at a time.
const SHOWN_AT_ONCE: usize = 1_000;

/// How often others are told that Redis may show too little.
const TELL_INTERVAL: Duration = Duration::from_secs(1);

/// Counts scans, and says how many there were.
pub struct Scans {
    pending: Mutex<Pending>,
    counted: Notify,
    /// Told when scans have moved from one place to another.
    moved: Notify,
    /// Held while a batch is written.
    writing: tokio::sync::Mutex<()>,
    /// Codes of which Redis may show too little, and others may believe it.
    unshown: Mutex<HashSet<String>>,
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
        Self {
            pending: Mutex::new(Pending::new(uuid::Uuid::new_v4().to_string())),
            counted: Notify::new(),
            moved: Notify::new(),
            writing: tokio::sync::Mutex::default(),
            unshown: Mutex::default(),
            db,
            cache,
            metrics,
        }
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
            let (totals, _) = self.db.scan_totals(&missing, None).await?;
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
        let _still = self.standstill().await;
        let batch = self.pending().in_flight().cloned();
        let (said, had_batch) = self.db.scan_totals(qr_ids, batch.as_ref()).await?;
        let said: HashMap<_, _> = said.into_iter().collect();
        let pending = self.pending();
        let told = |qr_id: &String| {
            let said = said.get(qr_id).copied().unwrap_or_default();
            pending.unseen(qr_id).beside_database(said, had_batch)
        };
        Ok(qr_ids.iter().map(told).collect())
    }

    /// How often a code was scanned, and when: on the last `days` days.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn stats(&self, qr_id: &str, days: u32, now: UnixTime) -> Result<Stats, DbError> {
        let today = day_of(now);
        let first = today.saturating_sub(days.saturating_sub(1));
        let days: Vec<_> = {
            let _still = self.standstill().await;
            let batch = self.pending().in_flight().cloned();
            let (known, had_batch) = self.db.scan_days(qr_id, &day_text(first), batch.as_ref()).await?;
            let pending = self.pending();
            let of_day = |day| {
                let text = day_text(day);
                let said = known.iter().find(|of_day| of_day.day == text).map_or(0, |of_day| of_day.scans);
                let scans = pending.unseen_on(qr_id, day).beside_database(said, had_batch);
                ScansOfDay { qr_id: qr_id.to_owned(), day: text, scans }
            };
            (first..=today).map(of_day).collect()
        };
        // After the days: it is never less than they are together.
        let total = self.totals_in_database(&[qr_id.to_owned()]).await?;
        Ok(Stats {
            total: total.first().copied().unwrap_or_default(),
            today: days.last().map_or(0, |of_day| of_day.scans),
            days,
        })
    }

    /// Keeps scans where they are while the database is asked: none is counted twice or missed. Not for longer than a write
    /// takes; a batch whose fate is not known does not hold anybody up.
    async fn standstill(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        tokio::time::timeout(STANDSTILL, self.writing.lock()).await.ok()
    }

    /// Writes what was counted, whenever something was, until it is dropped.
    pub async fn run(self: Arc<Self>) {
        let (mut failed, mut told) = (false, Instant::now());
        loop {
            if !failed {
                let _ = tokio::time::timeout(TELL_INTERVAL, self.counted.notified()).await;
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
            if told.elapsed() >= TELL_INTERVAL {
                told = Instant::now();
                self.tell().await;
            }
            let pause = began.elapsed().saturating_mul(10).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
            let pause = if failed { PAUSE_AFTER_FAILURE } else { pause.saturating_sub(began.elapsed()) };
            tokio::time::sleep(pause.max(SHORTEST_PAUSE)).await;
        }
    }

    /// Writes what was counted until now, and has Redis show it.
    async fn write(&self) -> Result<(), DbError> {
        loop {
            let counts = {
                let _writing = self.writing.lock().await;
                let Some(batch) = self.pending().batch() else { return Ok(()) };
                let counts = self.db.add_scans(&batch).await.inspect_err(|_| {
                    self.metrics.failures.inc();
                })?;
                self.metrics.batches.inc();
                self.pending().written(batch.number, &counts);
                self.moved.notify_waiters();
                counts
            };
            if self.cache.has_redis() {
                // Before it is known: this may be the last thing that this process does.
                let ids: Vec<_> = counts.totals.iter().map(|(qr_id, _)| qr_id.clone()).collect();
                self.unshown().extend(ids.iter().cloned());
                if view::raise_totals(&self.cache, &counts.totals).await {
                    let mut unshown = self.unshown();
                    for id in &ids {
                        unshown.remove(id);
                    }
                }
                view::raise_days(&self.cache, &counts.days).await;
            }
            self.pending().shown();
            self.moved.notify_waiters();
            // What came while the batch before was tried again, or was too much for it.
            let pending = self.pending();
            if pending.is_empty() {
                return Ok(());
            }
            if !pending.is_closed() && pending.in_flight().is_none() {
                drop(pending);
                self.counted.notify_one();
                return Ok(());
            }
            drop(pending);
        }
    }

    /// Has every server remove from Redis what it may show too little of, those that reach it.
    async fn tell(&self) {
        let unshown: Vec<_> = std::mem::take(&mut *self.unshown()).into_iter().collect();
        for ids in unshown.chunks(TOLD_AT_ONCE) {
            match self.db.forget_counts(ids).await {
                Ok(committed) => self.cache.settle(committed).await,
                Err(_) => self.unshown().extend(ids.iter().cloned()),
            }
        }
    }

    /// Has Redis show again what was removed there because it may have been out of date, until it is dropped.
    pub async fn refill(self: Arc<Self>) {
        loop {
            tokio::time::sleep(REFILL_INTERVAL).await;
            let removed = self.cache.take_removed_views();
            if !removed.is_empty() && self.show_again(&removed, day_of(clock::now())).await.is_err() {
                tracing::debug!("counts of scans come back to Redis when they are asked for");
            }
        }
    }

    async fn show_again(&self, removed: &[String], today: Day) -> Result<(), DbError> {
        let today = day_text(today);
        let counters = || removed.iter().filter_map(|key| view::code_and_day(key));
        let of_today = counters().filter(|(_, day)| *day == Some(today.as_str()));
        let of_today: Vec<_> = of_today.map(|(qr_id, _)| qr_id.to_owned()).collect();
        // One of the two may have been removed for another reason.
        let codes: HashSet<_> = counters().map(|(qr_id, _)| qr_id.to_owned()).collect();
        let codes: Vec<_> = codes.into_iter().collect();
        for codes in codes.chunks(SHOWN_AT_ONCE) {
            let (totals, _) = self.db.scan_totals(codes, None).await?;
            view::raise_totals(&self.cache, &totals).await;
        }
        for codes in of_today.chunks(SHOWN_AT_ONCE) {
            view::raise_days(&self.cache, &self.db.scans_on(codes, &today).await?).await;
        }
        Ok(())
    }

    /// Counts nothing more, and writes what there is: to the database, or to a file that the next start takes. Nothing else may
    /// be writing.
    pub async fn finish(&self, data_dir: &Path) {
        self.pending().close();
        let mut result = self.write().await;
        for _ in 0..FINAL_ATTEMPTS {
            if result.is_err() && self.cache.source_is_up() {
                tokio::time::sleep(SHORTEST_PAUSE).await;
                result = self.write().await;
            }
        }
        self.tell().await;
        let Err(error) = result else { return };
        let mut batches = Vec::new();
        {
            let mut pending = self.pending();
            while let Some(batch) = pending.batch() {
                pending.written(batch.number, &ScanCounts::default());
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

    fn unshown(&self) -> MutexGuard<'_, HashSet<String>> {
        self.unshown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        // Every step leaves it whole, and none can panic.
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn day_of(now: UnixTime) -> Day {
    Day::try_from(now.as_secs() / 86_400).unwrap_or(Day::MAX)
}
