//! The cache: values in the process, over values in Redis, over the database.
//!
//! A handler says [`Cache::get_or_load`], and whoever has changed something gives what the change returned to
//! [`Cache::settle`]; nothing else talks to Redis about cached values. What can be cached is declared once, in a table of
//! [`Declaration`]s. `docs/CACHING.md` explains what is promised and why it holds; in short:
//!
//! 1. When `settle` has returned, no read on this server gets what was before, and none on another server that is heard of.
//! 2. However a message is lost, or a server dies between commit and message: every server reads the log of changes, and
//!    serves nothing as a [`Lookup::Hit`] that it has not checked against the log within [`VERIFIED_FOR`].
//! 3. One load per key, however many miss at once; what fails is not kept.
//! 4. Without Redis everything goes on, and nothing waits for it longer than once.

mod change;
mod entries;
mod error;
mod follow;
mod local;
mod metrics;
mod read;
mod redis;
mod resource;
mod response;
mod source;
mod store;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test counts what it has made itself")]
mod interleavings;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use prometheus_client::registry::Registry;
use tokio::task::JoinHandle;

pub(crate) use metrics::SECONDS;

pub use change::{Change, ChangeLog, Committed, Invalidation, LogError, LogExtent};
pub use entries::{Entries, EntryError};
pub use error::CacheError;
pub use redis::{RedisAddress, RedisAddressError, RedisOptions, RedisStatus};
pub use resource::{DEFAULT_TTL_SECS, Declaration, Json, MAX_TTL_SECS, Resource, Tiers, Value};
pub use response::{CachedResponse, ResponseCache, ResponseCacheLayer};
pub use source::VERIFIED_FOR;

use self::change::Follower;
use self::follow::{Ears, follow};
use self::local::Local;
use self::metrics::{CacheMetrics, ResourceMetrics};
use self::redis::Redis;
use self::source::Source;
use self::store::Store;

/// What takes longer, in Redis or the database, is logged.
pub(crate) const SLOW: Duration = Duration::from_millis(100);

/// Where a value came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Out of the cache.
    Hit,
    /// Loaded for this call, or for another at the same time.
    Miss,
    /// Out of the cache, and perhaps out of date: the database cannot be asked.
    Stale,
    /// Loaded, because values of this kind are not cached.
    Bypass,
}

impl Lookup {
    /// As it stands in the header `X-Cache`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "HIT",
            Self::Miss => "MISS",
            Self::Stale => "STALE",
            Self::Bypass => "BYPASS",
        }
    }
}

/// A value and where it came from.
#[derive(Debug)]
pub struct Found<V> {
    /// The value.
    pub value: Arc<V>,
    /// Where it came from.
    pub lookup: Lookup,
}

/// An error of a loader.
pub trait LoadError: Clone + Send + Sync + 'static {
    /// Whether the source cannot be asked just now, so that an old value is better than none.
    fn is_unavailable(&self) -> bool;
}

/// How the cache is used.
#[derive(Clone, Debug)]
pub struct CacheOptions {
    /// How many bytes of values the process keeps.
    pub memory_bytes: u64,
    /// For how long after its time a value is served while the database is away.
    pub stale_for: Duration,
    /// Switches and lives that differ from the table: name of the resource, and seconds, or `None` for off.
    pub overrides: Vec<(String, Option<u32>)>,
    /// Where Redis is, if there is one.
    pub redis: Option<RedisOptions>,
}

impl Default for CacheOptions {
    /// 64 MiB, five minutes, no Redis.
    fn default() -> Self {
        Self { memory_bytes: 64 << 20, stale_for: Duration::from_secs(300), overrides: Vec::new(), redis: None }
    }
}

