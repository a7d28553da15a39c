//! Changes of what is cached, and the log in which every server reads them.
//!
//! Whoever changes something writes into the log, in the same transaction, what that makes wrong in the cache. So a change
//! cannot be committed and forgotten: not by a server that dies before it has told the others, not by a Redis that loses
//! the message.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

/// What a change makes wrong in the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invalidation {
    /// Keys, like `profile:ada`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// Tags: every key that has one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Glob patterns of keys, as Redis reads them, like `computed:*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<String>,
}

impl Invalidation {
    /// One key.
    #[must_use]
    pub fn key(key: impl Into<String>) -> Self {
        Self { keys: vec![key.into()], ..Self::default() }
    }

    /// One tag.
    #[must_use]
    pub fn tag(tag: impl Into<String>) -> Self {
        Self { tags: vec![tag.into()], ..Self::default() }
    }

    /// One pattern.
    #[must_use]
    pub fn pattern(pattern: impl Into<String>) -> Self {
        Self { patterns: vec![pattern.into()], ..Self::default() }
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.keys.extend(other.keys);
        self.tags.extend(other.tags);
        self.patterns.extend(other.patterns);
        self
    }

    /// How many keys, tags and patterns it names.
    pub(crate) fn len(&self) -> usize {
        self.keys.len().saturating_add(self.tags.len()).saturating_add(self.patterns.len())
    }
}

/// A change that was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number in the log.
    pub id: i64,
    /// What it makes wrong.
    pub invalidation: Invalidation,
}

/// What a committed change answers, locked up until the cache has been told: [`Cache::settle`](super::Cache::settle).
#[derive(Debug)]
#[must_use = "the cache still holds what was before: give this to Cache::settle"]
pub struct Committed<T> {
    pub(super) value: T,
    pub(super) change: Option<Change>,
}

impl<T> Committed<T> {
    /// The answer of a change, and what the log says about it.
    pub const fn new(value: T, change: Change) -> Self {
        Self { value, change: Some(change) }
    }

    /// The answer, for tests without a cache.
    #[cfg(test)]
    pub(crate) fn unsettled(self) -> T {
        self.value
    }

    /// The answer of what turned out to change nothing.
    pub const fn unchanged(value: T) -> Self {
        Self { value, change: None }
    }
}

/// A log that cannot be read.
pub type LogError = Box<dyn Error + Send + Sync>;

/// Where a log stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogExtent {
    /// Tells this log from another.
    pub log: String,
    /// The oldest change that it still has.
    pub first: i64,
    /// The newest.
    pub last: i64,
}

/// The log of changes: a table of the database that is cached. Reading it also tells whether the database is there: it must
/// fail, rather than wait, when it takes longer than a second.
#[async_trait]
pub trait ChangeLog: Send + Sync {
    /// Where the log stands.
    async fn extent(&self) -> Result<LogExtent, LogError>;

    /// The changes after number `after`, and those of `missing` that are there by now, by number; at most `limit`.
    async fn changes(&self, after: i64, missing: &[i64], limit: u32) -> Result<Vec<Change>, LogError>;
}

/// How many changes are read at a time.
pub(super) const BATCH: u32 = 1_000;

/// How long a number that was skipped may still turn up: a transaction takes its number before it commits, and may end
/// after one that took a later number. The database ends those that take longer.
const MISSING_FOR: Duration = Duration::from_secs(60);

/// How far back changes may be under way when a server starts.
const LOOK_BACK: i64 = 1_000;

/// Reads the log from where it stood before, and misses nothing.
pub(super) struct Follower {
    log: Arc<dyn ChangeLog>,
    position: Option<Position>,
}

struct Position {
    log: String,
    last: i64,
    /// Numbers below `last` that have not been seen, and since when.
    missing: BTreeMap<i64, Instant>,
}

/// What has happened since.
pub(super) struct News {
    /// Not empty if something has; in order of their numbers, at most [`BATCH`].
    pub(super) changes: Vec<Change>,
    /// Every change up to this number has been seen.
    pub(super) complete: i64,
    /// Of which log.
    pub(super) log: String,
    /// What happened is not known: this is another log, or it has lost what came in between.
    pub(super) lost: bool,
}

impl Follower {
    pub(super) fn new(log: Arc<dyn ChangeLog>) -> Self {
        Self { log, position: None }
    }

