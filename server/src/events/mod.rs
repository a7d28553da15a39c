//! What happens to QR codes, for whoever wants to know: `qr.scanned` and `qr.created`.
//!
//! Whoever answers a request puts an event into a queue and waits for nothing. From there events go to a sink: the stream
//! `qr.events` in Redis, from which every server takes its share and writes it into the database, each event once; without Redis,
//! straight to the database. Built with the feature `kafka`, events can go to Kafka instead, from where whoever wants them takes
//! them. While the sink does not take them, they go to the database too. No event holds an address of a
//! visitor.
//!
//! Events tell what happened; they do not count it. Scans are counted by [`crate::scans`], all of them. Of events there may be
//! too many: what a full queue does not take is dropped, and counted as dropped.

mod consumer;
#[cfg(feature = "kafka")]
mod kafka;
mod sink;
mod stream;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, header};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use sealcard_core::UnixTime;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

#[cfg(feature = "kafka")]
pub use self::kafka::KafkaSink;
pub use self::sink::{EventSink, SinkError};

use self::sink::DatabaseSink;
use self::stream::RedisStream;
pub(crate) use self::stream::STREAM;
use crate::cache::{Cache, Json};
use crate::clock;
use crate::db::Repository;
use crate::qr_code::{Destination, Id, QrCode};

/// How many events wait at most: about a second of them at full load.
pub const MAX_WAITING: usize = 10_000;

/// How many events are handed over at a time.
const BATCH: usize = 500;

/// How long events are gathered, and so how many are handed over in a second at most: 10,000. More would take the time of those
/// who scan.
const GATHER: Duration = Duration::from_millis(50);

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

/// An event as it waits in the queue: nothing is written out before somebody takes it.
#[derive(Clone, Debug)]
pub(crate) struct Happening {
    number: u64,
    of: Of,
    at: UnixTime,
}

#[derive(Clone, Debug)]
enum Of {
    Created { qr_id: Id, tenant_id: Id },
    Scanned { qr_id: Box<str>, destination: Arc<Json<Destination>>, agent: Option<Box<str>>, site: Option<Box<str>> },
}

impl Happening {
    /// A code was scanned.
    pub(crate) fn scanned(
        qr_id: &str,
        destination: &Arc<Json<Destination>>,
        at: UnixTime,
        request: &HeaderMap,
    ) -> Self {
        let of = Of::Scanned {
            qr_id: qr_id.into(),
            destination: Arc::clone(destination),
            // Copies of what is wanted: a header keeps all that was sent with it in memory.
            agent: text(request, &header::USER_AGENT).map(|agent| cut(agent).into()),
            site: text(request, &header::REFERER).and_then(origin).map(Into::into),
        };
        Self { number: next_number(), of, at }
    }

    /// A code was made.
    pub(crate) fn created(code: &QrCode) -> Self {
        let of = Of::Created { qr_id: code.qr_id.clone(), tenant_id: code.tenant_id.clone() };
        Self { number: next_number(), of, at: code.created_at }
    }

