//! Removing values from Redis, and withdrawing the permissions to write them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};

use super::keys::Names;
use super::node::{Node, NodeError, Reply};
use super::topology::Topology;
use super::{Shared, scripts, text};
use crate::cache::Invalidation;

/// How many keys go into one round trip.
const BATCH: usize = 500;

/// How often a tag is emptied again because keys were put on it meanwhile.
const MAX_ROUNDS: u32 = 3;

/// How long a step may take while a node is brought up to date: nobody waits for it.
const STEP: Duration = Duration::from_secs(2);

/// A node that is being brought up to date, on a connection that is not believed yet.
pub(super) struct CatchingUp<'a> {
    pub(super) node: &'a Arc<Node>,
    pub(super) connection: MultiplexedConnection,
}

/// Removes what an invalidation names: from every node, or from one that is being brought up to date. Goes on when a node
/// fails. Returns how many values there were, and what has failed.
pub(super) async fn remove(
    shared: &Shared,
    topology: &Topology,
    only: Option<&CatchingUp<'_>>,
    invalidation: &Invalidation,
) -> (u64, Option<NodeError>) {
    let mut removal = Removal { topology, only, values: 0, error: None };
    let keys: Vec<_> = invalidation.keys.iter().map(|key| shared.names.key(key)).collect();
    removal.keys(&keys).await;
    for tag in &invalidation.tags {
        removal.tag(&shared.names.tag(tag)).await;
    }
    for pattern in &invalidation.patterns {
        removal.pattern(&shared.names.key(pattern)).await;
    }
    (removal.values, removal.error)
}

/// Removes every value from a node that is being brought up to date. Tags stay: another server may just be writing what stands
/// under them, and those that are empty end by themselves.
pub(super) async fn purge(shared: &Shared, topology: &Topology, only: &CatchingUp<'_>) -> Result<u64, NodeError> {
    let mut removal = Removal { topology, only: Some(only), values: 0, error: None };
    for prefix in &shared.prefixes {
        removal.pattern(&format!("{prefix}*")).await;
    }
    removal.error.map_or(Ok(removal.values), Err)
}

struct Removal<'a> {
    topology: &'a Topology,
    only: Option<&'a CatchingUp<'a>>,
    values: u64,
    error: Option<NodeError>,
}

