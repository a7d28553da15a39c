//! What the cache counts and measures.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Declaration;

/// How durations are counted: from a tenth of a millisecond to some seconds.
pub(crate) const SECONDS: [f64; 10] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.05, 0.1, 0.5, 2.5];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfResource {
    resource: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfTier {
    resource: &'static str,
    tier: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfResult {
    resource: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfKind {
    kind: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfOperation {
    operation: &'static str,
}

/// Makes the families, and hands out what counts one resource.
#[derive(Clone)]
pub(super) struct CacheMetrics {
    hits: Family<OfTier, Counter>,
    misses: Family<OfResource, Counter>,
    stale: Family<OfResource, Counter>,
    bypassed: Family<OfResource, Counter>,
    loads: Family<OfResult, Counter>,
    load_seconds: Family<OfResource, Histogram>,
    fallbacks: Family<OfResource, Counter>,
    corrupt: Family<OfResource, Counter>,
    invalidations: Family<OfKind, Counter>,
    /// What other servers have told.
    pub(super) told: Counter,
    pub(super) redis: RedisMetrics,
    /// 1 while the log of changes can be read.
    pub(super) source_up: Gauge,
    pub(super) entries: Gauge,
    pub(super) memory: Gauge,
}

/// What counts one resource.
pub(super) struct ResourceMetrics {
    pub(super) memory_hits: Counter,
    pub(super) redis_hits: Counter,
    pub(super) misses: Counter,
    pub(super) stale: Counter,
    pub(super) bypassed: Counter,
    pub(super) loads_ok: Counter,
    pub(super) loads_absent: Counter,
    pub(super) loads_failed: Counter,
    pub(super) load_seconds: Histogram,
    pub(super) fallbacks: Counter,
    pub(super) corrupt: Counter,
}

/// What counts the commands that go to Redis.
#[derive(Clone)]
pub(super) struct RedisMetrics {
    seconds: Family<OfOperation, Histogram>,
    errors: Family<OfKind, Counter>,
    pub(super) in_flight: Gauge,
    pub(super) up: Gauge,
    pub(super) reconnects: Counter,
    pub(super) memory: Gauge,
}

impl CacheMetrics {
    /// Those of Redis are there only if there is one: that none is used is nothing to be alarmed by.
    pub(super) fn new(registry: &mut Registry, has_redis: bool) -> Self {
        let histogram = || Histogram::new(SECONDS);
        let metrics = Self {
            hits: Family::default(),
            misses: Family::default(),
            stale: Family::default(),
            bypassed: Family::default(),
            loads: Family::default(),
            load_seconds: Family::new_with_constructor(histogram),
            fallbacks: Family::default(),
            corrupt: Family::default(),
            invalidations: Family::default(),
            told: Counter::default(),
            redis: RedisMetrics {
                seconds: Family::new_with_constructor(histogram),
                errors: Family::default(),
                in_flight: Gauge::default(),
                up: Gauge::default(),
                reconnects: Counter::default(),
                memory: Gauge::default(),
            },
            source_up: Gauge::default(),
            entries: Gauge::default(),
            memory: Gauge::default(),
        };
        // From the start, so that a rate over them is 0 and not unknown.
        for kind in ["key", "tag", "pattern"] {
            drop(metrics.invalidations.get_or_create(&OfKind { kind }));
        }
        for kind in ["timeout", "connection", "crowded", "refused", "elsewhere", "node"] {
            drop(metrics.redis.errors.get_or_create(&OfKind { kind }));
        }
        let m = metrics.clone();
        registry.register("cache_hits", "Values served from a tier", m.hits);
        registry.register("cache_misses", "Values that no tier had", m.misses);
        registry.register("cache_stale", "Values served although the database could not be asked", m.stale);
        registry.register("cache_bypassed", "Values loaded because their caching is switched off", m.bypassed);
        registry.register("cache_loads", "Loads from the source, by result", m.loads);
        registry.register("cache_load_seconds", "Duration of loads from the source", m.load_seconds);
        registry.register("cache_fallbacks", "Reads that went on without Redis", m.fallbacks);
        registry.register("cache_corrupt", "Values in Redis that did not parse, and were removed", m.corrupt);
        registry.register("cache_invalidations", "Keys, tags and patterns that were invalidated", m.invalidations);
        registry.register("cache_told", "Invalidations that other servers have told", m.told);
        registry.register("cache_source_up", "1 while the log of changes can be read", m.source_up);
        registry.register("cache_entries", "Values in the process", m.entries);
        registry.register("cache_memory_bytes", "Memory of the values in the process, about", m.memory);
        if !has_redis {
            return metrics;
        }
        registry.register("redis_operation_seconds", "Duration of commands to Redis", m.redis.seconds);
        registry.register("redis_errors", "Commands that failed, by kind", m.redis.errors);
        registry.register("redis_commands_in_flight", "Commands that wait for their answer", m.redis.in_flight);
        registry.register("redis_up", "1 while Redis, every master of it, is used", m.redis.up);
        registry.register("redis_reconnects", "Connections to Redis made after the first", m.redis.reconnects);
        registry.register("redis_memory_bytes", "Memory that Redis uses", m.redis.memory);
        metrics
    }

    pub(super) fn of(&self, declaration: &Declaration) -> ResourceMetrics {
        let resource = declaration.name;
        let hits = |tier| self.hits.get_or_create_owned(&OfTier { resource, tier });
        let loads = |result| self.loads.get_or_create_owned(&OfResult { resource, result });
        let one = |family: &Family<OfResource, Counter>| family.get_or_create_owned(&OfResource { resource });
        ResourceMetrics {
            memory_hits: hits("memory"),
            redis_hits: hits("redis"),
            misses: one(&self.misses),
            stale: one(&self.stale),
            bypassed: one(&self.bypassed),
            loads_ok: loads("ok"),
            loads_absent: loads("absent"),
            loads_failed: loads("failed"),
            load_seconds: self.load_seconds.get_or_create_owned(&OfResource { resource }),
            fallbacks: one(&self.fallbacks),
            corrupt: one(&self.corrupt),
        }
    }

    pub(super) fn invalidated(&self, kind: &'static str, count: usize) {
        self.invalidations.get_or_create(&OfKind { kind }).inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

impl RedisMetrics {
    pub(super) fn observe(&self, operation: &'static str, took: Duration) {
        self.seconds.get_or_create(&OfOperation { operation }).observe(took.as_secs_f64());
    }

    pub(super) fn error(&self, kind: &'static str) {
        self.errors.get_or_create(&OfKind { kind }).inc();
    }
}
