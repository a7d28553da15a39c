//! Reading: through the tiers down to the source, and what is found kept on the way back.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::local::{AnyValue, Entry, Stamps};
use super::source::Trust;
use super::store::Read;
use super::{CachedResponse, Found, Inner, Kind, LoadError, Lookup, Resource, Tiers, Value, response};

/// How often a value that was overtaken by changes is read again before one is loaded and handed out unkept.
const MAX_READS: u32 = 4;

/// What a read of everything behind the first tier has come to.
struct Loaded<E> {
    result: Result<Option<Arc<Entry>>, E>,
    lookup: Lookup,
}

/// What is asked for.
pub(super) struct Request {
    index: usize,
    key: String,
    tags: Vec<String>,
}

impl Inner {
    pub(super) fn request<V>(&self, resource: Resource<V>, argument: &str) -> Request {
        let declaration = self.table.get(resource.index);
        Request {
            index: resource.index,
            key: declaration.map(|declaration| declaration.key_of(argument)).unwrap_or_default(),
            tags: declaration.map(|declaration| declaration.tags_of(argument)).unwrap_or_default(),
        }
    }

    /// The same for a whole answer, whose name is in its one spelling already; `None` if the resource is not for it.
    pub(super) fn request_for(&self, resource: Resource<CachedResponse>, argument: &str) -> Option<Request> {
        let declaration = self.table.get(resource.index)?;
        let key = format!("{}{argument}", response::PREFIX);
        key.starts_with(declaration.prefix()).then(|| Request {
            index: resource.index,
            key,
            tags: declaration.tags_of(argument),
        })
    }

    /// [`super::Cache::get_or_load`]. What is in memory is found without waiting. Everything else is boxed: it would make the
    /// future of each handler larger by kilobytes, and those are copied for each request.
    pub(super) async fn get_or_load<V, E, L>(
        &self,
        _: Resource<V>,
        request: Request,
        load: impl Fn() -> L + Send + Sync,
    ) -> Result<Option<Found<V>>, E>
    where
        V: Value,
        E: LoadError,
        L: Future<Output = Result<Option<V>, E>> + Send,
    {
        if let Some(found) = self.in_memory(request.index, &request.key, Instant::now()) {
            return Ok(Some(found));
        }
        Box::pin(self.read_through(request, load)).await
    }

    /// What the first tier has, if it may be served.
    pub(super) fn in_memory<V: Value>(&self, index: usize, key: &str, now: Instant) -> Option<Found<V>> {
        let kind = self.kinds.get(index).filter(|kind| kind.on)?;
        let entry = self.local.get(key).filter(|entry| now < entry.kept_until)?;
        let lookup = match self.source.trust(now) {
            Trust::Verified if now < entry.fresh_until && self.local.is_untouched(&entry.stamps) => Lookup::Hit,
            Trust::Down => Lookup::Stale,
            Trust::Verified | Trust::Unverified => return None,
        };
        tracing::debug!(key, us = micros(now), lookup = lookup.as_str(), "found in the process");
        kind.found(&entry.value, lookup)
    }

    async fn read_through<V, E, L>(
        &self,
        request: Request,
        load: impl Fn() -> L + Send + Sync,
    ) -> Result<Option<Found<V>>, E>
    where
        V: Value,
        E: LoadError,
        L: Future<Output = Result<Option<V>, E>> + Send,
    {
        let found = |value, lookup| Found { value: Arc::new(value), lookup };
        let tiers = self.table.get(request.index).map_or(Tiers::Memory, |declaration| declaration.tiers);
        let is_kept = tiers != Tiers::Redis || self.shared.store().is_some();
        let Some(kind) = self.kinds.get(request.index).filter(|kind| kind.on && is_kept) else {
            if let Some(kind) = self.kinds.get(request.index) {
                kind.metrics.bypassed.inc();
            }
            return Ok(load().await?.map(|value| found(value, Lookup::Bypass)));
        };
        let mut missed = false;
        for _ in 0..MAX_READS {
            let stamps = self.local.stamps(&request.key, &request.tags);
            let reading = self.read::<V, E, L>(kind, &request, &stamps, &load);
            let Some(loaded) = self.local.share(&request.key, &stamps, reading).await else {
                break;
            };
            missed |= loaded.lookup == Lookup::Miss;
            if self.local.is_current(&stamps) {
                return match &loaded.result {
                    Ok(None) => Ok(None),
                    Ok(Some(entry)) => {
                        let Ok(value) = Arc::clone(&entry.value).downcast::<V>() else { break };
                        let lookup = if missed { Lookup::Miss } else { loaded.lookup };
                        Ok(Some(Found { value, lookup }))
                    }
                    Err(error) => {
                        let kept = error.is_unavailable().then(|| self.local.get(&request.key)).flatten();
                        let kept = kept.filter(|entry| Instant::now() < entry.kept_until);
                        kept.and_then(|entry| kind.found(&entry.value, Lookup::Stale)).map(Some).ok_or(error.clone())
                    }
                };
            }
            // Overtaken by a change, perhaps by one after the reading began: somebody may have read again already.
            if let Some(found) = self.in_memory(request.index, &request.key, Instant::now()) {
                return Ok(Some(found));
            }
        }
        Ok(load().await?.map(|value| found(value, Lookup::Miss)))
    }

