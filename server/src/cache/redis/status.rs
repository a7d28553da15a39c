//! What Redis says about itself.

use std::sync::Arc;

use redis::Value;

use super::node::Node;
use super::{Redis, Shared, text};

/// What all nodes together say about themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedisStatus {
    /// Every node is connected and believed.
    pub connected: bool,
    /// Seconds since the youngest of them started.
    pub uptime_secs: u64,
    /// Bytes in use.
    pub memory_used: u64,
    /// The most bytes that were in use.
    pub memory_peak: u64,
    /// How many keys there are, those of others included.
    pub keys: u64,
    /// What Redis removes when its memory is full.
    pub eviction: String,
}

impl Redis {
    /// Asks every node that is believed.
    pub(in crate::cache) async fn status(&self) -> RedisStatus {
        self.shared.status().await
    }
}

impl Shared {
    /// Asks every node that is believed.
    pub(super) async fn status(&self) -> RedisStatus {
        let topology = self.topology();
        let mut all = RedisStatus { connected: self.is_up(), ..RedisStatus::default() };
        for node in topology.nodes() {
            let Some(one) = ask(node).await else {
                all.connected = false;
                continue;
            };
            all.uptime_secs = if all.uptime_secs == 0 { one.uptime_secs } else { all.uptime_secs.min(one.uptime_secs) };
            all.memory_used = all.memory_used.saturating_add(one.memory_used);
            all.memory_peak = all.memory_peak.saturating_add(one.memory_peak);
            all.keys = all.keys.saturating_add(one.keys);
            all.eviction = one.eviction;
        }
        self.metrics.memory.set(i64::try_from(all.memory_used).unwrap_or(i64::MAX));
        all
    }
}

async fn ask(node: &Arc<Node>) -> Option<RedisStatus> {
    let mut pipe = redis::pipe();
    pipe.cmd("INFO").arg("server").cmd("INFO").arg("memory").cmd("DBSIZE");
    let replies = node.query("status", &mut pipe).await.ok()?;
    let [Ok(server), Ok(memory), Ok(Value::Int(keys))] = replies.as_slice() else { return None };
    let number = |info: &Value, name| field(info, name).and_then(|value| value.parse().ok()).unwrap_or_default();
    Some(RedisStatus {
        connected: true,
        uptime_secs: number(server, "uptime_in_seconds"),
        memory_used: number(memory, "used_memory"),
        memory_peak: number(memory, "used_memory_peak"),
        keys: keys.unsigned_abs(),
        eviction: field(memory, "maxmemory_policy").unwrap_or_default(),
    })
}

/// A field of what `INFO` says.
pub(super) fn field(info: &Value, name: &str) -> Option<String> {
    let info = match info {
        Value::VerbatimString { text, .. } => text.as_str(),
        info => text(info)?,
    };
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(|value| value.trim().to_owned())
}