    /// What has happened since the last call; on the first, what may just be happening.
    pub(super) async fn read(&mut self, now: Instant) -> Result<News, LogError> {
        let extent = self.log.extent().await?;
        let follows = self.position.as_ref().is_some_and(|position| {
            position.log == extent.log
                && position.last <= extent.last
                && position.last >= extent.first.saturating_sub(1)
        });
        // Taken out: if the log cannot be read now, the place in it is lost, and that is said the next time.
        let known = self.position.take().filter(|_| follows);
        let lost = known.is_none();
        let mut position = known.unwrap_or_else(|| {
            let last = extent.last.saturating_sub(LOOK_BACK).max(extent.first.saturating_sub(1));
            Position { log: extent.log, last, missing: BTreeMap::new() }
        });
        let missing: Vec<_> = position.missing.keys().copied().collect();
        let changes = match self.log.changes(position.last, &missing, BATCH).await {
            Ok(changes) => changes,
            Err(error) => {
                self.position = Some(position).filter(|_| follows);
                return Err(error);
            }
        };
        position.missing.retain(|_, since| now.duration_since(*since) < MISSING_FOR);
        for change in &changes {
            if change.id > position.last {
                // Further back than this are no transactions under way, but a jump of the sequence.
                let first = position.last.saturating_add(1).max(change.id.saturating_sub(LOOK_BACK));
                position.missing.extend((first..change.id).map(|id| (id, now)));
                position.last = change.id;
            } else {
                position.missing.remove(&change.id);
            }
        }
        let complete = position.missing.keys().next().map_or(position.last, |first| first.saturating_sub(1));
        let log = position.log.clone();
        self.position = Some(position);
        Ok(News { changes, complete, log, lost })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A log in memory.
    #[derive(Default)]
    pub(crate) struct MemoryLog {
        rows: Mutex<BTreeMap<i64, Invalidation>>,
        name: Mutex<String>,
        cannot_be_read: Mutex<bool>,
    }

    impl MemoryLog {
        pub(crate) fn commit(&self, invalidation: Invalidation) -> Change {
            let mut rows = self.rows.lock().unwrap();
            let id = rows.keys().next_back().map_or(1, |last| last.saturating_add(1));
            rows.insert(id, invalidation.clone());
            Change { id, invalidation }
        }
    }

    #[async_trait]
    impl ChangeLog for MemoryLog {
        async fn extent(&self) -> Result<LogExtent, LogError> {
            let rows = self.rows.lock().unwrap();
            let (first, last) = (rows.keys().next().copied(), rows.keys().next_back().copied());
            let log = self.name.lock().unwrap().clone();
            Ok(LogExtent { log, first: first.unwrap_or(1), last: last.unwrap_or(0) })
        }

        async fn changes(&self, after: i64, missing: &[i64], limit: u32) -> Result<Vec<Change>, LogError> {
            if *self.cannot_be_read.lock().unwrap() {
                return Err("not now".into());
            }
            let rows = self.rows.lock().unwrap();
            let wanted = rows.iter().filter(|(id, _)| **id > after || missing.contains(id));
            let changes = wanted.map(|(id, invalidation)| Change { id: *id, invalidation: invalidation.clone() });
            Ok(changes.take(usize::try_from(limit).unwrap()).collect())
        }
    }

    fn put(log: &MemoryLog, id: i64) {
        log.rows.lock().unwrap().insert(id, Invalidation::key(format!("k{id}")));
    }

    async fn read(follower: &mut Follower, now: Instant) -> (Vec<i64>, i64, bool) {
        let news = follower.read(now).await.unwrap();
        (news.changes.iter().map(|change| change.id).collect(), news.complete, news.lost)
    }

    #[tokio::test]
    async fn a_change_that_is_committed_after_a_later_one_is_not_missed() {
        let (log, now) = (Arc::new(MemoryLog::default()), Instant::now());
        put(&log, 1);
        let mut follower = Follower::new(Arc::clone(&log) as _);
        assert_eq!(read(&mut follower, now).await, (vec![1], 1, true));
        put(&log, 4);
        assert_eq!(read(&mut follower, now).await, (vec![4], 1, false));
        put(&log, 3);
        assert_eq!(read(&mut follower, now).await, (vec![3], 1, false));
        put(&log, 2);
        assert_eq!(read(&mut follower, now).await, (vec![2], 4, false));
        // One that was rolled back is waited for, but not for ever.
        put(&log, 6);
        assert_eq!(read(&mut follower, now).await, (vec![6], 4, false));
        let later = now + MISSING_FOR;
        assert_eq!(read(&mut follower, later).await, (vec![], 6, false));
    }

    #[tokio::test]
    async fn a_change_under_way_at_the_start_is_not_missed() {
        let (log, now) = (Arc::new(MemoryLog::default()), Instant::now());
        put(&log, 1);
        put(&log, 3);
        let mut follower = Follower::new(Arc::clone(&log) as _);
        assert_eq!(read(&mut follower, now).await, (vec![1, 3], 1, true));
        put(&log, 2);
        assert_eq!(read(&mut follower, now).await, (vec![2], 3, false));
    }

    #[tokio::test]
    async fn a_log_that_was_pruned_or_set_back_or_replaced_is_noticed() {
        let (log, now) = (Arc::new(MemoryLog::default()), Instant::now());
        for id in 1..=5 {
            put(&log, id);
        }
        let mut follower = Follower::new(Arc::clone(&log) as _);
        assert!(read(&mut follower, now).await.2);
        assert!(!read(&mut follower, now).await.2);
        put(&log, 9);
        log.rows.lock().unwrap().retain(|id, _| *id > 6);
        assert!(read(&mut follower, now).await.2, "pruned");
        log.rows.lock().unwrap().retain(|id, _| *id > 20);
        put(&log, 2);
        assert!(read(&mut follower, now).await.2, "set back");
        "other".clone_into(&mut log.name.lock().unwrap());
        assert!(read(&mut follower, now).await.2, "replaced");
    }

    #[tokio::test]
    async fn a_place_that_was_lost_is_not_forgotten_when_the_log_cannot_be_read_just_then() {
        let (log, now) = (Arc::new(MemoryLog::default()), Instant::now());
        put(&log, 1);
        let mut follower = Follower::new(Arc::clone(&log) as _);
        read(&mut follower, now).await;
        for is_lost in [false, true] {
            if is_lost {
                "other".clone_into(&mut log.name.lock().unwrap());
            }
            *log.cannot_be_read.lock().unwrap() = true;
            assert!(follower.read(now).await.is_err());
            *log.cannot_be_read.lock().unwrap() = false;
            assert_eq!(read(&mut follower, now).await.2, is_lost);
        }
    }

    #[tokio::test]
    async fn a_jump_of_the_sequence_is_not_remembered_number_by_number() {
        let (log, now) = (Arc::new(MemoryLog::default()), Instant::now());
        put(&log, 1);
        let mut follower = Follower::new(Arc::clone(&log) as _);
        read(&mut follower, now).await;
        put(&log, 5_000_000);
        read(&mut follower, now).await;
        assert_eq!(follower.position.unwrap().missing.len(), usize::try_from(LOOK_BACK).unwrap());
    }
}
