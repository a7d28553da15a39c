//! One Redis, or one master of a cluster: reached by one connection, and believed only while that holds.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{ErrorKind, Pipeline, RedisError, ServerErrorKind, Value};
use tokio::sync::Notify;

use super::super::metrics::RedisMetrics;
use super::super::{Invalidation, SLOW};

/// How many commands may wait for their answers: more mean that Redis is not keeping up, and everybody is better off without
/// it. From four fifths of them on, that is logged.
const MAX_IN_FLIGHT: usize = 10_000;
const CROWDED: usize = MAX_IN_FLIGHT / 5 * 4;

/// How many changes are remembered while a node is being brought up to date; after more, everything is forgotten.
const MAX_MISSED: usize = 10_000;

/// Why a command did not do what it should.
#[derive(Debug)]
pub(super) enum NodeError {
    /// The node is not believed just now: the command was not sent.
    Off,
    /// It did not answer, or not in Redis's language. It is not believed from now on.
    Gone(String),
    /// Another node has the key.
    Elsewhere,
    /// What had to be carried out was refused.
    Refused(RedisError),
}

/// What one command answers.
pub(super) type Reply = Result<Value, RedisError>;

pub(super) struct Node {
    /// `host:port`
    pub(super) name: String,
    state: Mutex<State>,
    /// How often its marker came to mean nothing: the log was set back or replaced, or the node was given others' values.
    doubts: AtomicU64,
    /// Of how many of these it was emptied since.
    purged: AtomicU64,
    /// Told when the node is not believed any more.
    pub(super) lost: Notify,
    timeout: Duration,
    in_flight: AtomicUsize,
    metrics: RedisMetrics,
}

enum State {
    /// Not believed. What happens meanwhile is made good from the log.
    Down,
    /// Connected, and being brought up to date: what happens meanwhile is remembered.
    CatchingUp { missed: Vec<Invalidation> },
    /// Believed, through this connection.
    Up { connection: MultiplexedConnection, number: u64 },
}

