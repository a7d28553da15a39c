//! The second tier in Redis, alone or as a cluster.
//!
//! Redis is believed only through a connection on which it was brought up to date. It holds a marker that says up to
//! which change of the log its values are good. Whoever connects removes everything that changed since, or everything if
//! that cannot be told, before it reads anything. So it does not matter why Redis was away, nor whether it comes back as it
//! was, empty, or with an old copy: its marker is as old as its values.

mod address;
mod backplane;
mod commands;
mod keys;
mod node;
mod recovery;
mod removal;
mod scripts;
mod status;
mod topology;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use redis::{Pipeline, PushInfo, PushKind, Value};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

pub use address::{RedisAddress, RedisAddressError};
pub use status::RedisStatus;

use self::backplane::{Backplane, Sign, Told};
use self::keys::Names;
use self::node::{Node, NodeError, Reply};
use self::topology::Topology;
use super::metrics::RedisMetrics;
use super::store::{Read, Removed, Store};
use super::{ChangeLog, Declaration, Invalidation, Tiers};

/// After how many heartbeats Redis is asked how it is.
const STATUS_EVERY: u64 = 30;

/// How many confirmations go into one round trip.
const MAX_SIGNS: usize = 500;

/// How often an invalidation follows keys that have moved to another node.
const MAX_REDIRECTS: u32 = 3;

/// How Redis is used.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// Where it is.
    pub address: RedisAddress,
    /// What stands before every key.
    pub prefix: String,
    /// What stands before every key after that, as `v2:`, but those of `data`.
    pub version: Option<u32>,
    /// What the keys begin with that are no values: they are the same whatever the version.
    pub data: &'static [&'static str],
    /// What the keys begin with that only show what the database says, and are not kept up to date by the log.
    pub views: &'static [&'static str],
    /// How long a command may take, and, from 100 ms to a second, how long a change waits for the other servers.
    pub timeout: Duration,
    /// The longest pause between attempts to connect.
    pub max_pause: Duration,
}

/// What the second tier hears from other servers, and from Redis itself.
pub(super) trait Listener: Send + Sync {
    /// Another server tells of a change. Its number says that Redis holds nothing of what was before.
    fn told(&self, invalidation: &Invalidation, change: Option<i64>);

    /// Somebody has changed a key in Redis; or all of them, or nobody knows which.
    fn touched(&self, key: Option<&str>);

    /// These views were removed because they may have been out of date.
    fn views_removed(&self, keys: Vec<String>);
}

pub(super) struct Redis {
    shared: Arc<Shared>,
    tasks: std::sync::Mutex<JoinSet<()>>,
}

struct Shared {
    options: RedisOptions,
    names: Names,
    /// What the keys of the values begin with.
    prefixes: Vec<String>,
    topology: RwLock<Arc<Topology>>,
    /// Told when the topology may have changed.
    moved: Notify,
    /// Held by whoever asks the cluster who has what.
    refreshing: tokio::sync::Mutex<()>,
    backplane: Backplane,
    /// What is to be said on the channel of the servers.
    signs: mpsc::UnboundedSender<Sign>,
    listener: Arc<dyn Listener>,
    log: Arc<dyn ChangeLog>,
    /// Up to which change of which log everything was seen.
    position: watch::Receiver<Option<(String, i64)>>,
    metrics: RedisMetrics,
    connections: AtomicU64,
    echoes: Echoes,
}

impl Redis {
    /// Begins to connect, and returns at once.
    pub(super) fn start(
        options: RedisOptions,
        table: &[Declaration],
        listener: Arc<dyn Listener>,
        log: Arc<dyn ChangeLog>,
        position: watch::Receiver<Option<(String, i64)>>,
        metrics: RedisMetrics,
    ) -> Self {
        let names = Names::new(&options, table);
        let kept = table.iter().filter(|declaration| declaration.tiers != Tiers::Memory);
        let prefixes = kept.map(|declaration| names.key(declaration.prefix())).collect();
        let (signs, to_say) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            names,
            prefixes,
            topology: RwLock::new(Arc::new(Topology::Unknown)),
            moved: Notify::new(),
            refreshing: tokio::sync::Mutex::default(),
            backplane: Backplane::new(random_token(), backplane::patience(options.timeout)),
            signs,
            listener,
            log,
            position,
            metrics,
            connections: AtomicU64::new(0),
            echoes: Echoes::default(),
            options,
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(speak(Arc::clone(&shared), to_say));
        tasks.spawn(beat(Arc::clone(&shared)));
        tasks.spawn(recovery::keep_topology(Arc::clone(&shared)));
        Self { shared, tasks: std::sync::Mutex::new(tasks) }
    }

