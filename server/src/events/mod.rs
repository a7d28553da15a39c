//! What happens to QR codes, for whoever wants to know: `qr.scanned` and `qr.created`.
//!
//! Whoever answers a request puts an event into a queue and waits for nothing. From there events go to a sink: the stream
//! `qr.events` in Redis, from which every server takes its share and writes it into the database, each event once; without Redis,
//! straight to the database. While the sink does not take them, they go to the database too. No event holds an address of a
//! visitor.
//!
//! Events tell what happened; they do not count it. Scans are counted by [`crate::scans`], all of them. Of events there may be
//! too many: what a full queue does not take is dropped, and counted as dropped.

mod consumer;
mod sink;
mod stream;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use sealcard_core::UnixTime;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

pub use self::sink::{EventSink, SinkError};

use self::sink::DatabaseSink;
use self::stream::RedisStream;
use crate::cache::Cache;
use crate::clock;
use crate::db::Repository;
use crate::qr_code::QrCode;

/// How many events wait at most: about a second of them at full load.
pub const MAX_WAITING: usize = 10_000;

/// How many events are handed over at a time.
const BATCH: usize = 500;

/// How long events are gathered.
const GATHER: Duration = Duration::from_millis(20);

/// The pause after nobody took them.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Longer names of programs and sites are cut.
const MAX_TEXT: usize = 200;

/// Something that has happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Tells it from every other: whoever gets it twice knows.
    pub id: String,
    /// What: `qr.scanned` or `qr.created`.
    pub r#type: String,
    /// The code.
    pub qr_id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// When, ISO 8601.
    pub at: String,
    /// The program that scanned, as it calls itself, up to 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The site from which somebody came: its scheme and host, nothing of the page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub referer: Option<String>,
}

impl Event {
    /// A code was scanned.
    #[must_use]
    pub fn scanned(qr_id: &str, tenant_id: &str, at: UnixTime, request: &HeaderMap) -> Self {
        let text = |name: HeaderName| request.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Self {
            user_agent: text(header::USER_AGENT).map(cut),
            referer: text(header::REFERER).and_then(origin),
            ..Self::new("qr.scanned", qr_id, tenant_id, at)
        }
    }

    /// A code was made.
    #[must_use]
    pub fn created(code: &QrCode) -> Self {
        Self::new("qr.created", code.qr_id.as_str(), code.tenant_id.as_str(), code.created_at)
    }

    fn new(kind: &str, qr_id: &str, tenant_id: &str, at: UnixTime) -> Self {
        Self {
            id: next_id(),
            r#type: kind.into(),
            qr_id: qr_id.into(),
            tenant_id: tenant_id.into(),
            at: clock::iso8601(at),
            user_agent: None,
            referer: None,
        }
    }
}