impl Removal<'_> {
    /// Permissions first: a value that is written before they are withdrawn is there to be removed.
    async fn keys(&mut self, keys: &[String]) {
        for (node, keys) in self.by_owner(keys) {
            for keys in keys.chunks(BATCH) {
                let mut pipe = redis::pipe();
                for key in keys {
                    pipe.cmd("UNLINK").arg(Names::lease(key));
                    pipe.cmd("UNLINK").arg(key);
                }
                let replies = self.run(&node, &mut pipe).await;
                let removed = replies.chunks(2).filter(|pair| matches!(pair, [_, Ok(Value::Int(1))])).count();
                self.values = self.values.saturating_add(u64::try_from(removed).unwrap_or(u64::MAX));
            }
        }
    }

    /// A key leaves its tag only after it was removed, and only if nobody has put one on meanwhile: so nothing that is there
    /// ever stands under no tag.
    async fn tag(&mut self, tag: &str) {
        for _ in 0..MAX_ROUNDS {
            let Some(node) = self.topology.owner(tag).cloned() else { return self.fail(NodeError::Elsewhere) };
            let mut pipe = redis::pipe();
            pipe.cmd("GET").arg(scripts::touched(tag)).cmd("SMEMBERS").arg(tag);
            // Another node's tag, while one is brought up to date.
            let replies = match self.only {
                Some(only) if !Arc::ptr_eq(only.node, &node) => match node.query("remove", &mut pipe).await {
                    Ok(replies) => replies,
                    Err(error) => return self.fail(error),
                },
                _ => self.run(&node, &mut pipe).await,
            };
            let [Ok(touched), Ok(Value::Set(members) | Value::Array(members))] = replies.as_slice() else { return };
            let touched = text(touched).unwrap_or_default();
            let members: Vec<_> = members.iter().filter_map(text).map(str::to_owned).collect();
            if members.is_empty() {
                return;
            }
            self.keys(&members).await;
            if self.error.is_some() || self.only.is_some_and(|only| !Arc::ptr_eq(only.node, &node)) {
                return;
            }
            let mut pipe = redis::pipe();
            for members in members.chunks(BATCH) {
                pipe.add_command(scripts::untag(tag, touched, members));
            }
            let replies = self.run(&node, &mut pipe).await;
            if replies.iter().all(|reply| matches!(reply, Ok(Value::Int(1)))) {
                return;
            }
        }
    }

    /// Asks every master by itself: a cluster has no question for all.
    async fn pattern(&mut self, pattern: &str) {
        let nodes: Vec<_> = match self.only {
            Some(only) => vec![Arc::clone(only.node)],
            None => self.topology.nodes().to_vec(),
        };
        for node in nodes {
            self.scan(&node, &Names::lease(pattern)).await;
            let removed = self.scan(&node, pattern).await;
            self.values = self.values.saturating_add(removed);
        }
    }

    /// Removes the keys of one node that match. Never `KEYS`: that stops Redis for everybody.
    async fn scan(&mut self, node: &Arc<Node>, pattern: &str) -> u64 {
        let (mut cursor, mut removed) = ("0".to_owned(), 0_u64);
        loop {
            let mut pipe = redis::pipe();
            pipe.cmd("SCAN").arg(&cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(BATCH);
            let replies = self.run(node, &mut pipe).await;
            let Some(Ok(Value::Array(fields))) = replies.first() else { return removed };
            let [next, Value::Array(found)] = fields.as_slice() else { return removed };
            let Some(next) = text(next) else { return removed };
            next.clone_into(&mut cursor);
            let found: Vec<_> = found.iter().filter_map(text).collect();
            for found in found.chunks(BATCH) {
                let mut pipe = redis::pipe();
                for key in found {
                    pipe.cmd("UNLINK").arg(*key);
                }
                let replies = self.run(node, &mut pipe).await;
                let count = replies.iter().filter(|reply| matches!(reply, Ok(Value::Int(1)))).count();
                removed = removed.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            }
            if cursor == "0" {
                return removed;
            }
        }
    }

    /// Runs commands on a node; what fails is noted.
    async fn run(&mut self, node: &Arc<Node>, pipe: &mut Pipeline) -> Vec<Reply> {
        let replies = match self.only {
            Some(only) => node.query_on(&mut only.connection.clone(), "remove", pipe, STEP).await,
            None => node.query("remove", pipe).await,
        };
        let replies = match replies {
            Ok(replies) => replies,
            Err(error) => {
                self.fail(error);
                return Vec::new();
            }
        };
        if let Some(Err(error)) = replies.iter().find(|reply| reply.is_err()) {
            self.fail(NodeError::Refused(error.clone()));
        }
        replies
    }

    /// Keeps the error that asks for the most.
    fn fail(&mut self, error: NodeError) {
        let rank = |error: &NodeError| match error {
            NodeError::Off | NodeError::Gone(_) => 0,
            NodeError::Elsewhere => 1,
            NodeError::Refused(_) => 2,
        };
        if self.error.as_ref().is_none_or(|known| rank(known) < rank(&error)) {
            self.error = Some(error);
        }
    }

    /// Keys by the node that has them; only those of the node that is brought up to date, if it is about one.
    fn by_owner(&mut self, keys: &[String]) -> Vec<(Arc<Node>, Vec<String>)> {
        let mut groups: HashMap<*const Node, (Arc<Node>, Vec<String>)> = HashMap::new();
        for key in keys {
            match self.topology.owner(key) {
                Some(node) if self.only.is_none_or(|only| Arc::ptr_eq(only.node, node)) => {
                    let group = groups.entry(Arc::as_ptr(node)).or_insert_with(|| (Arc::clone(node), Vec::new()));
                    group.1.push(key.clone());
                }
                Some(_) => {}
                // The slots are being handed over.
                None => self.fail(NodeError::Elsewhere),
            }
        }
        groups.into_values().collect()
    }
}
