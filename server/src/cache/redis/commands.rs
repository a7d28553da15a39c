//! Commands on single entries, for [`Entries`](crate::cache::Entries).

use std::sync::Arc;

use redis::{Cmd, Value};

use super::node::NodeError;
use super::{Redis, text};
use crate::cache::EntryError;

impl Redis {
    /// Runs one command for each key, and answers in their order: one round trip to each node.
    pub(in crate::cache) async fn entry_commands(
        &self,
        operation: &'static str,
        keys: &[String],
        cmd: impl Fn(usize, &str) -> Cmd + Send + Sync,
    ) -> Result<Vec<Value>, EntryError> {
        let topology = self.shared.topology();
        let physical: Vec<_> = keys.iter().map(|key| self.shared.names.key(key)).collect();
        let mut answers = vec![Value::Nil; keys.len()];
        let mut failed = None;
        for node in topology.nodes() {
            let own = |key: &String| topology.owner(key).is_some_and(|owner| Arc::ptr_eq(owner, node));
            let indices: Vec<_> = physical.iter().enumerate().filter(|(_, key)| own(key)).map(|(at, _)| at).collect();
            if indices.is_empty() {
                continue;
            }
            let mut pipe = redis::pipe();
            for index in &indices {
                pipe.add_command(cmd(*index, physical.get(*index).map(String::as_str).unwrap_or_default()));
            }
            // What one node does not do, the others do all the same.
            let replies = match node.query(operation, &mut pipe).await {
                Ok(replies) => replies,
                Err(error) => {
                    if matches!(error, NodeError::Elsewhere) {
                        self.shared.moved.notify_one();
                    }
                    failed.get_or_insert(entry_error(error));
                    continue;
                }
            };
            for (index, reply) in indices.into_iter().zip(replies) {
                match reply {
                    Ok(value) => {
                        if let Some(answer) = answers.get_mut(index) {
                            *answer = value;
                        }
                    }
                    Err(error) => failed = Some(EntryError::Refused(error.to_string())),
                }
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if topology.nodes().is_empty() {
            return Err(EntryError::Unavailable);
        }
        Ok(answers)
    }

    /// Names of keys that match a pattern, on every node, until there are `limit`.
    pub(in crate::cache) async fn entry_keys(&self, pattern: &str, limit: usize) -> Result<Vec<String>, EntryError> {
        let topology = self.shared.topology();
        if topology.nodes().is_empty() {
            return Err(EntryError::Unavailable);
        }
        let pattern = self.shared.names.key(pattern);
        let mut names = Vec::new();
        for node in topology.nodes() {
            let mut cursor = "0".to_owned();
            loop {
                let mut pipe = redis::pipe();
                pipe.cmd("SCAN").arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(500);
                let replies = node.query("entry", &mut pipe).await.map_err(entry_error)?;
                let Some(Ok(Value::Array(fields))) = replies.first() else { break };
                let [next, Value::Array(found)] = fields.as_slice() else { break };
                let found = found.iter().filter_map(text).filter_map(|key| self.shared.names.logical(key));
                names.extend(found.map(str::to_owned));
                cursor = text(next).unwrap_or("0").to_owned();
                if cursor == "0" || names.len() >= limit {
                    break;
                }
            }
        }
        names.truncate(limit);
        Ok(names)
    }
}

fn entry_error(error: NodeError) -> EntryError {
    match error {
        NodeError::Refused(error) => EntryError::Refused(error.to_string()),
        NodeError::Off | NodeError::Gone(_) | NodeError::Elsewhere => EntryError::Unavailable,
    }
}
