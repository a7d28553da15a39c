//! Every order in which the steps of readers and of a change can come, tried one by one on the real code: the cache of one
//! server or of two, over a second tier in memory that gives way after each step.
//!
//! A history is right if nobody who began to read after the change was acknowledged is given what was before, and if
//! nothing of it is left behind. That the search can fail is shown too: with one mechanism of the second tier taken out, it
//! finds a history that is wrong.

use std::collections::HashMap;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use tokio::sync::Notify;

use super::change::Follower;
use super::change::tests::MemoryLog;
use super::metrics::CacheMetrics;
use super::resource::{Json, Resource, Tiers};
use super::store::{Read, Removed, Store};
use super::{CacheOptions, Declaration, Inner, Invalidation, LoadError, Lookup};

const TABLE: &[Declaration] = &[
    Declaration { name: "plain", key: "plain:{id}", ttl_secs: 60, tags: &[], tiers: Tiers::Both, version: 0 },
    Declaration { name: "tagged", key: "tagged:{id}", ttl_secs: 60, tags: &["all"], tiers: Tiers::Both, version: 0 },
];

const PLAIN: Resource<Json<u32>> = Resource::declared(TABLE, "plain");
const TAGGED: Resource<Json<u32>> = Resource::declared(TABLE, "tagged");

/// What is taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    Nothing,
    /// A value is written whatever happened since its permission was given.
    Permission,
    /// An invalidation leaves the permissions as they are.
    Withdrawal,
    /// Values stay in the second tier.
    Removal,
    /// The other server is not told.
    Message,
    /// A value counts whatever was invalidated by its tags.
    Version,
}

/// The second tier.
struct Tier {
    values: Mutex<HashMap<String, Vec<u8>>>,
    leases: Mutex<HashMap<String, String>>,
    /// The versions of tags, and under which of them each value was written.
    versions: Mutex<HashMap<String, u32>>,
    noted: Mutex<HashMap<String, String>>,
    next: AtomicU32,
    broken: Broken,
}

impl Tier {
    fn write(&self, key: &str, lease: &str, value: &[u8]) {
        let mut leases = self.leases.lock().unwrap();
        let holds = leases.get(key).is_some_and(|known| known == lease);
        if holds || self.broken == Broken::Permission {
            leases.remove(key);
            self.values.lock().unwrap().insert(key.to_owned(), value.to_vec());
            self.noted.lock().unwrap().insert(key.to_owned(), versions_of(lease).to_owned());
        }
    }

    fn version(&self, tag: &str) -> u32 {
        let offered = self.next.fetch_add(1, Ordering::SeqCst);
        *self.versions.lock().unwrap().entry(tag.to_owned()).or_insert(offered)
    }

    fn value(&self, key: &str, versions: &str) -> Option<Vec<u8>> {
        let counts = self.noted.lock().unwrap().get(key).is_some_and(|noted| noted == versions);
        let value = self.values.lock().unwrap().get(key).cloned();
        value.filter(|_| counts || self.broken == Broken::Version)
    }
}

/// What a permission says about the versions of tags.
fn versions_of(lease: &str) -> &str {
    lease.split_once(':').map_or("", |(_, versions)| versions)
}

/// One server's way to it.
struct Way {
    tier: Arc<Tier>,
    /// Who is told.
    other: Mutex<Option<Arc<Inner>>>,
    /// Whether the tier is reached just now.
    reached: AtomicBool,
}

#[async_trait]
impl Store for Way {
    async fn read(&self, key: &str, tags: &[String]) -> Read {
        if !self.reached.load(Ordering::SeqCst) {
            return Read::Off;
        }
        let mut versions = String::new();
        for tag in tags {
            versions.push_str(&format!("{} ", self.tier.version(tag)));
            give_way().await;
        }
        let read = match self.tier.value(key, &versions) {
            Some(bytes) => Read::Value { bytes, ttl_ms: 60_000 },
            None => {
                let offered = format!("{}:{versions}", self.tier.next.fetch_add(1, Ordering::SeqCst));
                let mut leases = self.tier.leases.lock().unwrap();
                let lease = leases.entry(key.to_owned()).or_insert_with(|| offered.clone());
                if versions_of(lease) != versions {
                    *lease = offered;
                }
                Read::Lease(lease.clone())
            }
        };
        give_way().await;
        read
    }

    async fn write(&self, key: &str, _: &[String], lease: &str, value: &[u8], _: u64) {
        // Gives way no more: what comes now is kept under the generations from before the load, as it was before the write.
        self.tier.write(key, lease, value);
    }

    async fn remove_corrupt(&self, key: &str) {
        self.tier.values.lock().unwrap().remove(key);
    }

