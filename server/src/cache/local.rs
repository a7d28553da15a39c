//! The first tier: values in this process, and never a stale one after an acknowledged change.
//!
//! Every key and every tag belongs to one of a fixed number of generations, counters that only grow. Whoever reads a value
//! from elsewhere notes the generations first; an invalidation raises them after the change was committed. A value, or its
//! absence, counts only while its generations are current, so a slow reader that holds what was before can never hand it
//! out afterwards, wherever it stands at that moment. Keys that share a generation by chance cost each other a load,
//! nothing more.

use std::any::Any;
use std::future::Future;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use foldhash::quality::RandomState;
use moka::Expiry;
use moka::future::Cache as Flights;
use moka::sync::Cache as Memory;

/// How many generations there are: 32 KiB, and as much for touches. Tests that start many caches do with fewer.
const GENERATIONS: usize = if cfg!(test) { 16 } else { 4096 };

/// How many loads may be shared at a time.
const MAX_FLIGHTS: u64 = 100_000;

/// How long what a load has come to may be shared afterwards, if whoever loaded is stopped before taking it away.
const FLIGHT: Duration = Duration::from_millis(50);

/// What an entry costs beside its key and its value, in bytes.
const OVERHEAD: usize = 200;

/// A value of any type.
pub(super) type AnyValue = Arc<dyn Any + Send + Sync>;

/// The generations of a key and its tags at one moment.
#[derive(Clone, Debug)]
pub(super) struct Stamps {
    key: (usize, u64),
    /// How often somebody had touched the key's slot in Redis.
    touched: u64,
    tags: Box<[(usize, u64)]>,
}

/// A value as it is kept.
pub(super) struct Entry {
    pub(super) value: AnyValue,
    pub(super) stamps: Stamps,
    /// From when on it is out of date.
    pub(super) fresh_until: Instant,
    /// From when on it is not served any more, whatever happens.
    pub(super) kept_until: Instant,
    /// Its size in bytes, about.
    pub(super) weight: usize,
}

/// Values by key, of a limited size in all.
pub(super) struct Local {
    // Every read hashes its key. What is kept is limited, and was found at its source: nobody can put chosen keys here for long
    // enough to find out which of them collide.
    memory: Memory<Box<str>, Arc<Entry>, RandomState>,
    flights: Flights<Flight, Flown>,
    generations: Box<[AtomicU64]>,
    touches: Box<[AtomicU64]>,
    hasher: RandomState,
}

/// What is loaded, and under which generations: whoever asks after a change does not share what began before it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Flight {
    key: String,
    /// Each generation only grows: their sum tells one set of them from any other.
    generations: u64,
}

/// What a load has come to, for those who share it.
type Flown = Arc<dyn Any + Send + Sync>;

/// Forgets entries when they are not served any more.
struct ByEntry;

impl Expiry<Box<str>, Arc<Entry>> for ByEntry {
    fn expire_after_create(&self, _: &Box<str>, entry: &Arc<Entry>, now: Instant) -> Option<Duration> {
        Some(entry.kept_until.saturating_duration_since(now))
    }

    fn expire_after_update(
        &self,
        _: &Box<str>,
        entry: &Arc<Entry>,
        now: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.kept_until.saturating_duration_since(now))
    }
}

impl Local {
    /// Keeps values of at most so many bytes in all.
    pub(super) fn new(max_bytes: u64) -> Self {
        #[expect(clippy::borrowed_box, reason = "the keys are boxes, and moka hands out references to them")]
        let weigher = |key: &Box<str>, entry: &Arc<Entry>| {
            u32::try_from(entry.weight.saturating_add(key.len()).saturating_add(OVERHEAD)).unwrap_or(u32::MAX)
        };
        Self {
            memory: Memory::builder()
                .max_capacity(max_bytes)
                .weigher(weigher)
                .expire_after(ByEntry)
                .build_with_hasher(RandomState::default()),
            flights: Flights::builder().max_capacity(MAX_FLIGHTS).time_to_live(FLIGHT).build(),
            generations: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
            touches: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::default(),
        }
    }

