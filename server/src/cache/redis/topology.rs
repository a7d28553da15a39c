//! Which node has which key: all of them one, or each master of a cluster its slots.

use std::collections::HashMap;
use std::sync::Arc;

use redis::Value;
use redis::cluster_routing::Slot;

use super::node::Node;

/// How many slots a cluster has.
const SLOTS: u16 = 16_384;

/// The nodes, and what each has.
pub(super) enum Topology {
    /// Nothing is known yet.
    Unknown,
    /// One Redis has everything.
    Single(Arc<Node>),
    /// The masters of a cluster.
    Cluster { nodes: Vec<Arc<Node>>, owners: HashMap<Slot, usize>, map: u64 },
}

impl Topology {
    pub(super) fn owner(&self, key: &str) -> Option<&Arc<Node>> {
        match self {
            Self::Unknown => None,
            Self::Single(node) => Some(node),
            Self::Cluster { nodes, owners, .. } => nodes.get(*owners.get(&Slot::for_key(key))?),
        }
    }

    /// Whether it is one of the nodes.
    pub(super) fn has(&self, node: &Arc<Node>) -> bool {
        self.nodes().iter().any(|known| Arc::ptr_eq(known, node))
    }

    /// Whether a slot of the cluster is the node's.
    pub(super) fn owns(&self, node: &Arc<Node>, slot: &Slot) -> bool {
        match self {
            Self::Cluster { nodes, owners, .. } => {
                owners.get(slot).and_then(|index| nodes.get(*index)).is_some_and(|owner| Arc::ptr_eq(owner, node))
            }
            Self::Unknown | Self::Single(_) => false,
        }
    }

    pub(super) fn nodes(&self) -> &[Arc<Node>] {
        match self {
            Self::Unknown => &[],
            Self::Single(node) => std::slice::from_ref(node),
            Self::Cluster { nodes, .. } => nodes,
        }
    }

    /// Tells one distribution of a cluster's slots from another.
    pub(super) fn map(&self) -> u64 {
        match self {
            Self::Unknown | Self::Single(_) => 0,
            Self::Cluster { map, .. } => *map,
        }
    }

    /// The smallest number for which a key of this form is the node's.
    pub(super) fn number_of(&self, node: &Arc<Node>, form: impl Fn(u16) -> String) -> Option<String> {
        (0..SLOTS).map(form).find(|key| self.owner(key).is_some_and(|owner| Arc::ptr_eq(owner, node)))
    }
}

/// A range of slots, and host and port of its master.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Range {
    pub(super) first: u16,
    pub(super) last: u16,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Range {
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        (self.first..=self.last.min(SLOTS.saturating_sub(1))).filter_map(Slot::new)
    }
}

/// Reads the answer to `CLUSTER SLOTS`, asked of `asked`, which may leave out its own name.
pub(super) fn parse_ranges(reply: &Value, asked: &str) -> Option<Vec<Range>> {
    let Value::Array(ranges) = reply else { return None };
    ranges.iter().map(|range| parse_range(range, asked)).collect()
}

fn parse_range(range: &Value, asked: &str) -> Option<Range> {
    let Value::Array(fields) = range else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(master), ..] = fields.as_slice() else { return None };
    let [host, Value::Int(port), ..] = master.as_slice() else { return None };
    let host = match host {
        Value::BulkString(host) => String::from_utf8(host.clone()).ok()?,
        _ => String::new(),
    };
    Some(Range {
        first: u16::try_from(*first).ok()?,
        last: u16::try_from(*last).ok()?,
        host: if host.is_empty() || host == "?" { asked.to_owned() } else { host },
        port: u16::try_from(*port).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i64, last: i64, host: &str, port: i64) -> Value {
        let master = vec![Value::BulkString(host.into()), Value::Int(port), Value::BulkString(b"id".into())];
        Value::Array(vec![Value::Int(first), Value::Int(last), Value::Array(master)])
    }

    #[test]
    fn an_answer_is_read_or_refused_whole() {
        let reply = Value::Array(vec![range(0, 100, "a", 1), range(101, 16_383, "", 2)]);
        let ranges = parse_ranges(&reply, "me").unwrap();
        let read: Vec<_> = ranges.iter().map(|r| (r.first, r.last, r.host.as_str(), r.port)).collect();
        assert_eq!(read, [(0, 100, "a", 1), (101, 16_383, "me", 2)]);
        assert_eq!(ranges[0].slots().count(), 101);
        for wrong in [Value::Nil, Value::Array(vec![range(0, 70_000, "a", 1)]), Value::Array(vec![Value::Nil])] {
            assert!(parse_ranges(&wrong, "me").is_none());
        }
        assert_eq!(Range { first: 0, last: u16::MAX, host: String::new(), port: 1 }.slots().count(), 16_384);
    }
}
