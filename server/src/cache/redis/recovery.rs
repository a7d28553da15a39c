//! Connecting, and bringing Redis up to date before it is believed.

use std::collections::HashMap;
use std::hash::{Hash as _, Hasher as _};
use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use backon::{BackoffBuilder as _, ExponentialBuilder};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ConnectionInfo, Value};
use tokio::task::JoinSet;

use super::node::{Node, NodeError};
use super::removal::{self, CatchingUp};
use super::status::field;
use super::topology::{self, Topology};
use super::{RedisAddress, Shared, next_connection, text};
use crate::cache::change;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a step of coming up to date may take.
const STEP: Duration = Duration::from_secs(2);

/// The pause after the first failure; it doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// After how long without trouble the pauses begin anew.
const STEADY: Duration = Duration::from_secs(5);

/// How many attempts are as quick as that; afterwards the longest pause lies between them.
const QUICK_ATTEMPTS: usize = 10;

/// How many attempts are told of, before it becomes tiresome.
const TOLD_ATTEMPTS: u32 = 10;

/// How many members of a cluster are asked who has what.
const MAX_ASKED: usize = 8;

/// How long others are waited for, when one has said who has what.
const SECOND_OPINION: Duration = Duration::from_millis(200);

/// How often a cluster is asked who has what, when nothing else gives reason to.
const TOPOLOGY_INTERVAL: Duration = Duration::from_secs(5);

/// The pauses between attempts, for ever.
fn pauses(shared: &Shared) -> impl Iterator<Item = Duration> + use<> {
    let max = shared.options.max_pause;
    let quick = ExponentialBuilder::default().with_min_delay(FIRST_PAUSE).with_max_delay(max).with_factor(2.0);
    quick.with_max_times(QUICK_ATTEMPTS).build().chain(std::iter::repeat(max))
}

/// Finds the nodes and keeps them: one, or the masters of a cluster as they come and go.
pub(super) async fn keep_topology(shared: Arc<Shared>) {
    if !shared.options.address.is_cluster() {
        let Some(info) = shared.options.address.seeds().next().cloned() else { return };
        let node = new_node(&shared, &info);
        set_topology(&shared, Topology::Single(Arc::clone(&node)));
        keep(shared, node, info).await;
        return;
    }
    let mut keepers: Vec<(Arc<Node>, tokio::task::AbortHandle)> = Vec::new();
    // Ends them all when this ends.
    let mut tasks = JoinSet::new();
    loop {
        refresh(&shared).await;
        let topology = shared.topology();
        for node in topology.nodes() {
            if keepers.iter().any(|(kept, _)| Arc::ptr_eq(kept, node)) {
                continue;
            }
            if let Some((host, port)) = node.name.rsplit_once(':')
                && let Some(info) = port.parse().ok().and_then(|port| shared.options.address.member(host, port))
            {
                let keeper = tasks.spawn(keep(Arc::clone(&shared), Arc::clone(node), info));
                keepers.push((Arc::clone(node), keeper));
            }
        }
        keepers.retain(|(kept, keeper)| {
            let stays = topology.nodes().iter().any(|node| Arc::ptr_eq(kept, node));
            if !stays {
                keeper.abort();
            }
            stays
        });
        let pause = if topology.nodes().is_empty() { FIRST_PAUSE } else { TOPOLOGY_INTERVAL };
        let _ = tokio::time::timeout(pause, shared.moved.notified()).await;
        // However often keys are said to have moved.
        tokio::time::sleep(FIRST_PAUSE).await;
    }
}

fn new_node(shared: &Shared, info: &ConnectionInfo) -> Arc<Node> {
    Arc::new(Node::new(info.addr().to_string(), shared.options.timeout, shared.metrics.clone()))
}

fn set_topology(shared: &Shared, topology: Topology) {
    *shared.topology.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(topology);
}