    /// Whether every node is believed.
    pub(super) fn is_up(&self) -> bool {
        self.shared.is_up()
    }

    /// Says goodbye, and closes the connections.
    pub(super) async fn stop(&self) {
        let sign = Sign { server: self.shared.backplane.server.clone(), heard: None, leaving: true };
        self.shared.say(&[sign]).await;
        let mut tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.shutdown().await;
        let topology = std::mem::replace(
            &mut *self.shared.topology.write().unwrap_or_else(PoisonError::into_inner),
            Arc::new(Topology::Unknown),
        );
        for node in topology.nodes() {
            node.stop();
        }
    }
}

impl Shared {
    /// Of which log the changes are.
    fn log_name(&self) -> String {
        self.position.borrow().as_ref().map(|(log, _)| log.clone()).unwrap_or_default()
    }

    fn topology(&self) -> Arc<Topology> {
        // Replaced whole: whoever panicked meanwhile has left the one before.
        Arc::clone(&self.topology.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_up(&self) -> bool {
        let topology = self.topology();
        !topology.nodes().is_empty() && topology.nodes().iter().all(|node| node.is_up())
    }

    /// Runs commands on the node that has a key.
    async fn at(&self, key: &str, operation: &'static str, pipe: &mut Pipeline) -> Result<Vec<Reply>, NodeError> {
        let topology = self.topology();
        let Some(node) = topology.owner(key) else { return Err(NodeError::Off) };
        let replies = node.query(operation, pipe).await;
        if matches!(replies, Err(NodeError::Elsewhere)) {
            self.moved.notify_one();
        }
        replies
    }

    /// The versions of tags that hold now; `None` if one cannot be told. To be asked for before anything that stands under
    /// them.
    async fn versions(&self, tags: &[String]) -> Option<String> {
        let mut versions = String::new();
        for tag in tags {
            let tag = self.names.tag(tag);
            let mut pipe = redis::pipe();
            pipe.add_command(scripts::version(&tag, &random_token()));
            match self.at(&tag, "version", &mut pipe).await.as_deref() {
                Ok([Ok(version)]) => versions.push_str(text(version)?),
                Ok([Err(error)]) if error.code() == Some("WRONGTYPE") => {
                    tracing::warn!(tag, "what stands in Redis for the version of a tag is none, and is removed");
                    let _ = self.at(&tag, "remove", redis::pipe().cmd("UNLINK").arg(Names::version(&tag))).await;
                    return None;
                }
                _ => return None,
            }
        }
        Some(versions)
    }

    /// Changes a key by commands of which the first answers 1 if it has. Redis tells of it as of anybody's. Returns whether it
    /// has.
    async fn touch(&self, key: &str, physical: &str, operation: &'static str, pipe: &mut Pipeline) -> bool {
        let echo = self.echoes.expect(physical);
        let replies = self.at(physical, operation, pipe).await;
        match replies.as_deref().map(|replies| replies.first()) {
            Ok(Some(Ok(Value::Int(1)))) => {
                echo.will_come();
                return true;
            }
            Ok(Some(Err(error))) => tracing::debug!(key, %error, "a value was not changed"),
            _ => {}
        }
        // Nothing was changed: then what came was no echo.
        if echo.has_come() {
            self.listener.touched(Some(key));
        }
        false
    }

    /// Stops believing any node: each is brought up to date before it is used again.
    fn distrust(&self, reason: &str) {
        for node in self.topology().nodes() {
            node.distrust(reason);
        }
    }

    async fn say(&self, signs: &[Sign]) {
        let channel = self.names.servers();
        let mut pipe = redis::pipe();
        for sign in signs {
            let Ok(text) = serde_json::to_string(sign) else { continue };
            pipe.cmd("PUBLISH").arg(&channel).arg(text);
        }
        // Whoever does not hear it learns of changes from the log.
        let _ = self.at(&channel, "publish", &mut pipe).await;
    }

    /// Takes what Redis sends unasked. Called on the connection's own task, in the order in which Redis sent it, and before
    /// any answer that comes later: it must not wait.
    fn take_push(&self, node: &Node, number: u64, push: PushInfo) {
        match push.kind {
            PushKind::Disconnection => node.give_up(number, "the connection was closed"),
            PushKind::Invalidate => match push.data.first() {
                Some(Value::Array(keys)) => {
                    let foreign = keys.iter().filter_map(text).filter(|key| !self.echoes.take(key));
                    for key in foreign.filter_map(|key| self.names.logical(key)) {
                        self.listener.touched(Some(key));
                    }
                }
                _ => self.listener.touched(None),
            },
            PushKind::Message => {
                let [channel, payload] = push.data.as_slice() else { return };
                let (Some(channel), Some(payload)) = (text(channel), text(payload)) else { return };
                if channel == self.names.invalidations() {
                    self.take_told(payload);
                } else if let Ok(sign) = serde_json::from_str(payload) {
                    self.backplane.hear(sign, Instant::now());
                }
            }
            _ => {}
        }
    }

    fn take_told(&self, payload: &str) {
        let told: Told = match serde_json::from_str(payload) {
            Ok(told) => told,
            Err(error) => {
                tracing::warn!(%error, "a message on the channel of invalidations is none");
                return;
            }
        };
        if told.server == self.backplane.server {
            return;
        }
        let is_like_ours =
            told.form == self.names.form() && told.map == self.topology().map() && told.log == self.log_name();
        let change = told.change.filter(|_| is_like_ours);
        self.listener.told(&told.invalidation, change);
        let heard = Some((told.server, told.seq));
        let _ = self.signs.send(Sign { server: self.backplane.server.clone(), heard, leaving: false });
    }
}

/// Writes of this server, of which Redis tells it as of anybody's: each once, on the same connection. That is no reason to
/// forget the value. (`NOLOOP` would not help: it does not know whose script has written.)
#[derive(Default)]
struct Echoes(std::sync::Mutex<HashMap<String, u32>>);

/// One that is expected. Dropped, it is not any more: then a request was given up, and nobody knows what has become of its
/// write.
struct Echo<'a> {
    echoes: &'a Echoes,
    key: &'a str,
    is_open: bool,
}

impl Echoes {
    fn expect<'a>(&'a self, key: &'a str) -> Echo<'a> {
        let mut expected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = expected.entry(key.to_owned()).or_default();
        *count = count.saturating_add(1);
        Echo { echoes: self, key, is_open: true }
    }

