//! Values kept in memory in front of the database, and never a stale one after an acknowledged change.
//!
//! Every key belongs to one of a fixed number of generations, counters that only grow. A load notes its key's
//! generation before it reads the database; [`Cache::invalidate`] raises it after the change was committed. A value, or
//! its absence, is served only while its generation is current, so a slow load that read the old row can never be served
//! afterwards, wherever it stands at that moment. Keys that share a generation by chance cost each other a load, nothing
//! more.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use moka::future::Cache as Memory;

/// How many generations there are: 32 KiB.
const GENERATIONS: usize = 4096;

/// How often a value that was overtaken by changes is loaded again before one is handed out unkept.
const MAX_LOADS: u32 = 4;

/// Whether a value was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Served from the cache.
    Hit,
    /// Loaded for this call.
    Miss,
}

/// Values by key, for a limited time and of a limited number.
pub struct Cache<V> {
    memory: Memory<String, Kept<V>>,
    generations: Box<[AtomicU64]>,
    hasher: RandomState,
}

/// A value and the generation that was current before it was loaded.
struct Kept<V> {
    generation: u64,
    value: Arc<V>,
}

/// Why a load left nothing to keep.
#[derive(Clone)]
enum Unkept<E> {
    /// There is no such value, as of this generation.
    Absent {
        generation: u64,
    },
    Failed(E),
}

impl<V> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Self { generation: self.generation, value: Arc::clone(&self.value) }
    }
}

