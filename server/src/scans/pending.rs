//! Scans that were answered and are not in the database yet: a state machine without clock, chance or I/O.

use std::collections::{BTreeMap, HashMap};

use sealcard_core::UnixTime;

use crate::clock;
use crate::db::{ScanBatch, ScanCounts, ScansOfDay};

/// Days since 1970-01-01, UTC.
pub(super) type Day = u32;

/// How many codes and days a batch has at most: so many are written in time, however long the database was away.
const MAX_ROWS: usize = if cfg!(test) { 4 } else { 5_000 };

/// What this process knows about scans that others cannot know yet.
///
/// A scan is first in `open`, then in the one batch that is being written, then in the database. What the database has come to
/// by a batch is kept in `written` until the view in Redis says so too. So each scan is counted in exactly one place at any
/// time, and a number that was read together with [`Self::version`] is right if the version is the same afterwards.
#[derive(Debug)]
pub(super) struct Pending {
    writer: String,
    /// How many batches there were.
    batches: i64,
    open: BTreeMap<Day, HashMap<Box<str>, u64>>,
    batch: Option<Batch>,
    written: HashMap<String, u64>,
    version: u64,
    is_closed: bool,
}

#[derive(Debug)]
struct Batch {
    batch: ScanBatch,
    scans: HashMap<String, u64>,
}

/// What is to be added to a number from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unseen {
    /// Not in the database.
    open: u64,
    /// In the batch that is being written: in the database, or not.
    in_batch: u64,
    /// What the database has, at least.
    at_least: u64,
}

impl Unseen {
    /// The number that is right, for one that Redis has said.
    pub(super) fn beside_redis(self, said: u64) -> u64 {
        said.max(self.at_least).saturating_add(self.in_batch).saturating_add(self.open)
    }

    /// The number that is right, for one that the database has said, which had the batch then or not.
    pub(super) fn beside_database(self, said: u64, had_batch: bool) -> u64 {
        let in_batch = if had_batch { 0 } else { self.in_batch };
        said.saturating_add(in_batch).saturating_add(self.open)
    }
}

/// What has become of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Counted, and somebody is to be woken: it is the first.
    First,
    /// Counted.
    Another,
    /// Not counted: the server is stopping.
    Closed,
}

impl Pending {
    /// For a process of this name.
    pub(super) fn new(writer: String) -> Self {
        Self {
            writer,
            batches: 0,
            open: BTreeMap::new(),
            batch: None,
            written: HashMap::new(),
            version: 0,
            is_closed: false,
        }
    }

    /// Counts a scan.
    pub(super) fn count(&mut self, qr_id: &str, day: Day) -> Counted {
        if self.is_closed {
            return Counted::Closed;
        }
        let first = self.open.is_empty();
        let of_day = self.open.entry(day).or_default();
        match of_day.get_mut(qr_id) {
            Some(scans) => *scans = scans.saturating_add(1),
            None => drop(of_day.insert(qr_id.into(), 1)),
        }
        if first { Counted::First } else { Counted::Another }
    }

    /// What is to be written next: the batch that was not written the last time, or else scans until now, of [`MAX_ROWS`] codes
    /// and days at most.
    pub(super) fn batch(&mut self) -> Option<ScanBatch> {
        if let Some(Batch { batch, .. }) = &self.batch {
            return Some(batch.clone());
        }
        let open = std::mem::take(&mut self.open);
        let mut scans = Vec::new();
        for (day, codes) in open {
            for (qr_id, count) in codes {
                if scans.len() < MAX_ROWS {
                    scans.push(ScansOfDay { qr_id: qr_id.into(), day: day_text(day), scans: count });
                } else {
                    self.open.entry(day).or_default().insert(qr_id, count);
                }
            }
        }
        if scans.is_empty() {
            return None;
        }
        // In one order for everybody: two servers that add to the same rows wait for each other, and not both.
        scans.sort_by(|one, other| (&one.qr_id, &one.day).cmp(&(&other.qr_id, &other.day)));
        let mut of_codes: HashMap<String, u64> = HashMap::new();
        for ScansOfDay { qr_id, scans, .. } in &scans {
            let sum = of_codes.entry(qr_id.clone()).or_default();
            *sum = sum.saturating_add(*scans);
        }
        self.batches = self.batches.saturating_add(1);
        let batch = ScanBatch { writer: self.writer.clone(), number: self.batches, scans };
        self.version = self.version.wrapping_add(1);
        self.batch = Some(Batch { batch: batch.clone(), scans: of_codes });
        Some(batch)
    }

    /// A batch is in the database, which has come to these counts.
    pub(super) fn written(&mut self, number: i64, counts: &ScanCounts) {
        self.batch.take_if(|known| known.batch.number == number);
        self.written = counts.totals.iter().cloned().collect();
        self.version = self.version.wrapping_add(1);
    }

    /// Redis says so too, or is not to be asked.
    pub(super) fn shown(&mut self) {
        self.written.clear();
        self.version = self.version.wrapping_add(1);
    }