/// The cache. One for a process.
pub struct Cache {
    inner: Arc<Inner>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

struct Inner {
    table: &'static [Declaration],
    kinds: Vec<Kind>,
    local: Local,
    shared: SharedTier,
    source: Source,
    delivered: Mutex<BTreeSet<i64>>,
    counted_before: Mutex<Tally>,
    /// Views that were removed from Redis, and not taken note of since.
    views_removed: Mutex<Vec<String>>,
    stale_for: Duration,
    metrics: CacheMetrics,
}

/// A resource as the settings have it.
struct Kind {
    on: bool,
    ttl: Duration,
    metrics: ResourceMetrics,
}

/// The second tier, set once the rest of the cache is there to be told what it hears.
struct SharedTier {
    store: std::sync::OnceLock<Arc<dyn Store>>,
    redis: std::sync::OnceLock<Arc<Redis>>,
}

impl SharedTier {
    fn store(&self) -> Option<&Arc<dyn Store>> {
        self.store.get()
    }
}

impl Cache {
    /// Starts the cache of a process: begins to connect to Redis, and returns at once. Reads the log once before, so that
    /// nothing is served that is not checked.
    ///
    /// # Errors
    /// [`CacheError::UnknownResource`] or [`CacheError::Ttl`], if the options name what there is not; [`CacheError::Log`] if
    /// the log cannot be read.
    pub async fn start(
        table: &'static [Declaration],
        options: CacheOptions,
        log: Arc<dyn ChangeLog>,
        registry: &mut Registry,
    ) -> Result<Self, CacheError> {
        let inner = Arc::new(Inner::new(table, &options, CacheMetrics::new(registry, options.redis.is_some()))?);
        let mut follower = Follower::new(Arc::clone(&log));
        inner.follow_once(&mut follower).await.map_err(CacheError::Log)?;
        if let Some(redis) = options.redis {
            let position = inner.source.position.subscribe();
            let listener = Arc::new(Ears::new(&inner));
            let redis = Arc::new(Redis::start(redis, table, listener, log, position, inner.metrics.redis.clone()));
            let _ = inner.shared.store.set(Arc::clone(&redis) as _);
            let _ = inner.shared.redis.set(redis);
        }
        let task = tokio::spawn(follow(Arc::downgrade(&inner), follower));
        Ok(Self { inner, follower: Mutex::new(Some(task)) })
    }

    /// The value of a resource for an argument, loaded if no tier has it, or `None` if there is no such value. However many
    /// callers miss at once, one of them loads; neither an absence nor a failure is kept, but those who waited share it.
    ///
    /// # Errors
    /// The loader's own, if there is no old value that may be served instead.
    pub async fn get_or_load<V, E, L>(
        &self,
        resource: Resource<V>,
        argument: &str,
        load: impl Fn() -> L + Send + Sync,
    ) -> Result<Option<Found<V>>, E>
    where
        V: Value,
        E: LoadError,
        L: Future<Output = Result<Option<V>, E>> + Send,
    {
        self.inner.get_or_load(resource, self.inner.request(resource, argument), load).await
    }

    /// The value of a resource for an argument, if it is in the process and may be served now.
    #[must_use]
    pub fn in_memory<V: Value>(&self, resource: Resource<V>, argument: &str, now: Instant) -> Option<Found<V>> {
        let declaration = self.inner.table.get(resource.index)?;
        self.inner.in_memory(resource.index, &declaration.key_of(argument), now)
    }

    /// The same as [`Self::get_or_load`] for what is computed and cannot be absent.
    ///
    /// # Errors
    /// The computation's own.
    pub async fn memoize<V, E, L>(
        &self,
        resource: Resource<V>,
        argument: &str,
        compute: impl Fn() -> L + Send + Sync,
    ) -> Result<Found<V>, E>
    where
        V: Value,
        E: LoadError,
        L: Future<Output = Result<V, E>> + Send,
    {
        let load = || {
            let computing = compute();
            async move { computing.await.map(Some) }
        };
        match self.get_or_load(resource, argument, load).await? {
            Some(found) => Ok(found),
            // Not reached: what was loaded is there.
            None => compute().await.map(|value| Found { value: Arc::new(value), lookup: Lookup::Bypass }),
        }
    }