impl Node {
    pub(super) fn new(name: String, timeout: Duration, metrics: RedisMetrics) -> Self {
        Self {
            name,
            state: Mutex::new(State::Down),
            doubts: AtomicU64::new(0),
            purged: AtomicU64::new(0),
            lost: Notify::new(),
            timeout,
            in_flight: AtomicUsize::new(0),
            metrics,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(*self.state(), State::Up { .. })
    }

    /// From now on, remembers what it misses.
    pub(super) fn start_catching_up(&self) {
        *self.state() = State::CatchingUp { missed: Vec::new() };
    }

    /// Believes the node, unless it has missed something meanwhile: then says what; nothing if it is to be emptied.
    pub(super) fn believe(&self, connection: &MultiplexedConnection, number: u64) -> Result<(), Vec<Invalidation>> {
        let mut state = self.state();
        if let State::CatchingUp { missed } = &mut *state
            && (!missed.is_empty() || self.must_purge())
        {
            return Err(std::mem::take(missed));
        }
        *state = State::Up { connection: connection.clone(), number };
        Ok(())
    }

    /// Stops believing the node, if it is this connection that fails and no later one.
    pub(super) fn give_up(&self, number: u64, reason: &str) {
        let mut state = self.state();
        if matches!(&*state, State::Up { number: current, .. } if *current == number) {
            *state = State::Down;
            drop(state);
            tracing::warn!(redis = self.name, reason, "entering fallback: Redis is not used until it is back");
            self.lost.notify_one();
        }
    }

    /// Stops believing the node whatever connection it has.
    pub(super) fn distrust(&self, reason: &str) {
        let number = match &*self.state() {
            State::Up { number, .. } => *number,
            _ => return,
        };
        self.give_up(number, reason);
    }

    /// Its marker is not to be believed the next time, whatever state it is in now.
    pub(super) fn forget_marker(&self) {
        self.doubts.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn must_purge(&self) -> bool {
        self.doubts() != self.purged.load(Ordering::SeqCst)
    }

    pub(super) fn doubts(&self) -> u64 {
        self.doubts.load(Ordering::SeqCst)
    }

    /// It was emptied after so many doubts.
    pub(super) fn purged(&self, doubts: u64) {
        self.purged.store(doubts, Ordering::SeqCst);
    }

    pub(super) fn stop(&self) {
        *self.state() = State::Down;
    }

    /// Remembers an invalidation if the node is being brought up to date. While it is believed, the invalidation goes there
    /// directly; while it is down, the log has it.
    pub(super) fn miss(&self, invalidation: &Invalidation) {
        if let State::CatchingUp { missed } = &mut *self.state() {
            if missed.len() >= MAX_MISSED {
                *missed = vec![Invalidation::pattern("*")];
            } else {
                missed.push(invalidation.clone());
            }
        }
    }

    /// Sends commands, all in one go, to a node that is believed, and waits a short time at most. Each has its own answer;
    /// an error among them that speaks against the node as a whole is the answer to all.
    pub(super) async fn query(&self, operation: &'static str, pipe: &mut Pipeline) -> Result<Vec<Reply>, NodeError> {
        let (mut connection, number) = match &*self.state() {
            State::Up { connection, number } => (connection.clone(), *number),
            _ => return Err(NodeError::Off),
        };
        let replies = self.query_on(&mut connection, operation, pipe, self.timeout).await;
        if let Err(NodeError::Gone(reason)) = &replies {
            self.give_up(number, reason);
        }
        replies
    }

    /// The same on a connection that is not believed yet, and for as long as is said.
    pub(super) async fn query_on(
        &self,
        connection: &mut MultiplexedConnection,
        operation: &'static str,
        pipe: &mut Pipeline,
        timeout: Duration,
    ) -> Result<Vec<Reply>, NodeError> {
        let began = Instant::now();
        let _in_flight = self.begin()?;
        let result = tokio::time::timeout(timeout, pipe.ignore_errors().query_async::<Vec<Reply>>(connection)).await;
        let took = began.elapsed();
        self.metrics.observe(operation, took);
        if took >= SLOW {
            let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(redis = self.name, operation, ms, "slow Redis operation");
        }
        let Ok(result) = result else {
            self.metrics.error("timeout");
            return Err(NodeError::Gone(format!("no answer within {} ms", timeout.as_millis())));
        };
        let replies = result.map_err(|error| {
            self.metrics.error("connection");
            NodeError::Gone(error.to_string())
        })?;
        for error in replies.iter().filter_map(|reply| reply.as_ref().err()) {
            let error = match class(error) {
                Class::OfTheNode => NodeError::Gone(error.to_string()),
                Class::Elsewhere => NodeError::Elsewhere,
                Class::OfTheKey => {
                    self.metrics.error("refused");
                    continue;
                }
            };
            self.metrics.error(if matches!(error, NodeError::Elsewhere) { "elsewhere" } else { "node" });
            return Err(error);
        }
        Ok(replies)
    }

    /// Counts a command until the answer is dropped.
    fn begin(&self) -> Result<InFlight<'_>, NodeError> {
        let in_flight = InFlight(self);
        self.metrics.in_flight.inc();
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        if before >= MAX_IN_FLIGHT {
            self.metrics.error("crowded");
            return Err(NodeError::Gone(format!("{MAX_IN_FLIGHT} commands wait for their answers")));
        }
        if before == CROWDED {
            tracing::warn!(redis = self.name, in_flight = before, max = MAX_IN_FLIGHT, "Redis is not keeping up");
        }
        Ok(in_flight)
    }

    /// Whatever happened while the lock was held, the state is whole: it is only ever replaced.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A command on its way.
struct InFlight<'a>(&'a Node);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.0.metrics.in_flight.dec();
    }
}

/// Whom an error speaks against.
enum Class {
    /// One key: a value of another type, no memory for a new one, a group of a stream that is not there or is there already.
    OfTheKey,
    /// Nobody: another node has the key.
    Elsewhere,
    /// The node: it cannot be read, or cannot be written, so that what it has may be out of date.
    OfTheNode,
}

fn class(error: &RedisError) -> Class {
    use ServerErrorKind as Kind;
    match (error.kind(), error.code()) {
        (ErrorKind::Server(Kind::Moved | Kind::Ask | Kind::TryAgain), _) => Class::Elsewhere,
        (ErrorKind::Server(Kind::ResponseError | Kind::ExecAbort | Kind::CrossSlot), _)
        | (ErrorKind::Extension, Some("WRONGTYPE" | "OOM" | "NOGROUP" | "BUSYGROUP"))
        | (ErrorKind::UnexpectedReturnType, _) => Class::OfTheKey,
        _ => Class::OfTheNode,
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::registry::Registry;

    use super::super::super::metrics::CacheMetrics;
    use super::*;

    #[test]
    fn more_commands_than_redis_keeps_up_with_are_not_sent() {
        let metrics = CacheMetrics::new(&mut Registry::default(), true).redis;
        let node = Node::new("test".into(), Duration::from_millis(100), metrics);
        let mut sent: Vec<_> = (0..MAX_IN_FLIGHT).map(|_| node.begin().unwrap()).collect();
        assert!(matches!(node.begin(), Err(NodeError::Gone(_))));
        drop(sent.pop());
        assert!(node.begin().is_ok(), "one was answered");
        drop(sent);
        assert_eq!(node.in_flight.load(Ordering::Relaxed), 0);
    }
}