    /// Refuses scans from now on.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
    }

    /// Whether scans are refused.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Changes whenever scans move from one place to another.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Whether everything is in the database.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.batch.is_none()
    }

    /// The batch that is being written.
    pub(super) fn in_flight(&self) -> Option<&ScanBatch> {
        self.batch.as_ref().map(|batch| &batch.batch)
    }

    /// Whether scans of one of these codes are being written.
    pub(super) fn is_in_batch(&self, qr_ids: &[String]) -> bool {
        self.batch.as_ref().is_some_and(|batch| qr_ids.iter().any(|qr_id| batch.scans.contains_key(qr_id)))
    }

    /// What is to be added to the total of a code.
    pub(super) fn unseen(&self, qr_id: &str) -> Unseen {
        let open = self.open.values().filter_map(|codes| codes.get(qr_id));
        Unseen {
            open: open.fold(0, |sum: u64, n| sum.saturating_add(*n)),
            in_batch: self.batch.as_ref().and_then(|batch| batch.scans.get(qr_id)).copied().unwrap_or_default(),
            at_least: self.written.get(qr_id).copied().unwrap_or_default(),
        }
    }

    /// What is to be added to a day of a code.
    pub(super) fn unseen_on(&self, qr_id: &str, day: Day) -> Unseen {
        let text = day_text(day);
        let batch = self.batch.iter().flat_map(|batch| &batch.batch.scans);
        let in_batch = batch.filter(|of_day| of_day.qr_id == qr_id && of_day.day == text);
        Unseen {
            open: self.open.get(&day).and_then(|codes| codes.get(qr_id)).copied().unwrap_or_default(),
            in_batch: in_batch.fold(0, |sum: u64, of_day| sum.saturating_add(of_day.scans)),
            at_least: 0,
        }
    }
}

/// A day as it stands in keys and answers, like `2026-01-31`.
pub(super) fn day_text(day: Day) -> String {
    clock::day(UnixTime::from_secs(u64::from(day).saturating_mul(86_400)))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test counts what it has made itself")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_written_as_people_do() {
        assert_eq!(day_text(0), "1970-01-01");
        assert_eq!(day_text(20_484), "2026-01-31");
    }

    #[test]
    fn a_stopping_server_counts_nothing_more() {
        let mut pending = Pending::new("w".into());
        assert_eq!(pending.count("a", 1), Counted::First);
        assert_eq!(pending.count("a", 1), Counted::Another);
        pending.close();
        assert_eq!(pending.count("a", 1), Counted::Closed);
        assert_eq!(pending.batch().unwrap().scans.len(), 1);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Scan(u8, u8),
        /// The batch is written; whether the answer is heard.
        Write(bool),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (0..3_u8, 0..3_u8).prop_map(|(code, day)| Step::Scan(code, day)),
            2 => any::<bool>().prop_map(Step::Write),
        ];
        proptest::collection::vec(step, 0..60)
    }

    /// A database that adds each batch once.
    #[derive(Default)]
    struct Database {
        number: i64,
        totals: HashMap<String, u64>,
    }

    impl Database {
        fn add(&mut self, batch: &ScanBatch) -> ScanCounts {
            if self.number < batch.number {
                self.number = batch.number;
                for of_day in &batch.scans {
                    *self.totals.entry(of_day.qr_id.clone()).or_default() += of_day.scans;
                }
            }
            let mut ids: Vec<_> = batch.scans.iter().map(|of_day| of_day.qr_id.clone()).collect();
            ids.dedup();
            ScanCounts { totals: ids.into_iter().map(|id| (id.clone(), self.totals[&id])).collect(), days: vec![] }
        }
    }

    /// Whoever reads Redis or the database, and adds what is not in it, is told every scan once.
    fn told_right(
        pending: &Pending,
        database: &Database,
        redis: &HashMap<String, u64>,
        truth: &HashMap<String, u64>,
    ) -> Result<(), TestCaseError> {
        for (id, scans) in truth {
            let said = |numbers: &HashMap<String, u64>| numbers.get(id).copied().unwrap_or_default();
            let unseen = pending.unseen(id);
            prop_assert_eq!(unseen.beside_redis(said(redis)), *scans, "{}", id);
            let had_batch = pending.in_flight().is_some_and(|batch| database.number >= batch.number);
            prop_assert_eq!(unseen.beside_database(said(&database.totals), had_batch), *scans, "{}", id);
            let days: Vec<_> = (0..3).map(|day| pending.unseen_on(id, day)).collect();
            prop_assert_eq!(days.iter().map(|day| day.open).sum::<u64>(), unseen.open);
            prop_assert_eq!(days.iter().map(|day| day.in_batch).sum::<u64>(), unseen.in_batch);
            prop_assert_eq!(pending.is_in_batch(std::slice::from_ref(id)), unseen.in_batch > 0);
        }
        Ok(())
    }

    proptest! {
        /// Whoever asks is told every scan once, at any time, whatever answers are lost; in the end, the database has them.
        #[test]
        fn every_scan_is_counted_once(steps in steps()) {
            let mut pending = Pending::new("w".into());
            let (mut database, mut redis) = (Database::default(), HashMap::<String, u64>::new());
            let mut truth = HashMap::<String, u64>::new();
            for step in steps {
                match step {
                    Step::Scan(code, day) => {
                        pending.count(&code.to_string(), day.into());
                        *truth.entry(code.to_string()).or_default() += 1;
                    }
                    Step::Write(heard) => {
                        let Some(batch) = pending.batch() else { continue };
                        let counts = database.add(&batch);
                        if heard {
                            let version = pending.version();
                            pending.written(batch.number, &counts);
                            prop_assert_ne!(pending.version(), version);
                            told_right(&pending, &database, &redis, &truth)?;
                            redis.extend(counts.totals);
                            told_right(&pending, &database, &redis, &truth)?;
                            pending.shown();
                        }
                    }
                }
                told_right(&pending, &database, &redis, &truth)?;
            }
            while let Some(batch) = pending.batch() {
                pending.written(batch.number, &database.add(&batch));
            }
            prop_assert!(pending.is_empty());
            prop_assert_eq!(database.totals, truth);
        }
    }
}