/// Asks the cluster who has what. A node that is still a master stays as it is; one that is not any more is given up.
pub(super) async fn refresh(shared: &Shared) {
    let asked_for = shared.topology();
    let _one_at_a_time = shared.refreshing.lock().await;
    let before = shared.topology();
    // Somebody else has just asked.
    if !Arc::ptr_eq(&asked_for, &before) {
        return;
    }
    let Some(mut ranges) = ask_members(shared, &before).await else { return };
    ranges.sort();
    let mut hasher = std::hash::DefaultHasher::new();
    ranges.hash(&mut hasher);
    let map = hasher.finish();
    let (mut nodes, mut owners) = (Vec::<Arc<Node>>::new(), HashMap::new());
    for range in ranges {
        let name = format!("{}:{}", range.host, range.port);
        let index = nodes.iter().position(|node| node.name == name).unwrap_or_else(|| {
            let known = before.nodes().iter().find(|node| node.name == name);
            nodes.push(known.cloned().unwrap_or_else(|| {
                tracing::info!(redis = name, "a master of the cluster");
                Arc::new(Node::new(name, shared.options.timeout, shared.metrics.clone()))
            }));
            nodes.len().saturating_sub(1)
        });
        owners.extend(range.slots().map(|slot| (slot, index)));
    }
    // What comes with a slot was brought up to date, if at all, by the marker of the node that had it.
    let gained =
        |index, node| before.has(node) && owners.iter().any(|(slot, at)| *at == index && !before.owns(node, slot));
    for (_, node) in nodes.iter().enumerate().filter(|(index, node)| gained(*index, node)) {
        node.forget_marker();
        node.distrust("it was given slots of another");
    }
    for gone in before.nodes().iter().filter(|node| !nodes.iter().any(|kept| kept.name == node.name)) {
        gone.distrust("no master any more");
    }
    set_topology(shared, Topology::Cluster { nodes, owners, map });
}

/// Asks several members, those known and those from the settings, and takes the answer of the one that knows most: a master
/// that was cut off from the others still takes itself for one.
async fn ask_members(shared: &Shared, known: &Topology) -> Option<Vec<topology::Range>> {
    let known = known.nodes().iter().filter_map(|node| {
        let (host, port) = node.name.rsplit_once(':')?;
        shared.options.address.member(host, port.parse().ok()?)
    });
    let mut candidates: Vec<ConnectionInfo> = Vec::new();
    for info in shared.options.address.seeds().cloned().chain(known) {
        if !candidates.iter().any(|candidate| candidate.addr() == info.addr()) {
            candidates.push(info);
        }
    }
    candidates.truncate(MAX_ASKED);
    let mut asked: JoinSet<_> = candidates
        .into_iter()
        .map(|info| {
            let address = shared.options.address.clone();
            async move { ask_member(&address, info).await }
        })
        .collect();
    let mut answers: Vec<Answer> = Vec::new();
    loop {
        // Once one is in order, others must be quick.
        let patience =
            if answers.iter().any(|answer| answer.is_ok) { SECOND_OPINION } else { CONNECT.saturating_add(STEP) };
        match tokio::time::timeout(patience, asked.join_next()).await {
            Ok(Some(answer)) => answers.extend(answer.ok().flatten()),
            Ok(None) | Err(_) => break,
        }
    }
    answers.into_iter().max_by_key(|answer| (answer.is_ok, answer.epoch)).map(|answer| answer.ranges)
}

/// What a member of a cluster says.
struct Answer {
    /// It reaches the others.
    is_ok: bool,
    /// How many elections it has heard of.
    epoch: u64,
    ranges: Vec<topology::Range>,
}

async fn ask_member(address: &RedisAddress, info: ConnectionInfo) -> Option<Answer> {
    let host = match info.addr() {
        redis::ConnectionAddr::Tcp(host, _) | redis::ConnectionAddr::TcpTls { host, .. } => host.clone(),
        _ => return None,
    };
    let client = address.client(info).ok()?;
    let config = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(STEP));
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    let mut connection = tokio::time::timeout(CONNECT, connecting).await.ok()?.ok()?;
    let mut pipe = redis::pipe();
    pipe.cmd("CLUSTER").arg("INFO").cmd("CLUSTER").arg("SLOTS");
    let replies: Vec<Value> = pipe.query_async(&mut connection).await.ok()?;
    let [about, slots] = replies.as_slice() else { return None };
    Some(Answer {
        is_ok: field(about, "cluster_state").as_deref() == Some("ok"),
        epoch: field(about, "cluster_current_epoch")?.parse().ok()?,
        ranges: topology::parse_ranges(slots, &host).filter(|ranges| !ranges.is_empty())?,
    })
}