    /// What is kept under a key, if its generations are current.
    pub(super) fn get(&self, key: &str) -> Option<Arc<Entry>> {
        self.memory.get(key).filter(|entry| self.is_current(&entry.stamps))
    }

    pub(super) fn insert(&self, key: &str, entry: Arc<Entry>) {
        self.memory.insert(key.into(), entry);
    }

    /// What `load` makes of a key; however many ask at once under the same generations, one of them loads and the others share
    /// what it gets, whether value or failure. A load that panics or is given up is taken over by another.
    pub(super) async fn share<T: Send + Sync + 'static>(
        &self,
        key: &str,
        stamps: &Stamps,
        load: impl Future<Output = T> + Send,
    ) -> Option<Arc<T>> {
        let generations = stamps.tags.iter().fold(stamps.key.1, |sum, (_, tag)| sum.wrapping_add(*tag));
        let flight = Flight { key: key.to_owned(), generations };
        let entry = self.flights.entry_by_ref(&flight).or_insert_with(async { Arc::new(load.await) as Flown }).await;
        if entry.is_fresh() {
            self.flights.invalidate(&flight).await;
        }
        entry.into_value().downcast().ok()
    }

    /// The generations of a key and its tags, to be noted before anything about it is read.
    pub(super) fn stamps(&self, key: &str, tags: &[String]) -> Stamps {
        let stamp = |name: &str| {
            let slot = self.slot(name);
            (slot, count(&self.generations, slot))
        };
        let key = stamp(key);
        Stamps {
            key,
            touched: count(&self.touches, key.0),
            tags: tags.iter().map(|tag| stamp(&tag_name(tag))).collect(),
        }
    }

    /// Whether nothing was invalidated since.
    pub(super) fn is_current(&self, stamps: &Stamps) -> bool {
        let current = |(slot, generation): &(usize, u64)| count(&self.generations, *slot) == *generation;
        current(&stamps.key) && stamps.tags.iter().all(current)
    }

    /// Whether nobody has touched the key in Redis since.
    pub(super) fn is_untouched(&self, stamps: &Stamps) -> bool {
        count(&self.touches, stamps.key.0) == stamps.touched
    }

    /// Takes note that somebody has touched a key in Redis, or that its time there is over: it must be read again, but
    /// nothing says that it has changed.
    pub(super) fn touch_key(&self, key: &str) {
        raise(&self.touches, self.slot(key));
    }

    /// The same for every key.
    pub(super) fn touch_all(&self) {
        raise_all(&self.touches);
    }

    /// Forgets a key.
    pub(super) fn forget_key(&self, key: &str) {
        raise(&self.generations, self.slot(key));
    }

    /// Forgets every key with a tag.
    pub(super) fn forget_tag(&self, tag: &str) {
        raise(&self.generations, self.slot(&tag_name(tag)));
    }

    /// Forgets every key: for patterns, and for when it is not known what has changed.
    pub(super) fn forget_all(&self) {
        raise_all(&self.generations);
    }

    /// How many values there are, those included that do not count any more, and how many bytes they have, about.
    pub(super) fn size(&self) -> (u64, u64) {
        // What moka has put off.
        self.memory.run_pending_tasks();
        (self.memory.entry_count(), self.memory.weighted_size())
    }

    fn slot(&self, name: &str) -> usize {
        let [.., high, low] = self.hasher.hash_one(name).to_be_bytes();
        usize::from(u16::from_be_bytes([high, low])) % GENERATIONS
    }
}

fn count(counters: &[AtomicU64], slot: usize) -> u64 {
    counters.get(slot).map_or(0, |counter| counter.load(Ordering::SeqCst))
}

fn raise(counters: &[AtomicU64], slot: usize) {
    if let Some(counter) = counters.get(slot) {
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

fn raise_all(counters: &[AtomicU64]) {
    for counter in counters {
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

/// Tags and keys share the generations; no key begins like this.
fn tag_name(tag: &str) -> String {
    format!(" {tag}")
}
