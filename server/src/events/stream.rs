//! The stream of events in Redis.

use std::sync::Arc;

use async_trait::async_trait;
use redis::streams::{StreamAutoClaimReply, StreamId, StreamReadReply};
use redis::{Cmd, FromRedisValue, Value};

use super::{Event, EventSink, SinkError};
use crate::cache::{Cache, EntryError};

/// The stream, and what the names of all of them begin with.
pub(crate) const STREAM: &str = "qr.events";

/// Where events go that cannot be read.
const DEAD: &str = "qr.events.dead";

/// The group of those who write events into the database.
const GROUP: &str = "sealcard";

/// About how many events the stream keeps, read or not, and how many dead ones.
const KEPT: usize = 100_000;
const KEPT_DEAD: usize = 10_000;

/// For how long after the last entry, in seconds: a day.
const KEPT_SECS: &str = "86400";

/// The field of an entry with the event as JSON.
const FIELD: &str = "event";

/// How long another server may take for its share before it is taken from it.
const PATIENCE_MS: u32 = 30_000;

/// An entry of the stream: its id, and the event, or what stands there instead.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) event: Result<Event, String>,
}

/// The stream, as seen by one server.
pub(super) struct RedisStream {
    cache: Arc<Cache>,
    consumer: String,
}

impl RedisStream {
    pub(super) fn new(cache: Arc<Cache>) -> Self {
        Self { cache, consumer: uuid::Uuid::new_v4().simple().to_string() }
    }

    /// Whether what is taken can be written, as far as is known.
    pub(super) fn database_is_up(&self) -> bool {
        self.cache.source_is_up()
    }

    /// Begins the group, from the beginning of the stream, if there is none.
    pub(super) async fn begin(&self) -> Result<(), EntryError> {
        let create = |key: &str| command("XGROUP", &["CREATE", key, GROUP, "0", "MKSTREAM"]);
        match self.one(STREAM, create).await {
            Err(EntryError::Refused(error)) if error.contains("BUSYGROUP") => Ok(()),
            Err(error) => Err(error),
            Ok(_) => self.one(STREAM, expire).await.map(drop),
        }
    }

    /// Entries that nobody has taken yet.
    pub(super) async fn take(&self, count: usize) -> Result<Vec<Entry>, EntryError> {
        let count = count.to_string();
        let read =
            |key: &str| command("XREADGROUP", &["GROUP", GROUP, &self.consumer, "COUNT", &count, "STREAMS", key, ">"]);
        let value = self.one(STREAM, read).await?;
        let reply: Option<StreamReadReply> = parse(value)?;
        Ok(reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids).map(entry).collect())
    }

    /// Entries that another server took and did not finish.
    pub(super) async fn take_over(&self, count: usize) -> Result<Vec<Entry>, EntryError> {
        let (patience, count) = (PATIENCE_MS.to_string(), count.to_string());
        let claim = |key: &str| command("XAUTOCLAIM", &[key, GROUP, &self.consumer, &patience, "0", "COUNT", &count]);
        let reply: StreamAutoClaimReply = parse(self.one(STREAM, claim).await?)?;
        Ok(reply.claimed.into_iter().map(entry).collect())
    }

    /// Says that entries were dealt with.
    pub(super) async fn finish(&self, entries: &[Entry]) -> Result<(), EntryError> {
        let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        self.one(STREAM, |key| command("XACK", &[&[key, GROUP], ids.as_slice()].concat())).await.map(drop)
    }

    /// Puts entries aside that cannot be kept, and says why.
    pub(super) async fn bury(&self, entries: &[(&Entry, String)]) -> Result<(), EntryError> {
        let kept = KEPT_DEAD.to_string();
        let add = |index: usize, key: &str| {
            let Some((entry, text)) = entries.get(index) else { return expire(key) };
            command("XADD", &[key, "MAXLEN", "~", &kept, "*", "id", &entry.id, "entry", text])
        };
        let keys = vec![DEAD.to_owned(); entries.len().saturating_add(1)];
        self.cache.entries().run::<Value>("publish event", &keys, add).await.map(drop)
    }

    async fn one(&self, key: &str, cmd: impl Fn(&str) -> Cmd + Send + Sync) -> Result<Value, EntryError> {
        let values = self.cache.entries().run("take events", &[key.to_owned()], |_, key| cmd(key)).await?;
        values.into_iter().next().ok_or(EntryError::Unavailable)
    }
}

#[async_trait]
impl EventSink for RedisStream {
    async fn publish(&self, events: &[Event]) -> Result<(), SinkError> {
        let json: Result<Vec<_>, _> = events.iter().map(serde_json::to_string).collect();
        let json = json.map_err(|error| SinkError(error.to_string()))?;
        let kept = KEPT.to_string();
        let add = |index: usize, key: &str| match json.get(index) {
            Some(event) => command("XADD", &[key, "MAXLEN", "~", &kept, "*", FIELD, event]),
            None => expire(key),
        };
        let keys = vec![STREAM.to_owned(); events.len().saturating_add(1)];
        let added = self.cache.entries().run::<Value>("publish event", &keys, add).await;
        added.map(drop).map_err(|error| SinkError(error.to_string()))
    }
}

/// Nothing but counters is kept in Redis without an end.
fn expire(key: &str) -> Cmd {
    command("EXPIRE", &[key, KEPT_SECS])
}

fn command(name: &str, arguments: &[&str]) -> Cmd {
    let mut cmd = redis::cmd(name);
    cmd.arg(arguments);
    cmd
}

fn parse<T: FromRedisValue>(value: Value) -> Result<T, EntryError> {
    T::from_redis_value(value).map_err(|error| EntryError::Refused(error.to_string()))
}

fn entry(entry: StreamId) -> Entry {
    let text = entry.map.get(FIELD).and_then(|value| String::from_redis_value_ref(value).ok());
    let event = match &text {
        Some(text) => serde_json::from_str(text).map_err(|error| format!("{error}: {text}")),
        None => Err(format!("no field {FIELD}: {:?}", entry.map.keys())),
    };
    Entry { id: entry.id, event }
}