    /// Makes a committed change known, and then gives out what it has answered: from then on nobody here, and nobody on a
    /// server that is heard of, is given what was before.
    pub async fn settle<T>(&self, committed: Committed<T>) -> T {
        if let Some(Change { id, invalidation }) = &committed.change {
            self.inner.invalidate(invalidation, Some(*id)).await;
        }
        committed.value
    }

    /// Forgets what was not changed by this program, here, in Redis, and on servers that are heard of. Returns how many
    /// values Redis had; `None` if it is away, and may still have them. For changes, use [`Self::settle`]: it also reaches
    /// servers that do not hear.
    pub async fn invalidate(&self, invalidation: &Invalidation) -> Option<u64> {
        self.inner.invalidate(invalidation, None).await
    }

    /// Nothing is a [`Lookup::Hit`] before the log has been read again: for when it is not known whether a change was
    /// committed. What is there may still be served as [`Lookup::Stale`].
    pub fn doubt(&self) {
        self.inner.source.doubt(Instant::now());
    }

    /// Whether the database can be asked, as far as is known.
    #[must_use]
    pub fn source_is_up(&self) -> bool {
        !self.inner.source.down.load(Ordering::SeqCst)
    }

    /// Whether there is to be a Redis.
    #[must_use]
    pub fn has_redis(&self) -> bool {
        self.inner.shared.redis.get().is_some()
    }

    /// Whether Redis is connected and believed, all of it.
    #[must_use]
    pub fn redis_is_up(&self) -> bool {
        self.inner.shared.redis.get().is_some_and(|redis| redis.is_up())
    }

    /// What Redis says about itself; `None` if there is to be none.
    pub async fn redis_status(&self) -> Option<RedisStatus> {
        match self.inner.shared.redis.get() {
            Some(redis) => Some(redis.status().await),
            None => None,
        }
    }

    /// Single entries of Redis, by their own names: for counters, and for whoever looks after it.
    #[must_use]
    pub fn entries(&self) -> Entries<'_> {
        Entries::new(&self.inner)
    }

    /// How many reads the cache answered, and how many it did not, since the start or [`Self::reset_tally`].
    #[must_use]
    pub fn tally(&self) -> Tally {
        let total = self.inner.total();
        let before = *self.inner.counted_before.lock().unwrap_or_else(PoisonError::into_inner);
        Tally { hits: total.hits.saturating_sub(before.hits), misses: total.misses.saturating_sub(before.misses) }
    }

    /// Counts from 0 again. The metrics go on: they must only grow.
    pub fn reset_tally(&self) {
        let total = self.inner.total();
        *self.inner.counted_before.lock().unwrap_or_else(PoisonError::into_inner) = total;
    }

    /// The views that were removed from Redis since this was asked last, because they may have been out of date.
    pub(crate) fn take_removed_views(&self) -> Vec<String> {
        std::mem::take(&mut *self.inner.views_removed())
    }

    /// How many values the process keeps, and their bytes, about.
    #[must_use]
    pub fn size(&self) -> (u64, u64) {
        self.inner.local.size()
    }

    /// Brings the numbers up to date that are not counted as they happen: before they are read.
    pub fn measure(&self) {
        let (entries, bytes) = self.size();
        self.inner.metrics.entries.set(i64::try_from(entries).unwrap_or(i64::MAX));
        self.inner.metrics.memory.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// Ends the connections to Redis.
    pub async fn stop(&self) {
        let task = self.follower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
        }
        if let Some(redis) = self.inner.shared.redis.get() {
            redis.stop().await;
            tracing::info!("the connections to Redis are closed");
        }
    }
}

/// Reads since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answered by the cache.
    pub hits: u64,
    /// Not answered by it.
    pub misses: u64,
}