    /// Reads a value from behind the first tier, and keeps it there under the generations noted before.
    async fn read<V, E, L>(
        &self,
        kind: &Kind,
        request: &Request,
        stamps: &Stamps,
        load: impl Fn() -> L + Send,
    ) -> Loaded<E>
    where
        V: Value,
        E: LoadError,
        L: Future<Output = Result<Option<V>, E>> + Send,
    {
        let in_redis = self.table.get(request.index).is_some_and(|declaration| declaration.tiers != Tiers::Memory);
        let store = self.shared.store().filter(|_| in_redis);
        let mut lease = None;
        if let Some(store) = store {
            let began = Instant::now();
            // Once more if what is there is no value: then it has been removed.
            for _ in 0..2 {
                match store.read(&request.key, &request.tags).await {
                    Read::Value { bytes, ttl_ms } => match V::decode(&bytes) {
                        Ok(value) => {
                            // Redis is only as good as what is known of the log.
                            let lookup = match self.source.trust(Instant::now()) {
                                Trust::Down => Lookup::Stale,
                                Trust::Verified => Lookup::Hit,
                                Trust::Unverified => break,
                            };
                            let ttl = Duration::from_millis(ttl_ms).min(kind.ttl);
                            let entry = self.keep(request, value, stamps.clone(), ttl);
                            if lookup == Lookup::Hit { &kind.metrics.redis_hits } else { &kind.metrics.stale }.inc();
                            tracing::debug!(
                                key = request.key,
                                us = micros(began),
                                lookup = lookup.as_str(),
                                "found in Redis"
                            );
                            return Loaded { result: Ok(Some(entry)), lookup };
                        }
                        Err(error) => {
                            kind.metrics.corrupt.inc();
                            tracing::warn!(key = request.key, %error, "a value in Redis does not parse, and is removed");
                            store.remove_corrupt(&request.key).await;
                        }
                    },
                    Read::Lease(permission) => {
                        lease = Some(permission);
                        break;
                    }
                    Read::Corrupt => {
                        kind.metrics.corrupt.inc();
                        tracing::warn!(key = request.key, "what stands in Redis is none of ours, and is removed");
                        store.remove_corrupt(&request.key).await;
                    }
                    Read::Off => {
                        kind.metrics.fallbacks.inc();
                        break;
                    }
                }
            }
        }
        kind.metrics.misses.inc();
        let began = Instant::now();
        let result = load().await;
        let took = began.elapsed();
        kind.metrics.load_seconds.observe(took.as_secs_f64());
        tracing::debug!(key = request.key, us = micros(began), lookup = Lookup::Miss.as_str(), "loaded");
        let result = match result {
            Ok(Some(value)) => {
                kind.metrics.loads_ok.inc();
                if let (Some(store), Some(lease)) = (store, &lease) {
                    match value.encode() {
                        Ok(bytes) => {
                            let ttl_ms = u64::try_from(kind.ttl.as_millis()).unwrap_or(u64::MAX);
                            let began = Instant::now();
                            store.write(&request.key, &request.tags, lease, &bytes, ttl_ms).await;
                            tracing::debug!(key = request.key, us = micros(began), ttl_ms, "set in Redis");
                        }
                        Err(error) => tracing::error!(key = request.key, %error, "a value cannot be written to Redis"),
                    }
                }
                Ok(Some(self.keep(request, value, stamps.clone(), kind.ttl)))
            }
            Ok(None) => {
                kind.metrics.loads_absent.inc();
                Ok(None)
            }
            Err(error) => {
                kind.metrics.loads_failed.inc();
                Err(error)
            }
        };
        Loaded { result, lookup: Lookup::Miss }
    }

    fn keep<V: Value>(&self, request: &Request, value: V, stamps: Stamps, ttl: Duration) -> Arc<Entry> {
        let now = Instant::now();
        let after = |span| now.checked_add(span).unwrap_or(now);
        let entry = Arc::new(Entry {
            weight: value.weight(),
            value: Arc::new(value),
            stamps,
            fresh_until: after(ttl),
            kept_until: after(ttl.saturating_add(self.stale_for)),
        });
        if self.table.get(request.index).is_some_and(|declaration| declaration.tiers != Tiers::Redis) {
            self.local.insert(&request.key, Arc::clone(&entry));
        }
        entry
    }
}

/// How long ago it was, for a line of the log.
fn micros(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX)
}

impl Kind {
    /// Hands out a value that was kept, and counts it.
    fn found<V: Value>(&self, value: &AnyValue, lookup: Lookup) -> Option<Found<V>> {
        let value = Arc::clone(value).downcast().ok()?;
        if lookup == Lookup::Hit { &self.metrics.memory_hits } else { &self.metrics.stale }.inc();
        Some(Found { value, lookup })
    }
}