/// Keeps a connection to a node, and the node believed while it holds. Says once that it goes on without it, and once that it
/// does no longer; and, while the pauses grow, of each attempt.
async fn keep(shared: Arc<Shared>, node: Arc<Node>, info: ConnectionInfo) {
    let mut connected_before = false;
    let mut attempts = pauses(&shared);
    loop {
        let mut failures = 0_u32;
        loop {
            // A message from the time before the connection says nothing about the next.
            let mut lost = pin!(node.lost.notified());
            lost.as_mut().enable();
            match recover(&shared, &node, &info).await {
                Ok(()) => {
                    if connected_before {
                        shared.metrics.reconnects.inc();
                    }
                    shared.metrics.up.set(i64::from(shared.is_up()));
                    if connected_before || failures > 0 {
                        tracing::info!(
                            redis = node.name,
                            failures,
                            "leaving fallback: Redis is connected and up to date"
                        );
                    } else {
                        tracing::info!(redis = node.name, "Redis is connected and up to date");
                    }
                    connected_before = true;
                    let up_since = Instant::now();
                    lost.await;
                    shared.metrics.up.set(0);
                    shared.moved.notify_one();
                    if up_since.elapsed() >= STEADY {
                        attempts = pauses(&shared);
                    } else {
                        // It comes up, and fails as soon as it is used: no reason to be quick.
                        tokio::time::sleep(attempts.next().unwrap_or(shared.options.max_pause)).await;
                    }
                    break;
                }
                Err(reason) => {
                    node.stop();
                    if failures == 0 && !connected_before {
                        tracing::warn!(
                            redis = node.name,
                            reason,
                            "entering fallback: Redis is not used until it is there"
                        );
                    }
                    failures = failures.saturating_add(1);
                    let pause = attempts.next().unwrap_or(shared.options.max_pause);
                    let next_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
                    if failures <= TOLD_ATTEMPTS {
                        tracing::info!(
                            redis = node.name,
                            reason,
                            attempt = failures,
                            next_ms,
                            "Redis cannot be used yet"
                        );
                    } else {
                        tracing::debug!(
                            redis = node.name,
                            reason,
                            attempt = failures,
                            next_ms,
                            "Redis cannot be used yet"
                        );
                    }
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

/// Connects to a node, brings it up to date, and believes it.
async fn recover(shared: &Arc<Shared>, node: &Arc<Node>, info: &ConnectionInfo) -> Result<(), String> {
    let number = next_connection(shared);
    let mut connection = connect(shared, node, info, number).await?;
    // What happens from now on is remembered; what happened before is in the log.
    node.start_catching_up();
    shared.echoes.clear();
    prepare(shared, node, &mut connection).await?;
    // What was touched in Redis while nobody listened.
    shared.listener.touched(None);
    let topology = shared.topology();
    let catching_up = CatchingUp { node, connection: connection.clone() };
    catch_up(shared, &topology, &catching_up).await?;
    // No log says what has become of them meanwhile.
    let views = removal::purge_views(shared, &topology, &catching_up).await;
    let views = views.map_err(|error| reason(&error))?;
    while let Err(missed) = node.believe(&connection, number) {
        if node.must_purge() {
            return Err("its marker is not to be believed".into());
        }
        for invalidation in missed {
            apply(shared, &topology, &catching_up, &invalidation).await?;
        }
    }
    shared.listener.views_removed(views);
    Ok(())
}

async fn connect(
    shared: &Arc<Shared>,
    node: &Arc<Node>,
    info: &ConnectionInfo,
    number: u64,
) -> Result<MultiplexedConnection, String> {
    let client = shared.options.address.client(info.clone()).map_err(|error| error.to_string())?;
    let (weak_shared, weak_node) = (Arc::downgrade(shared), Arc::downgrade(node));
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        // Every command is timed where it is sent.
        .set_response_timeout(None)
        .set_push_sender(move |push| {
            if let (Some(shared), Some(node)) = (weak_shared.upgrade(), weak_node.upgrade()) {
                shared.take_push(&node, number, push);
            }
            Ok::<_, redis::aio::SendError>(())
        });
    let connecting = client.get_multiplexed_async_connection_with_config(&config);
    tokio::time::timeout(CONNECT, connecting)
        .await
        .map_err(|_| format!("no connection within {} s", CONNECT.as_secs()))?
        .map_err(|error| error.to_string())
}

/// Asks to be told of every key that is touched, and of what other servers say.
async fn prepare(shared: &Shared, node: &Arc<Node>, connection: &mut MultiplexedConnection) -> Result<(), String> {
    if !shared.prefixes.is_empty() {
        let mut pipe = redis::pipe();
        let tracking = pipe.cmd("CLIENT").arg("TRACKING").arg("ON").arg("BCAST");
        for prefix in &shared.prefixes {
            tracking.arg("PREFIX").arg(prefix);
        }
        expect(node.query_on(connection, "connect", &mut pipe, STEP).await)?;
    }
    let topology = shared.topology();
    for channel in [shared.names.invalidations(), shared.names.servers()] {
        if topology.owner(&channel).is_some_and(|owner| Arc::ptr_eq(owner, node)) {
            let subscribing = connection.subscribe(&channel);
            tokio::time::timeout(STEP, subscribing)
                .await
                .map_err(|_| "no answer to SUBSCRIBE".to_owned())?
                .map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

/// Removes from a node what has changed since its marker; without one that makes sense, everything.
async fn catch_up(shared: &Arc<Shared>, topology: &Topology, catching_up: &CatchingUp<'_>) -> Result<(), String> {
    let node = catching_up.node;
    let marker = topology.number_of(node, |number| shared.names.marker(number)).ok_or("the node has no slots")?;
    let mut position = shared.position.clone();
    let known = tokio::time::timeout(STEP, position.wait_for(Option::is_some));
    let (log, complete) = known
        .await
        .ok()
        .and_then(Result::ok)
        .and_then(|position| position.clone())
        .ok_or("the log of changes cannot be read")?;
    let mut pipe = redis::pipe();
    pipe.cmd("GET").arg(&marker);
    let mut connection = catching_up.connection.clone();
    let doubts = node.doubts();
    let replies = node.query_on(&mut connection, "connect", &mut pipe, STEP).await.map_err(|error| reason(&error))?;
    // What is no text is no marker either.
    let marked = replies.first().and_then(|reply| reply.as_ref().ok()).and_then(text).and_then(parse_marker);
    let extent = in_time(shared.log.extent()).await?;
    let must_purge = node.must_purge();
    let since = marked.filter(|(marked_log, at)| {
        !must_purge && *marked_log == extent.log && *at >= extent.first.saturating_sub(1) && *at <= extent.last
    });
    if let Some((_, since)) = since {
        return replay(shared, topology, catching_up, since).await;
    }
    let values = removal::purge(shared, topology, catching_up).await.map_err(|error| reason(&error))?;
    tracing::info!(redis = node.name, values, "Redis has no marker of this database: its cached values were removed");
    let mut pipe = redis::pipe();
    // The old one may speak of changes that are still to come: a restored database counts from further back.
    pipe.cmd("UNLINK").arg(&marker).add_command(super::scripts::advance(&marker, &log, complete));
    // A Redis without memory for it still serves what it has; it will be emptied again the next time.
    node.query_on(&mut connection, "connect", &mut pipe, STEP).await.map_err(|error| reason(&error))?;
    node.purged(doubts);
    Ok(())
}

async fn replay(
    shared: &Shared,
    topology: &Topology,
    catching_up: &CatchingUp<'_>,
    mut since: i64,
) -> Result<(), String> {
    let mut count = 0_usize;
    loop {
        let changes = in_time(shared.log.changes(since, &[], change::BATCH)).await?;
        let Some(last) = changes.last() else { break };
        since = last.id;
        count = count.saturating_add(changes.len());
        for change in &changes {
            apply(shared, topology, catching_up, &change.invalidation).await?;
        }
    }
    tracing::info!(redis = catching_up.node.name, changes = count, "Redis was brought up to date");
    Ok(())
}

async fn apply(
    shared: &Shared,
    topology: &Topology,
    catching_up: &CatchingUp<'_>,
    invalidation: &super::Invalidation,
) -> Result<(), String> {
    // What stands for too much to remember means values, not everything that is in Redis.
    if invalidation.patterns.iter().any(|pattern| pattern == "*") {
        return removal::purge(shared, topology, catching_up).await.map(drop).map_err(|error| reason(&error));
    }
    let (_, error) = removal::remove(shared, topology, Some(catching_up), invalidation).await;
    error.map_or(Ok(()), |error| Err(reason(&error)))
}

async fn in_time<T>(reading: impl Future<Output = Result<T, change::LogError>>) -> Result<T, String> {
    tokio::time::timeout(STEP, reading)
        .await
        .map_err(|_| "the log of changes cannot be read in time".to_owned())?
        .map_err(|error| format!("the log of changes cannot be read: {error}"))
}

fn parse_marker(text: &str) -> Option<(String, i64)> {
    let (log, at) = text.rsplit_once(':')?;
    Some((log.to_owned(), at.parse().ok()?))
}

/// The answers, if none is an error.
fn expect(replies: Result<Vec<super::Reply>, NodeError>) -> Result<Vec<Value>, String> {
    let replies = replies.map_err(|error| reason(&error))?;
    replies.into_iter().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn reason(error: &NodeError) -> String {
    match error {
        NodeError::Off => "another node is not reached".into(),
        NodeError::Gone(reason) => reason.clone(),
        NodeError::Elsewhere => "keys have moved to another node".into(),
        NodeError::Refused(error) => error.to_string(),
    }
}