impl Inner {
    fn new(table: &'static [Declaration], options: &CacheOptions, metrics: CacheMetrics) -> Result<Self, CacheError> {
        for (name, _) in &options.overrides {
            if name != "all" && !table.iter().any(|declaration| declaration.name == name) {
                let known = table.iter().map(|declaration| declaration.name).collect();
                return Err(CacheError::UnknownResource { name: name.clone(), known });
            }
        }
        let kind = |declaration: &Declaration| {
            let given = options.overrides.iter().rev().find(|(name, _)| name == "all" || name == declaration.name);
            let ttl = given.map_or(Some(declaration.ttl_secs), |(_, ttl)| *ttl);
            if let Some(ttl) = ttl
                && !(1..=MAX_TTL_SECS).contains(&ttl)
            {
                return Err(CacheError::Ttl { name: declaration.name, ttl_secs: ttl });
            }
            let ttl_secs = ttl.unwrap_or(declaration.ttl_secs);
            Ok(Kind { on: ttl.is_some(), ttl: Duration::from_secs(ttl_secs.into()), metrics: metrics.of(declaration) })
        };
        let kinds = table.iter().map(kind).collect::<Result<_, _>>()?;
        Ok(Self {
            table,
            kinds,
            local: Local::new(options.memory_bytes),
            shared: SharedTier { store: std::sync::OnceLock::new(), redis: std::sync::OnceLock::new() },
            source: Source::new(Instant::now()),
            delivered: Mutex::default(),
            counted_before: Mutex::default(),
            views_removed: Mutex::default(),
            stale_for: options.stale_for,
            metrics,
        })
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        for kind in &self.kinds {
            let hits = [&kind.metrics.memory_hits, &kind.metrics.redis_hits, &kind.metrics.stale];
            total.hits = hits.iter().fold(total.hits, |sum, counter| sum.saturating_add(counter.get()));
            total.misses = total.misses.saturating_add(kind.metrics.misses.get());
        }
        total
    }

    /// Forgets, here and in Redis, and tells the others. The first tier last: until then somebody may fetch the old value
    /// from the second.
    async fn invalidate(&self, invalidation: &Invalidation, change: Option<i64>) -> Option<u64> {
        let (began, mut count) = (Instant::now(), Some(0));
        if let Some(store) = self.shared.store() {
            let removed = store.remove(invalidation).await;
            count = removed.complete.then_some(removed.values);
            let delivered = change.filter(|_| removed.complete);
            self.forget(invalidation);
            if let Some(id) = delivered {
                self.delivered().insert(id);
            }
            store.tell(invalidation, delivered).await;
        } else {
            self.forget(invalidation);
            self.delivered().extend(change);
        }
        self.count(invalidation);
        let Invalidation { keys, tags, patterns } = invalidation;
        let us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(?keys, ?tags, ?patterns, count, us, "invalidated");
        count
    }

    /// Forgets in the first tier.
    fn forget(&self, invalidation: &Invalidation) {
        for key in &invalidation.keys {
            self.local.forget_key(key);
        }
        for tag in &invalidation.tags {
            self.local.forget_tag(tag);
        }
        if invalidation.patterns.iter().any(|pattern| self.may_mean_values(pattern)) {
            self.local.forget_all();
        }
    }

    /// Whether a pattern may match the key of a value.
    fn may_mean_values(&self, pattern: &str) -> bool {
        let beginning = pattern.split(['*', '?', '[', '\\']).next().unwrap_or_default();
        let prefixes = self.table.iter().map(Declaration::prefix);
        prefixes.into_iter().any(|prefix| prefix.starts_with(beginning) || beginning.starts_with(prefix))
    }

    fn count(&self, invalidation: &Invalidation) {
        let kinds = [
            ("key", invalidation.keys.len()),
            ("tag", invalidation.tags.len()),
            ("pattern", invalidation.patterns.len()),
        ];
        for (kind, count) in kinds {
            if count > 0 {
                self.metrics.invalidated(kind, count);
            }
        }
    }

    fn views_removed(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.views_removed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn delivered(&self) -> std::sync::MutexGuard<'_, BTreeSet<i64>> {
        self.delivered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