    async fn remove(&self, invalidation: &Invalidation) -> Removed {
        if !self.reached.load(Ordering::SeqCst) {
            return Removed { values: 0, complete: false };
        }
        // As if the set of the tag's keys were lost: what they hold stays.
        for tag in &invalidation.tags {
            self.tier.versions.lock().unwrap().remove(tag);
            give_way().await;
        }
        for key in &invalidation.keys {
            if self.tier.broken != Broken::Withdrawal {
                self.tier.leases.lock().unwrap().remove(key);
            }
            if self.tier.broken != Broken::Removal {
                self.tier.values.lock().unwrap().remove(key);
            }
            give_way().await;
        }
        Removed { values: 0, complete: true }
    }

    async fn tell(&self, invalidation: &Invalidation, change: Option<i64>) {
        let other = self.other.lock().unwrap().clone();
        if let Some(other) = other.filter(|_| self.tier.broken != Broken::Message) {
            other.forget(invalidation);
            if let Some(id) = change {
                other.delivered().insert(id);
            }
            give_way().await;
        }
    }

    fn distrust(&self, _: &str) {}

    async fn advance(&self, _: &str, _: i64) {}
}

#[derive(Clone, Debug)]
struct Never;

impl LoadError for Never {
    fn is_unavailable(&self) -> bool {
        false
    }
}

/// Two servers, one second tier, one database.
#[derive(Clone)]
struct World {
    one: Arc<Inner>,
    other: Arc<Inner>,
    way: Arc<Way>,
    log: Arc<MemoryLog>,
    database: Arc<AtomicU32>,
    acknowledged: Arc<AtomicBool>,
    done: Arc<Notify>,
    resource: Resource<Json<u32>>,
}

impl World {
    fn new(broken: Broken, resource: Resource<Json<u32>>) -> Self {
        static METRICS: LazyLock<CacheMetrics> = LazyLock::new(|| CacheMetrics::new(&mut Registry::default(), true));
        let tier = Arc::new(Tier {
            values: Mutex::default(),
            leases: Mutex::default(),
            versions: Mutex::default(),
            noted: Mutex::default(),
            next: AtomicU32::new(0),
            broken,
        });
        let server = || {
            let inner = Inner::new(TABLE, &CacheOptions::default(), METRICS.clone()).unwrap();
            let way =
                Arc::new(Way { tier: Arc::clone(&tier), other: Mutex::default(), reached: AtomicBool::new(true) });
            let _ = inner.shared.store.set(Arc::clone(&way) as _);
            (Arc::new(inner), way)
        };
        let ((one, way), (other, _)) = (server(), server());
        *way.other.lock().unwrap() = Some(Arc::clone(&other));
        Self {
            one,
            other,
            way,
            log: Arc::default(),
            database: Arc::new(AtomicU32::new(1)),
            acknowledged: Arc::default(),
            done: Arc::default(),
            resource,
        }
    }

    async fn read(&self, server: &Arc<Inner>) -> u32 {
        let load = || async {
            let value = self.database.load(Ordering::SeqCst);
            give_way().await;
            Ok::<_, Never>(Some(Json(value)))
        };
        let request = server.request(self.resource, "x");
        let found = server.get_or_load(self.resource, request, load).await.unwrap().unwrap();
        assert_ne!(found.lookup, Lookup::Stale);
        found.value.0
    }

    /// Somebody who reads at any time, and checks what they are given.
    fn reader(&self, server: &Arc<Inner>) -> Task {
        let (world, server) = (self.clone(), Arc::clone(server));
        Box::pin(async move {
            let too_late_for_old = world.acknowledged.load(Ordering::SeqCst);
            let value = world.read(&server).await;
            assert!(value == 2 || !too_late_for_old, "what was before, after the change was acknowledged");
        })
    }

    /// Somebody who may be given either: they are not told of the change.
    fn reader_of_anything(&self, server: &Arc<Inner>) -> Task {
        let (world, server) = (self.clone(), Arc::clone(server));
        Box::pin(async move {
            world.read(&server).await;
        })
    }

    fn commit(&self) -> super::Change {
        self.database.store(2, Ordering::SeqCst);
        let invalidation =
            if self.resource.index == TAGGED.index { Invalidation::tag("all") } else { Invalidation::key("plain:x") };
        self.log.commit(invalidation)
    }

    fn writer(&self) -> Task {
        let world = self.clone();
        Box::pin(async move {
            let change = world.commit();
            give_way().await;
            world.one.invalidate(&change.invalidation, Some(change.id)).await;
            world.acknowledged.store(true, Ordering::SeqCst);
            world.done.notify_one();
        })
    }

    async fn until_acknowledged(&self) {
        self.done.notified().await;
    }

    async fn nothing_is_left(&self) {
        assert_eq!(self.read(&self.one).await, 2, "left behind on the server that changed it");
        assert_eq!(self.read(&self.other).await, 2, "left behind on the other server");
    }
}

