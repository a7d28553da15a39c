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

/// How many of the views that are removed are named: those that are not come back when they are asked for.
const MAX_NAMED: usize = 100_000;

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
        // Views are removed as a whole from a node that is brought up to date.
        let is_view = shared.options.views.iter().any(|view| pattern.starts_with(view));
        if only.is_none() || !is_view {
            removal.pattern(&shared.names.key(pattern)).await;
        }
    }
    (removal.values, removal.error)
}

/// Removes every value from a node that is being brought up to date, and the versions of tags, so that nothing on other nodes
/// counts that stands under them.
pub(super) async fn purge(shared: &Shared, topology: &Topology, only: &CatchingUp<'_>) -> Result<u64, NodeError> {
    let mut removal = Removal { topology, only: Some(only), values: 0, error: None };
    for prefix in &shared.prefixes {
        removal.pattern(&format!("{prefix}*")).await;
    }
    removal.scan(only.node, &Names::version(&shared.names.tag("*"))).await;
    removal.error.map_or(Ok(removal.values), Err)
}

/// Removes what is only a view of the database and may be out of date, whenever Redis was away. Returns what it was called,
/// some [`MAX_NAMED`] at most.
pub(super) async fn purge_views(
    shared: &Shared,
    topology: &Topology,
    only: &CatchingUp<'_>,
) -> Result<Vec<String>, NodeError> {
    let mut removal = Removal { topology, only: Some(only), values: 0, error: None };
    let mut removed = Vec::new();
    for view in shared.options.views {
        let pattern = shared.names.key(&format!("{view}*"));
        let name = |key: &str| {
            if removed.len() < MAX_NAMED {
                removed.extend(shared.names.logical(key).map(str::to_owned));
            }
        };
        removal.scan_naming(only.node, &pattern, name).await;
    }
    removal.error.map_or(Ok(removed), Err)
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
                    pipe.cmd("UNLINK").arg(Names::lease(key)).arg(Names::versions(key));
                    pipe.cmd("UNLINK").arg(key);
                }
                let replies = self.run(&node, &mut pipe).await;
                let removed = replies.chunks(2).filter(|pair| matches!(pair, [_, Ok(Value::Int(1))])).count();
                self.values = self.values.saturating_add(u64::try_from(removed).unwrap_or(u64::MAX));
            }
        }
    }

    /// Without its version, nothing under a tag counts any more, on whatever node it is. The values are removed after it to
    /// make room: those that the tag's set names, where they are reached.
    async fn tag(&mut self, tag: &str) {
        let Some(node) = self.topology.owner(tag).cloned() else { return self.fail(NodeError::Elsewhere) };
        if self.only.is_some_and(|only| !Arc::ptr_eq(only.node, &node)) {
            return;
        }
        self.run(&node, redis::pipe().cmd("UNLINK").arg(Names::version(tag))).await;
        for _ in 0..=scripts::MAX_TAGGED / BATCH {
            if self.error.is_some() {
                return;
            }
            let replies = self.send(&node, redis::pipe().cmd("SPOP").arg(tag).arg(BATCH)).await;
            let Some(Ok(Value::Set(members) | Value::Array(members))) = replies.first() else { break };
            let members: Vec<_> = members.iter().filter_map(text).map(str::to_owned).collect();
            self.keys(&members).await;
            if members.len() < BATCH {
                return;
            }
        }
        // It is no set, or others fill it faster than it is emptied.
        self.run(&node, redis::pipe().cmd("UNLINK").arg(tag)).await;
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
        self.scan_naming(node, pattern, |_| ()).await
    }

    /// The same, naming each before it is removed.
    async fn scan_naming(&mut self, node: &Arc<Node>, pattern: &str, mut name: impl FnMut(&str) + Send) -> u64 {
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
            found.iter().for_each(|key| name(key));
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
        let replies = self.send(node, pipe).await;
        if let Some(Err(error)) = replies.iter().find(|reply| reply.is_err()) {
            self.fail(NodeError::Refused(error.clone()));
        }
        replies
    }

    /// The same, but for what Redis refuses.
    async fn send(&mut self, node: &Arc<Node>, pipe: &mut Pipeline) -> Vec<Reply> {
        let replies = match self.only {
            Some(only) => node.query_on(&mut only.connection.clone(), "remove", pipe, STEP).await,
            None => node.query("remove", pipe).await,
        };
        replies.unwrap_or_else(|error| {
            self.fail(error);
            Vec::new()
        })
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
