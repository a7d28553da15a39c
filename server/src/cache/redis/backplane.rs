//! How servers tell each other what is out of date, and that they have heard.
//!
//! Whoever has made a change publishes it and waits, for a short time, until every other server has said that it has
//! forgotten the old value. So a change that was acknowledged is seen everywhere at once. A server that says nothing is not
//! waited for again until it is heard; it learns of the change from the log, a little later.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::super::Invalidation;

/// How often a server says that it is there.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long a change waits for other servers: as long as for Redis, but never less than their answer takes through it, and
/// never so long that those who come and go hold up every change.
pub(super) fn patience(redis_timeout: Duration) -> Duration {
    redis_timeout.clamp(Duration::from_millis(100), Duration::from_secs(1))
}

/// After how long without a word a server counts as gone.
const GONE_AFTER: Duration = Duration::from_millis(3_500);

/// How many servers are remembered: whoever can write to Redis could name any number.
const MAX_PEERS: usize = 1_000;

/// What is told about a change.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Told {
    /// Who tells it.
    pub(super) server: String,
    /// The how manieth of it.
    pub(super) seq: u64,
    /// The change's number in the log, if Redis holds nothing of what was before.
    pub(super) change: Option<i64>,
    /// Which versions of the values the server knows.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) form: String,
    /// Which node it took for the master of what: of a cluster, a server may know an old one.
    #[serde(default)]
    pub(super) map: u64,
    /// Whose numbers the changes have: two systems may share a Redis by mistake.
    #[serde(default)]
    pub(super) log: String,
    #[serde(flatten)]
    pub(super) invalidation: Invalidation,
}

/// What a server says about itself.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sign {
    pub(super) server: String,
    /// It has heard what this server told, and forgotten it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) heard: Option<(String, u64)>,
    /// It is leaving: nobody need wait for it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) leaving: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// The other servers, and who of them is waited for.
pub(super) struct Backplane {
    /// This server's name, of its own making.
    pub(super) server: String,
    /// How long a change waits for the other servers.
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    seq: u64,
    peers: HashMap<String, Instant>,
    waiting: HashMap<u64, Waiting>,
}

struct Waiting {
    silent: HashSet<String>,
    done: Option<oneshot::Sender<()>>,
}

/// A change that is being told.
pub(super) struct Telling {
    pub(super) seq: u64,
    all_heard: oneshot::Receiver<()>,
}

impl Backplane {
    pub(super) fn new(server: String, patience: Duration) -> Self {
        Self { server, patience, state: Mutex::default() }
    }

    /// Begins to wait for those who are there now. Call it before publishing.
    pub(super) fn begin(&self, now: Instant) -> Telling {
        let mut state = self.state();
        state.seq = state.seq.wrapping_add(1);
        let seq = state.seq;
        // Those that nobody waits for any more: a request may be given up.
        state.waiting.retain(|_, waiting| waiting.done.as_ref().is_some_and(|done| !done.is_closed()));
        state.peers.retain(|_, heard| now.saturating_duration_since(*heard) < GONE_AFTER);
        let silent: HashSet<_> = state.peers.keys().cloned().collect();
        let (done, all_heard) = oneshot::channel();
        if silent.is_empty() {
            let _ = done.send(());
        } else {
            state.waiting.insert(seq, Waiting { silent, done: Some(done) });
        }
        Telling { seq, all_heard }
    }

    /// Waits until everybody has heard, or the patience is out: then those who were silent are not waited for any more.
    pub(super) async fn finish(&self, telling: Telling) {
        let in_time = tokio::time::timeout(self.patience, telling.all_heard).await.is_ok();
        let mut state = self.state();
        if let Some(waiting) = state.waiting.remove(&telling.seq)
            && !in_time
        {
            for peer in &waiting.silent {
                state.peers.remove(peer);
            }
            drop(state);
            tracing::debug!(servers = ?waiting.silent, "servers did not confirm a change in time");
        }
    }

    /// Takes note of what a server says about itself.
    pub(super) fn hear(&self, sign: Sign, now: Instant) {
        if sign.server == self.server {
            return;
        }
        let mut state = self.state();
        if sign.leaving {
            state.peers.remove(&sign.server);
        } else if state.peers.len() < MAX_PEERS || state.peers.contains_key(&sign.server) {
            state.peers.insert(sign.server.clone(), now);
        }
        let heard = sign.heard.filter(|(server, _)| *server == self.server).map(|(_, seq)| seq);
        for (seq, waiting) in &mut state.waiting {
            if sign.leaving || heard == Some(*seq) {
                waiting.silent.remove(&sign.server);
                if waiting.silent.is_empty()
                    && let Some(done) = waiting.done.take()
                {
                    let _ = done.send(());
                }
            }
        }
    }

    /// How many other servers there are.
    #[cfg(test)]
    fn peers(&self) -> usize {
        self.state().peers.len()
    }

    /// Every change of the state is made whole before the lock is let go.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(100);

    fn sign(server: &str, heard: Option<u64>) -> Sign {
        Sign { server: server.into(), heard: heard.map(|seq| ("me".into(), seq)), leaving: false }
    }

    #[tokio::test(start_paused = true)]
    async fn a_change_waits_for_all_who_are_there_and_not_for_long() {
        let (backplane, now) = (Backplane::new("me".into(), PATIENCE), Instant::now());
        let began = tokio::time::Instant::now();
        backplane.finish(backplane.begin(now)).await;
        assert_eq!(began.elapsed(), Duration::ZERO, "nobody is there");

        backplane.hear(sign("a", None), now);
        backplane.hear(sign("b", None), now);
        backplane.hear(sign("me", None), now);
        let telling = backplane.begin(now);
        backplane.hear(sign("a", Some(telling.seq)), now);
        backplane.hear(sign("b", Some(telling.seq)), now);
        backplane.finish(telling).await;
        assert_eq!(began.elapsed(), Duration::ZERO, "both have heard");

        let telling = backplane.begin(now);
        backplane.hear(sign("a", Some(telling.seq)), now);
        backplane.finish(telling).await;
        assert_eq!(began.elapsed(), PATIENCE, "one was silent");
        let telling = backplane.begin(now);
        backplane.hear(sign("a", Some(telling.seq)), now);
        backplane.finish(telling).await;
        assert_eq!(began.elapsed(), PATIENCE, "and is not waited for again");

        backplane.finish(backplane.begin(now + GONE_AFTER)).await;
        assert_eq!(began.elapsed(), PATIENCE, "nobody has been heard for long");
    }

    #[test]
    fn others_are_waited_for_as_long_as_redis_within_bounds() {
        for (redis_timeout, waited) in [(1, 100), (100, 100), (500, 500), (1_000, 1_000), (10_000, 1_000)] {
            assert_eq!(patience(Duration::from_millis(redis_timeout)), Duration::from_millis(waited));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_is_not_waited_for() {
        let (backplane, now) = (Backplane::new("me".into(), PATIENCE), Instant::now());
        backplane.hear(sign("a", None), now);
        let telling = backplane.begin(now);
        backplane.hear(Sign { server: "a".into(), heard: None, leaving: true }, now);
        let began = tokio::time::Instant::now();
        backplane.finish(telling).await;
        assert_eq!((began.elapsed(), backplane.peers()), (Duration::ZERO, 0));
    }
}