/// A step of a history: runs until it gives way.
type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Gives way to the others, once.
async fn give_way() {
    let mut gave = false;
    poll_fn(|context| {
        if std::mem::replace(&mut gave, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A task may go on.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Runs tasks to their end; `choose` says which of so many that can go on does.
fn run(tasks: Vec<Task>, mut choose: impl FnMut(usize) -> usize) {
    let mut tasks: Vec<_> = tasks.into_iter().map(|task| (task, Arc::new(Woken(AtomicBool::new(true))))).collect();
    while !tasks.is_empty() {
        let can_go_on = |(_, woken): &(Task, Arc<Woken>)| woken.0.load(Ordering::SeqCst);
        let ready: Vec<_> = (0..tasks.len()).filter(|index| can_go_on(&tasks[*index])).collect();
        assert!(!ready.is_empty(), "everybody waits for somebody");
        let index = ready[choose(ready.len())];
        let (task, woken) = &mut tasks[index];
        woken.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(woken));
        if task.as_mut().poll(&mut Context::from_waker(&waker)).is_ready() {
            drop(tasks.remove(index));
        }
    }
}

/// Runs a history in every order that its tasks can take, from the start each time. Returns how many there are, or the first
/// wrong one's complaint.
fn try_every_order(history: impl Fn() -> (World, Vec<Task>)) -> Result<usize, String> {
    // What was chosen, and of how many, on the way to the order that is tried.
    let (mut path, mut orders) = (Vec::<(usize, usize)>::new(), 0);
    loop {
        let mut depth = 0;
        let choose = |count| {
            if depth == path.len() {
                path.push((0, count));
            }
            let (chosen, _) = path[depth];
            depth += 1;
            chosen
        };
        let attempt = catch_unwind(AssertUnwindSafe(|| {
            let (world, tasks) = history();
            run(tasks, choose);
            run(vec![Box::pin(async move { world.nothing_is_left().await })], |_| 0);
        }));
        if let Err(panic) = attempt {
            return Err(panic
                .downcast_ref::<String>()
                .cloned()
                .unwrap_or_else(|| panic.downcast_ref::<&str>().copied().unwrap_or_default().to_owned()));
        }
        orders += 1;
        // The next: another choice at the last place where there is one left.
        while path.last().is_some_and(|(chosen, count)| chosen + 1 == *count) {
            path.pop();
        }
        match path.last_mut() {
            Some((chosen, _)) => *chosen += 1,
            None => return Ok(orders),
        }
    }
}

/// One reads on each server, while one of them changes what they read.
fn a_change_between_readers(broken: Broken, resource: Resource<Json<u32>>) -> Result<usize, String> {
    try_every_order(|| {
        let world = World::new(broken, resource);
        let tasks = vec![world.reader(&world.one), world.reader(&world.other), world.writer()];
        (world, tasks)
    })
}

#[test]
fn nobody_is_given_what_was_before_a_change_that_was_acknowledged() {
    let orders = a_change_between_readers(Broken::Nothing, PLAIN).unwrap();
    assert!(orders > 10_000, "{orders} orders");
}

/// One reads on one of the servers, while one of them changes what everything with a tag says.
fn a_change_by_a_tag(broken: Broken, on_the_other: bool) -> Result<usize, String> {
    try_every_order(|| {
        let world = World::new(broken, TAGGED);
        let reader = world.reader(if on_the_other { &world.other } else { &world.one });
        let tasks = vec![reader, world.writer()];
        (world, tasks)
    })
}

#[test]
fn nor_when_it_is_known_by_a_tag() {
    for on_the_other in [false, true] {
        let orders = a_change_by_a_tag(Broken::Nothing, on_the_other).unwrap();
        assert!(orders > 50, "{orders} orders");
    }
}

#[test]
fn with_any_mechanism_taken_out_a_wrong_history_is_found() {
    for broken in [Broken::Permission, Broken::Withdrawal, Broken::Removal, Broken::Message] {
        let complaint = a_change_between_readers(broken, PLAIN).expect_err(&format!("{broken:?} is needed"));
        assert!(complaint.contains("what was before") || complaint.contains("left behind"), "{broken:?}: {complaint}");
    }
    let complaint = a_change_by_a_tag(Broken::Version, true).expect_err("versions are needed");
    assert!(complaint.contains("what was before") || complaint.contains("left behind"), "{complaint}");
}

/// The server that changes something does not reach Redis, and can tell nobody. The other reads the log, some time after
/// the change.
#[test]
fn the_log_makes_good_what_no_message_told() {
    let orders = try_every_order(|| {
        let world = World::new(Broken::Message, PLAIN);
        world.way.reached.store(false, Ordering::SeqCst);
        let follower = {
            let world = world.clone();
            async move {
                let mut follower = Follower::new(Arc::clone(&world.log) as _);
                world.other.follow_once(&mut follower).await.unwrap();
                world.until_acknowledged().await;
                world.other.follow_once(&mut follower).await.unwrap();
            }
        };
        let tasks = vec![world.reader_of_anything(&world.other), world.writer(), Box::pin(follower) as Task];
        (world, tasks)
    });
    let orders = orders.unwrap();
    assert!(orders > 100, "{orders} orders");
}