    fn event(&self) -> Event {
        let (r#type, qr_id, tenant_id, agent, site) = match &self.of {
            Of::Created { qr_id, tenant_id } => ("qr.created", qr_id.to_string(), tenant_id.to_string(), None, None),
            Of::Scanned { qr_id, destination, agent, site } => {
                let tenant_id = destination.0.tenant_id.clone();
                ("qr.scanned", String::from(&**qr_id), tenant_id, agent.as_deref(), site.as_deref())
            }
        };
        Event {
            id: id_of(self.number),
            r#type: r#type.into(),
            qr_id,
            tenant_id,
            at: clock::iso8601(self.at),
            user_agent: agent.map(str::to_owned),
            referer: site.map(str::to_owned),
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn next_number() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    COUNT.fetch_add(1, Ordering::Relaxed)
}

/// An id that no other event of any server has: random for the process, and counted.
fn id_of(number: u64) -> String {
    static FIRST: LazyLock<u128> = LazyLock::new(|| Uuid::new_v4().as_u128());
    Uuid::from_u128(FIRST.wrapping_add(number.into())).simple().to_string()
}

fn cut(text: &str) -> String {
    // What is a header's text has a byte for each character.
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
    queue: Mutex<VecDeque<Happening>>,
    came: Notify,
    is_ending: AtomicBool,
    /// The sink has not taken the last batch.
    is_refused: AtomicBool,
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
    /// Hands events to a sink that is given; else to Redis if this cache has one, else to this database.
    #[must_use]
    pub fn new(
        db: Arc<dyn Repository>,
        cache: Arc<Cache>,
        given: Option<Arc<dyn EventSink>>,
        registry: &mut Registry,
    ) -> Self {
        let metrics = Metrics::default();
        registry.register(
            "events",
            "Events by what became of them: published, kept instead, persisted, dead, dropped",
            metrics.events.clone(),
        );
        for fate in ["published", "kept instead", "persisted", "dead", "dropped"] {
            metrics.count(fate, 0);
        }
        let sink: Arc<dyn EventSink> = match given {
            Some(sink) => sink,
            None if cache.has_redis() => Arc::new(RedisStream::new(Arc::clone(&cache))),
            None => Arc::new(DatabaseSink::new(Arc::clone(&db))),
        };
        // Also beside another sink: what was in the stream before is not forgotten.
        let consumer = cache
            .has_redis()
            .then(|| consumer::Consumer::new(RedisStream::new(cache), Arc::clone(&db), metrics.clone()));
        Self {
            queue: Mutex::default(),
            came: Notify::new(),
            is_ending: AtomicBool::new(false),
            is_refused: AtomicBool::new(false),
            sink,
            instead: DatabaseSink::new(db),
            consumer,
            metrics,
        }
    }

    /// Takes an event, without waiting for anything.
    pub(crate) fn publish(&self, happening: Happening) {
        let mut queue = self.queue();
        if queue.len() >= MAX_WAITING {
            drop(queue);
            return self.metrics.count("dropped", 1);
        }
        queue.push_back(happening);
        if queue.len() == 1 {
            self.came.notify_one();
        }
    }

    /// Hands events over as they come, until [`Self::end`]. Whoever drops it before may have events handed over twice.
    pub async fn run(self: Arc<Self>) {
        let mut failed = false;
        while !self.is_ending.load(Ordering::SeqCst) {
            if self.queue().is_empty() {
                self.came.notified().await;
            }
            tokio::time::sleep(if failed { PAUSE_AFTER_FAILURE } else { GATHER }).await;
            failed = !self.hand_over().await;
        }
    }

    /// Lets [`Self::run`] come to its end, after the batch that it is handing over.
    pub fn end(&self) {
        self.is_ending.store(true, Ordering::SeqCst);
        self.came.notify_one();
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

    /// Hands over a batch of what is in the queue. Returns whether somebody took it.
    async fn hand_over(&self) -> bool {
        let batch: Vec<_> = self.queue().iter().take(BATCH).cloned().collect();
        let batch: Vec<_> = batch.iter().map(Happening::event).collect();
        if let Err(error) = self.sink.publish(&batch).await {
            if let Err(instead) = self.instead.publish(&batch).await {
                tracing::debug!(%error, %instead, "neither the sink nor the database takes events");
                return false;
            }
            if !self.is_refused.swap(true, Ordering::Relaxed) {
                tracing::warn!(%error, "the sink does not take events: they go to the database");
            }
            self.metrics.count("kept instead", batch.len());
        } else {
            if self.is_refused.swap(false, Ordering::Relaxed) {
                tracing::info!("the sink takes events again");
            }
            self.metrics.count("published", batch.len());
        }
        // Only this takes events away, and what came meanwhile stands behind them.
        let mut queue = self.queue();
        let handed_over = batch.len().min(queue.len());
        queue.drain(..handed_over);
        true
    }

    fn queue(&self) -> MutexGuard<'_, VecDeque<Happening>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::qr_code::TargetUrl;

    #[test]
    fn an_event_says_who_scanned_as_little_as_possible() {
        let mut request = HeaderMap::new();
        request.insert(header::USER_AGENT, HeaderValue::from_str(&"x".repeat(300)).unwrap());
        let page = "https://user:secret@shop.example/cart?id=7#top";
        request.insert(header::REFERER, HeaderValue::from_static(page));
        let destination =
            Destination { tenant_id: "acme".into(), target_url: TargetUrl::parse("https://acme.example/").unwrap() };
        let at = UnixTime::from_secs(1_769_860_800);
        let happening = Happening::scanned("qr_1", &Arc::new(Json(destination)), at, &request);
        let Of::Scanned { agent: Some(agent), .. } = &happening.of else { panic!("{happening:?}") };
        assert_eq!(agent.len(), MAX_TEXT, "no more is kept in the queue");
        let event = happening.event();
        assert_eq!(event.user_agent.as_ref().unwrap().len(), MAX_TEXT);
        assert_eq!(event.referer.as_deref(), Some("https://shop.example"));
        assert_eq!(event.at, "2026-01-31T12:00:00Z");
        assert_ne!(id_of(next_number()), id_of(next_number()));
        let json = serde_json::to_string(&event).unwrap();
        assert!(json.contains(r#""type":"qr.scanned","qrId":"qr_1""#), "{json}");
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    }
}