    /// Whether one was expected; it is not any more.
    fn take(&self, key: &str) -> bool {
        let mut expected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(count) = expected.get_mut(key) else { return false };
        *count = count.saturating_sub(1);
        if *count == 0 {
            expected.remove(key);
        }
        true
    }

    /// None will come of what was sent before.
    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Echo<'_> {
    /// The write was carried out.
    fn will_come(mut self) {
        self.is_open = false;
    }

    /// Whether something came that was taken for it.
    fn has_come(mut self) -> bool {
        self.is_open = false;
        !self.echoes.take(self.key)
    }
}

impl Drop for Echo<'_> {
    fn drop(&mut self) {
        if self.is_open {
            self.echoes.take(self.key);
        }
    }
}

/// Says on the channel of the servers what is to be said.
async fn speak(shared: Arc<Shared>, mut signs: mpsc::UnboundedReceiver<Sign>) {
    let mut waiting = Vec::new();
    // As many at a time as have come meanwhile.
    while signs.recv_many(&mut waiting, MAX_SIGNS).await > 0 {
        shared.say(&waiting).await;
        waiting.clear();
    }
}

/// Says that this server is there; and by that, and by asking the other nodes, notices early when Redis is gone.
async fn beat(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(backplane::HEARTBEAT);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let sign = Sign { server: shared.backplane.server.clone(), heard: None, leaving: false };
    for beat in 0_u64.. {
        ticks.tick().await;
        shared.say(std::slice::from_ref(&sign)).await;
        if beat.is_multiple_of(STATUS_EVERY) {
            shared.status().await;
        }
        for node in shared.topology().nodes() {
            let _ = node.query("ping", redis::pipe().cmd("PING")).await;
        }
        shared.metrics.up.set(i64::from(shared.is_up()));
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

fn random_token() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

#[async_trait]
impl Store for Redis {
    async fn read(&self, key: &str, tags: &[String]) -> Read {
        let shared = &self.shared;
        let physical = shared.names.key(key);
        let Some(versions) = shared.versions(tags).await else { return Read::Off };
        let mut pipe = redis::pipe();
        pipe.add_command(scripts::read(&physical, &format!("{}{versions}", random_token())));
        let Ok(replies) = shared.at(&physical, "read", &mut pipe).await else { return Read::Off };
        match replies.into_iter().next() {
            Some(Ok(Value::Array(fields))) => match fields.as_slice() {
                // A value of ours always ends by itself.
                [Value::BulkString(bytes), Value::Int(ttl_ms)] if *ttl_ms >= 0 => {
                    Read::Value { bytes: bytes.clone(), ttl_ms: ttl_ms.unsigned_abs() }
                }
                [Value::Nil, Value::BulkString(lease)] => match String::from_utf8(lease.clone()) {
                    Ok(lease) => Read::Lease(lease),
                    Err(_) => Read::Corrupt,
                },
                [Value::Nil, Value::Nil] => Read::Off,
                _ => Read::Corrupt,
            },
            Some(Err(error)) => {
                tracing::debug!(key, %error, "what stands in Redis cannot be read");
                if error.code() == Some("WRONGTYPE") { Read::Corrupt } else { Read::Off }
            }
            _ => Read::Off,
        }
    }

    async fn write(&self, key: &str, tags: &[String], lease: &str, value: &[u8], ttl_ms: u64) {
        let physical = self.shared.names.key(key);
        let mut pipe = redis::pipe();
        pipe.add_command(scripts::write(&physical, lease, value, ttl_ms));
        if !self.shared.touch(key, &physical, "write", &mut pipe).await {
            return;
        }
        for tag in tags {
            let tag = self.shared.names.tag(tag);
            let mut pipe = redis::pipe();
            pipe.add_command(scripts::tag(&tag, &physical, ttl_ms));
            let _ = self.shared.at(&tag, "tag", &mut pipe).await;
        }
    }

    async fn remove_corrupt(&self, key: &str) {
        let physical = self.shared.names.key(key);
        let mut pipe = redis::pipe();
        pipe.cmd("UNLINK").arg(&physical).cmd("UNLINK").arg(Names::lease(&physical)).arg(Names::versions(&physical));
        self.shared.touch(key, &physical, "remove", &mut pipe).await;
    }

    async fn remove(&self, invalidation: &Invalidation) -> Removed {
        let shared = &self.shared;
        for _ in 0..MAX_REDIRECTS {
            let topology = shared.topology();
            if topology.nodes().is_empty() {
                return Removed { values: 0, complete: false };
            }
            // Those that are being brought up to date remember what they miss.
            for node in topology.nodes() {
                node.miss(invalidation);
            }
            let (values, error) = removal::remove(shared, &topology, None, invalidation).await;
            match error {
                None => return Removed { values, complete: true },
                Some(NodeError::Elsewhere) => recovery::refresh(shared).await,
                // Whoever is gone is brought up to date before it is believed again.
                Some(NodeError::Off | NodeError::Gone(_)) => return Removed { values, complete: false },
                Some(NodeError::Refused(error)) => {
                    shared.distrust(&error.to_string());
                    return Removed { values, complete: false };
                }
            }
        }
        shared.distrust("keys keep moving between the nodes");
        Removed { values: 0, complete: false }
    }

    async fn tell(&self, invalidation: &Invalidation, change: Option<i64>) {
        let shared = &self.shared;
        let channel = shared.names.invalidations();
        let telling = shared.backplane.begin(Instant::now());
        let told = Told {
            server: shared.backplane.server.clone(),
            seq: telling.seq,
            change,
            form: shared.names.form(),
            map: shared.topology().map(),
            log: shared.log_name(),
            invalidation: invalidation.clone(),
        };
        let Ok(text) = serde_json::to_string(&told) else { return };
        let mut pipe = redis::pipe();
        pipe.cmd("PUBLISH").arg(&channel).arg(text);
        if shared.at(&channel, "publish", &mut pipe).await.is_ok() {
            shared.backplane.finish(telling).await;
        }
    }

    fn distrust(&self, reason: &str) {
        for node in self.shared.topology().nodes() {
            node.forget_marker();
        }
        self.shared.distrust(reason);
    }

    async fn advance(&self, log: &str, complete: i64) {
        let topology = self.shared.topology();
        for node in topology.nodes() {
            if let Some(marker) = topology.number_of(node, |number| self.shared.names.marker(number)) {
                let mut pipe = redis::pipe();
                pipe.add_command(scripts::advance(&marker, log, complete));
                let _ = node.query("advance", &mut pipe).await;
            }
        }
    }
}

fn next_connection(shared: &Shared) -> u64 {
    shared.connections.fetch_add(1, Ordering::Relaxed)
}