impl<V: Send + Sync + 'static> Cache<V> {
    /// An empty cache of at most `capacity` values, each kept for `ttl`.
    #[must_use]
    pub fn new(capacity: u64, ttl: Duration) -> Self {
        Self {
            memory: Memory::builder().max_capacity(capacity).time_to_live(ttl).build(),
            generations: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        }
    }

    /// The value of `key`, loaded if it is not there, or `None` if there is no such value. However many callers miss at
    /// once, one of them loads. Neither an absence nor a failure is kept; those who waited for the load share it.
    ///
    /// # Errors
    /// The loader's own.
    pub async fn get_or_load<E, L>(&self, key: &str, load: impl Fn() -> L) -> Result<Option<(Arc<V>, Lookup)>, E>
    where
        E: Clone + Send + Sync + 'static,
        L: Future<Output = Result<Option<V>, E>> + Send,
    {
        for _ in 0..MAX_LOADS {
            let entry = self.memory.entry_by_ref(key).or_try_insert_with(async {
                let generation = self.generation(key);
                match load().await {
                    Ok(Some(value)) => Ok(Kept { generation, value: Arc::new(value) }),
                    Ok(None) => Err(Unkept::Absent { generation }),
                    Err(error) => Err(Unkept::Failed(error)),
                }
            });
            match entry.await {
                Ok(entry) => {
                    let lookup = if entry.is_fresh() { Lookup::Miss } else { Lookup::Hit };
                    let kept = entry.into_value();
                    if kept.generation == self.generation(key) {
                        return Ok(Some((kept.value, lookup)));
                    }
                    // Overtaken by a change, perhaps by one after the load began: load again.
                    self.memory.invalidate(key).await;
                }
                Err(unkept) => match &*unkept {
                    Unkept::Absent { generation } if *generation == self.generation(key) => return Ok(None),
                    Unkept::Absent { .. } => {}
                    Unkept::Failed(error) => return Err(error.clone()),
                },
            }
        }
        Ok(load().await?.map(|value| (Arc::new(value), Lookup::Miss)))
    }

    /// Forgets every key: for when it is not known what has changed.
    pub fn invalidate_all(&self) {
        for generation in &self.generations {
            generation.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Forgets a key. Call it after the change was committed and before it is acknowledged.
    pub async fn invalidate(&self, key: &str) {
        if let Some(generation) = self.slot(key) {
            generation.fetch_add(1, Ordering::SeqCst);
        }
        self.memory.invalidate(key).await;
    }

    fn generation(&self, key: &str) -> u64 {
        self.slot(key).map_or(0, |generation| generation.load(Ordering::SeqCst))
    }

    fn slot(&self, key: &str) -> Option<&AtomicU64> {
        // The low 12 bits: one of the 4096.
        let [.., high, low] = self.hasher.hash_one(key).to_be_bytes();
        self.generations.get(usize::from(u16::from_be_bytes([high & 0x0f, low])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;
    use tokio::sync::Notify;

    fn cache() -> Arc<Cache<u32>> {
        Arc::new(Cache::new(100, Duration::from_secs(60)))
    }

    async fn get(cache: &Cache<u32>, value: u32) -> (u32, Lookup) {
        let load = || async move { Ok::<_, ()>(Some(value)) };
        let (value, lookup) = cache.get_or_load("k", load).await.unwrap().unwrap();
        (*value, lookup)
    }

    #[tokio::test]
    async fn a_value_is_loaded_once_and_again_after_a_change() {
        let cache = cache();
        assert_eq!(get(&cache, 1).await, (1, Lookup::Miss));
        assert_eq!(get(&cache, 2).await, (1, Lookup::Hit));
        cache.invalidate("k").await;
        assert_eq!(get(&cache, 3).await, (3, Lookup::Miss));
        cache.invalidate_all();
        assert_eq!(get(&cache, 4).await, (4, Lookup::Miss));
    }

    #[tokio::test]
    async fn a_failed_load_is_not_kept() {
        let cache = cache();
        assert_eq!(cache.get_or_load("k", || async { Err("gone") }).await, Err("gone"));
        assert_eq!(cache.get_or_load("k", || async { Ok::<_, ()>(None) }).await, Ok(None));
        assert_eq!(get(&cache, 1).await, (1, Lookup::Miss));
    }

    #[tokio::test]
    async fn simultaneous_misses_load_once() {
        let (cache, loads) = (cache(), Arc::new(AtomicUsize::new(0)));
        let mut readers = tokio::task::JoinSet::new();
        for _ in 0..100 {
            let (cache, loads) = (Arc::clone(&cache), Arc::clone(&loads));
            readers.spawn(async move {
                let load = || async {
                    loads.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    Ok::<_, ()>(Some(7))
                };
                cache.get_or_load("k", load).await.map(|found| found.map(|(value, _)| *value))
            });
        }
        assert!(readers.join_all().await.into_iter().all(|value| value == Ok(Some(7))));
        assert_eq!(loads.load(Ordering::SeqCst), 1);
    }

    /// The load has read the old value, or that there is none; then the change is committed and acknowledged; then the
    /// load ends.
    async fn slow_load_overtaken_by_a_change(old: Option<u32>) {
        let cache = cache();
        let (read, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let current = Arc::new(std::sync::Mutex::new(old));
        let slow = {
            let (cache, read, go, current) =
                (Arc::clone(&cache), Arc::clone(&read), Arc::clone(&go), Arc::clone(&current));
            tokio::spawn(async move {
                let load = || async {
                    let value = *current.lock().unwrap();
                    if value == old {
                        read.notify_one();
                        go.notified().await;
                    }
                    Ok::<_, ()>(value)
                };
                cache.get_or_load("k", load).await.map(|found| found.map(|(value, _)| *value))
            })
        };
        read.notified().await;
        *current.lock().unwrap() = Some(2);
        cache.invalidate("k").await;
        // A reader who begins now may wait for the slow load, but must not be given what it read.
        let late = {
            let (cache, current) = (Arc::clone(&cache), Arc::clone(&current));
            tokio::spawn(async move {
                let load = || async { Ok::<_, ()>(*current.lock().unwrap()) };
                cache.get_or_load("k", load).await.map(|found| found.map(|(value, _)| *value))
            })
        };
        tokio::task::yield_now().await;
        go.notify_one();
        assert_eq!(late.await.unwrap(), Ok(Some(2)));
        assert_eq!(slow.await.unwrap(), Ok(Some(2)));
        assert_eq!(get(&cache, 3).await.0, 2);
    }

    #[tokio::test]
    async fn a_slow_load_of_the_old_value_is_never_served_after_a_change() {
        slow_load_overtaken_by_a_change(Some(1)).await;
    }

    #[tokio::test]
    async fn a_slow_load_that_found_nothing_is_never_served_after_the_value_came() {
        slow_load_overtaken_by_a_change(None).await;
    }
}