/// An id that no other event of any server has: random for the process, and counted.
fn next_id() -> String {
    static FIRST: LazyLock<u128> = LazyLock::new(|| Uuid::new_v4().as_u128());
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(FIRST.wrapping_add(count.into())).simple().to_string()
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

/// The scheme and host of a page's address.
fn origin(page: &str) -> Option<String> {
    let (scheme, rest) = page.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next().and_then(|host| host.rsplit('@').next())?;
    (!host.is_empty()).then(|| cut(&format!("{scheme}://{host}")))
}

/// Takes events, and hands them over.
pub struct Events {
    queue: Mutex<VecDeque<Event>>,
    came: Notify,
    sink: Arc<dyn EventSink>,
    /// Where events go that the sink does not take.
    instead: DatabaseSink,
    consumer: Option<consumer::Consumer>,
    metrics: Metrics,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Fate {
    fate: &'static str,
}

#[derive(Clone, Default)]
struct Metrics {
    events: Family<Fate, Counter>,
}

impl Metrics {
    fn count(&self, fate: &'static str, events: usize) {
        self.events.get_or_create(&Fate { fate }).inc_by(u64::try_from(events).unwrap_or(u64::MAX));
    }
}

impl Events {
    /// Hands events to Redis if this cache has one, else to this database.
    #[must_use]
    pub fn new(db: Arc<dyn Repository>, cache: Arc<Cache>, registry: &mut Registry) -> Self {
        let metrics = Metrics::default();
        registry.register(
            "events",
            "Events by what became of them: published, kept instead, persisted, dead, dropped",
            metrics.events.clone(),
        );
        for fate in ["published", "kept instead", "persisted", "dead", "dropped"] {
            metrics.count(fate, 0);
        }
        let with_redis = cache.has_redis();
        let sink: Arc<dyn EventSink> = if with_redis {
            Arc::new(RedisStream::new(Arc::clone(&cache)))
        } else {
            Arc::new(DatabaseSink::new(Arc::clone(&db)))
        };
        let consumer =
            with_redis.then(|| consumer::Consumer::new(RedisStream::new(cache), Arc::clone(&db), metrics.clone()));
        Self { queue: Mutex::default(), came: Notify::new(), sink, instead: DatabaseSink::new(db), consumer, metrics }
    }

    /// Takes an event, without waiting for anything.
    pub fn publish(&self, event: Event) {
        let mut queue = self.queue();
        if queue.len() >= MAX_WAITING {
            drop(queue);
            return self.metrics.count("dropped", 1);
        }
        queue.push_back(event);
        if queue.len() == 1 {
            self.came.notify_one();
        }
    }

    /// Hands events over as they come, until it is dropped.
    pub async fn run(self: Arc<Self>) {
        let mut failed = false;
        loop {
            if self.queue().is_empty() {
                self.came.notified().await;
            }
            tokio::time::sleep(if failed { PAUSE_AFTER_FAILURE } else { GATHER }).await;
            failed = !self.hand_over().await;
        }
    }

    /// Takes this server's share of the events in Redis, and writes it into the database, until it is dropped.
    pub async fn consume(self: Arc<Self>) {
        if let Some(consumer) = &self.consumer {
            consumer.run().await;
        }
    }

    /// Hands over what there is, when the server ends.
    pub async fn finish(&self) {
        while !self.queue().is_empty() {
            if !self.hand_over().await {
                let lost = self.queue().len();
                self.metrics.count("dropped", lost);
                tracing::warn!(lost, "events were neither taken by their sink nor by the database");
                return;
            }
        }
    }

    /// Hands over everything that is in the queue now. Returns whether somebody took it.
    async fn hand_over(&self) -> bool {
        loop {
            let batch: Vec<_> = self.queue().iter().take(BATCH).cloned().collect();
            if batch.is_empty() {
                return true;
            }
            if let Err(error) = self.sink.publish(&batch).await {
                tracing::debug!(%error, "the sink does not take events");
                if let Err(error) = self.instead.publish(&batch).await {
                    tracing::debug!(%error, "nor does the database");
                    return false;
                }
                self.metrics.count("kept instead", batch.len());
            } else {
                self.metrics.count("published", batch.len());
            }
            // Only this takes events away, and what came meanwhile stands behind them.
            let mut queue = self.queue();
            let handed_over = batch.len().min(queue.len());
            queue.drain(..handed_over);
        }
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_says_who_scanned_as_little_as_possible() {
        let mut request = HeaderMap::new();
        request.insert(header::USER_AGENT, HeaderValue::from_str(&"x".repeat(300)).unwrap());
        let page = "https://user:secret@shop.example/cart?id=7#top";
        request.insert(header::REFERER, HeaderValue::from_static(page));
        let event = Event::scanned("qr_1", "acme", UnixTime::from_secs(1_769_860_800), &request);
        assert_eq!(event.user_agent.as_ref().unwrap().len(), MAX_TEXT);
        assert_eq!(event.referer.as_deref(), Some("https://shop.example"));
        assert_eq!(event.at, "2026-01-31T12:00:00Z");
        assert_ne!(next_id(), next_id());
        let json = serde_json::to_string(&event).unwrap();
        assert!(json.contains(r#""type":"qr.scanned","qrId":"qr_1""#), "{json}");
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    }
}
