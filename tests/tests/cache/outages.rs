//! Redis absent, killed, hung, slow, refusing, cut off, back as it was or with an old copy: DEG rows and guarantee 3.

use std::time::{Duration, Instant};

use sealcard_tests::ports::free_port;
use sealcard_tests::redis::{Cluster, Redis};
use sealcard_tests::relay::Relay;
use sealcard_tests::server::Server;
use serde_json::json;

use sealcard_tests::site::{Backend, Site};

const DEMO: &str = "/api/public/devcard-demo";

fn redis_is(server: &Server, state: &str) {
    server.wait_until(&format!("Redis is {state}"), |server| server.get("/health").json()["redis"] == state);
}

/// Reads a hundred times, from the cache and past it. Whoever waited for Redis each time would take 10 seconds and more.
fn nobody_waits(server: &Server) {
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(server.get(DEMO).status, 200);
        assert_eq!(server.get("/api/public/nobody").status, 404, "asks Redis and the database each time");
    }
    assert!(began.elapsed() < Duration::from_secs(7), "{:?}", began.elapsed());
}

fn change(server: &Server, token: &str, bio: &str) {
    let answer = server.request("PUT", "/api/profiles/me", Some(token), Some(&json!({ "bio": bio })));
    assert_eq!(answer.status, 200, "{answer:?}");
}

fn bio(server: &Server) -> String {
    server.lookup("/api/public/ada").1["bio"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn without_redis_the_server_starts_at_once_and_takes_it_when_it_comes() {
    let port = free_port();
    let site = Site::single();
    let began = Instant::now();
    let server = site.start(&[], &[("REDIS_URL", &format!("redis://127.0.0.1:{port}"))]);
    // The crate's own connection manager would take 9.5 s.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.get("/health").json()["redis"], "unavailable");
    assert_eq!(server.get("/api/health/cache").json()["fallbackMode"], true);
    nobody_waits(&server);
    let token = server.sign_up("ada");
    change(&server, &token, "changed without Redis");
    assert_eq!(bio(&server), "changed without Redis");

    let redis = Redis::start_on(port, &["--save", ""]);
    redis_is(&server, "ok");
    assert_eq!(server.get("/api/health/cache").json()["fallbackMode"], false);
    change(&server, &token, "and with it");
    assert_eq!(bio(&server), "and with it");
    assert_eq!(redis.cli(&["exists", "profile:ada"]), "1");
    let log = server.log();
    assert_eq!(log.matches("leaving fallback").count(), 1, "{log}");
    assert_eq!(log.matches("entering fallback").count(), 1, "{log}");
    let attempts = log.lines().filter(|line| line.contains("Redis cannot be used yet"));
    let attempts = attempts.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let attempts: Vec<_> = attempts.map(|line| (line["attempt"].clone(), line["next_ms"].clone())).collect();
    let doubling = [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1600), (6, 3000), (7, 3000), (8, 3000)];
    let doubling = doubling.map(|(attempt, ms)| (json!(attempt), json!(ms)));
    assert!(!attempts.is_empty() && doubling.starts_with(&attempts), "{attempts:?}");
}

/// X11: liveness is not readiness, and what readiness needs is said by whoever runs the server.
#[test]
fn a_load_balancer_is_told_what_it_was_to_be_told() {
    let mut site = Site::single();
    let (relay, database) = sealcard_tests::postgres::away_able();
    let database = [("DATABASE_URL", database.as_str())];
    let servers =
        ["", "redis", "database", "database,redis"].map(|needs| site.server_with(&["--ready-needs", needs], &database));
    let are_ready = |statuses: [u16; 4]| {
        for (server, status) in servers.iter().zip(statuses) {
            server.wait_until("it is noticed", |server| server.get("/ready").status == status);
            assert_eq!(server.get("/health").status, 200);
        }
    };
    are_ready([200; 4]);
    site.redis().kill();
    are_ready([200, 503, 200, 503]);
    assert_eq!(servers[1].get("/ready").json()["redis"], "unavailable");
    relay.cut();
    are_ready([200, 503, 503, 503]);
    site.redis().resume_after_kill();
    relay.mend();
    are_ready([200; 4]);
}

#[test]
fn without_a_redis_to_use_none_is_missing() {
    let server = Site::new(Backend::None).start(&["--ready-needs", "redis"], &[]);
    assert_eq!(server.get("/ready").status, 200);
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(metrics.contains("cache_entries") && !metrics.contains("redis_up"), "an alert would go off: {metrics}");
    let wrong = sealcard_tests::binary::run(&["serve", "--ready-needs", "kafka"]);
    assert_eq!((wrong.status, wrong.error_code().as_str()), (1, "invalid_settings"), "{}", wrong.stderr);
}

#[test]
fn killed_and_started_again_empty() {
    let mut site = Site::single();
    let server = site.server();
    let token = server.sign_up("ada");
    change(&server, &token, "before");
    assert_eq!(bio(&server), "before");
    site.redis().kill();
    nobody_waits(&server);
    redis_is(&server, "unavailable");
    change(&server, &token, "meanwhile");
    assert_eq!(bio(&server), "meanwhile");
    assert!(server.metric("cache_fallbacks_total{resource=\"profile\"}") > 0);
    assert_eq!(server.metric("redis_up"), 0);
    site.redis().resume_after_kill();
    redis_is(&server, "ok");
    assert_eq!(bio(&server), "meanwhile");
    server.wait_until("it is said", |server| server.log().contains("leaving fallback"));
    let log = server.log();
    assert_eq!(log.matches("entering fallback").count(), 1, "said once: {log}");
    assert_eq!(log.matches("leaving fallback").count(), 1, "said once: {log}");
    assert_eq!(server.metric("redis_reconnects_total"), 1);
}

/// The old copy is from before a change: it must not come back, and neither must it for a server that has just started.
#[test]
fn started_again_with_an_old_copy() {
    let mut site = Site::new(Backend::Single(Redis::start_with(&["--save", "3600 1000000"])));
    let server = site.server();
    let token = server.sign_up("ada");
    change(&server, &token, "old");
    assert_eq!(bio(&server), "old");
    assert!(site.backend.has("profile:ada"));
    assert_eq!(site.backend.cli(&["save"]), "OK");
    change(&server, &token, "new");
    site.redis().kill();
    redis_is(&server, "unavailable");
    site.redis().resume_after_kill();
    redis_is(&server, "ok");
    assert_eq!(bio(&server), "new");

    // The same once more, with a change that a server made which is dead when Redis is back.
    assert_eq!(site.backend.cli(&["save"]), "OK");
    assert!(site.backend.has("profile:ada"));
    change(&server, &token, "newest");
    drop(server);
    site.redis().kill();
    site.redis().resume_after_kill();
    assert!(site.backend.has("profile:ada"), "the old copy has it");
    let other = site.server();
    assert_eq!(bio(&other), "newest");
}

#[test]
fn hung_and_going_on() {
    let site = Site::single().impatient();
    let server = site.server();
    let token = server.sign_up("ada");
    change(&server, &token, "before");
    assert_eq!(bio(&server), "before");
    let Backend::Single(redis) = &site.backend else { unreachable!() };
    redis.hang();
    // One read waits, until the time is out, or none does.
    nobody_waits(&server);
    redis_is(&server, "unavailable");
    change(&server, &token, "while it hung");
    assert_eq!(bio(&server), "while it hung");
    redis.go_on();
    redis_is(&server, "ok");
    assert_eq!(bio(&server), "while it hung");
}

/// What waits in a hung Redis's socket is carried out when it goes on: also the write of a value that is old by then.
#[test]
fn a_write_that_waited_in_a_hung_redis_does_not_outlive_a_change() {
    let site = Site::single().impatient();
    let server = site.server();
    let token = server.sign_up("ada");
    let Backend::Single(redis) = &site.backend else { unreachable!() };
    for round in 0..10 {
        let old = format!("old {round}");
        change(&server, &token, &old);
        std::thread::scope(|scope| {
            // A load is on its way just when Redis stops.
            scope.spawn(|| bio(&server));
            redis.hang();
        });
        let new = format!("new {round}");
        change(&server, &token, &new);
        redis.go_on();
        redis_is(&server, "ok");
        assert_eq!(bio(&server), new);
        redis.cli(&["ping"]);
        let stored = redis.cli(&["get", "profile:ada"]);
        assert!(!stored.contains(&old), "{stored}");
    }
}

#[test]
fn slow_is_logged_and_not_waited_for() {
    let site = Site::single().impatient();
    let server = site.server();
    site.backend.cli(&["client", "pause", "2000", "all"]);
    nobody_waits(&server);
    redis_is(&server, "ok");
    assert!(server.log().contains("slow Redis operation"), "{}", server.log());
}

#[test]
fn refusing() {
    let site = Site::single();
    let server = site.server();
    let token = server.sign_up("ada");
    change(&server, &token, "before");
    assert_eq!(bio(&server), "before");

    // No memory: what is there can be read and removed, and nothing is added.
    site.backend.cli(&["config", "set", "maxmemory", "1"]);
    assert_eq!(server.lookup("/api/public/ada").0, "HIT");
    change(&server, &token, "without memory");
    assert_eq!(bio(&server), "without memory");
    assert!(!site.backend.has("profile:ada"));
    nobody_waits(&server);
    site.backend.cli(&["config", "set", "maxmemory", "0"]);
    change(&server, &token, "with memory");
    assert_eq!(bio(&server), "with memory");
    assert!(site.backend.has("profile:ada"));

    // Read only: what cannot be removed is not believed.
    site.backend.cli(&["replicaof", "127.0.0.1", "1"]);
    change(&server, &token, "read only");
    assert_eq!(bio(&server), "read only");
    assert_eq!(server.get("/health").json()["redis"], "unavailable");
    site.backend.cli(&["replicaof", "no", "one"]);
    redis_is(&server, "ok");
    assert_eq!(bio(&server), "read only");

    // Another password.
    site.backend.cli(&["config", "set", "requirepass", "secret"]);
    site.backend.cli(&["-a", "secret", "client", "kill", "type", "pubsub"]);
    redis_is(&server, "unavailable");
    change(&server, &token, "locked out");
    assert_eq!(bio(&server), "locked out");
    site.backend.cli(&["-a", "secret", "config", "set", "requirepass", ""]);
    redis_is(&server, "ok");
    assert_eq!(bio(&server), "locked out");
}

/// DEG-12: the network is gone, not Redis: it keeps what it had.
#[test]
fn cut_off_and_back() {
    let site = Site::single();
    let relay = Relay::to(site.backend.ports()[0]);
    let url = format!("redis://127.0.0.1:{}", relay.port);
    let server = site.start(&[], &[("REDIS_URL", &url)]);
    redis_is(&server, "ok");
    let token = server.sign_up("ada");
    change(&server, &token, "before");
    assert_eq!(bio(&server), "before");
    relay.cut();
    redis_is(&server, "unavailable");
    change(&server, &token, "cut off");
    assert!(site.backend.has("profile:ada"), "it does not know");
    relay.mend();
    redis_is(&server, "ok");
    assert_eq!(bio(&server), "cut off");
}

/// What somebody else did in Redis while nobody here listened.
#[test]
fn what_was_changed_in_redis_meanwhile_is_seen() {
    let site = Site::single();
    let relay = Relay::to(site.backend.ports()[0]);
    let server = site.start(&[], &[("REDIS_URL", &format!("redis://127.0.0.1:{}", relay.port))]);
    redis_is(&server, "ok");
    // Nothing that the log of changes knows of: that would be removed.
    let marker = || site.backend.cli(&["get", "cache:good-until:{0}"]);
    server.wait_until("the demo user's account is in it", |_| marker().ends_with(":2"));
    let name = || server.lookup(DEMO).1["displayName"].as_str().unwrap().to_owned();
    assert_eq!(name(), "Alex Chen");
    relay.cut();
    redis_is(&server, "unavailable");
    let profile = site.backend.cli(&["get", "profile:devcard-demo"]).replace("Alex Chen", "By Hand");
    site.backend.cli(&["set", "profile:devcard-demo", &profile, "ex", "300"]);
    assert_eq!(name(), "Alex Chen", "nobody says so");
    relay.mend();
    redis_is(&server, "ok");
    assert_eq!(name(), "By Hand");
}

/// A marker that is none, or that speaks of changes which this database has yet to make, as after a restored backup.
#[test]
fn a_marker_that_makes_no_sense_is_replaced() {
    const MARKER: &str = "cache:good-until:{0}";
    let site = Site::single();
    drop(site.server());
    let (log, at) = {
        let marker = site.backend.cli(&["get", MARKER]);
        let (log, at) = marker.rsplit_once(':').unwrap();
        (log.to_owned(), at.parse::<u32>().unwrap())
    };
    for wrong in ["a list", "a text", "too high"] {
        site.backend.cli(&["unlink", MARKER]);
        match wrong {
            "a list" => site.backend.cli(&["lpush", MARKER, "x"]),
            "a text" => site.backend.cli(&["set", MARKER, "x"]),
            _ => site.backend.cli(&["set", MARKER, &format!("{log}:999999")]),
        };
        site.backend.cli(&["set", "profile:devcard-demo", "what was before", "ex", "300"]);
        let server = site.server();
        let marker = site.backend.cli(&["get", MARKER]);
        let (_, now) = marker.rsplit_once(':').unwrap();
        assert!((at..at + 10).contains(&now.parse().unwrap()), "{wrong}: {marker}");
        assert!(!site.backend.has("profile:devcard-demo"), "{wrong}: nothing is known of it");
        drop(server);
    }
}

/// Another server, which reaches Redis all the time, makes good what this one could not tell.
#[test]
fn what_a_server_that_is_cut_off_changes_is_seen_by_the_others() {
    let site = Site::single().impatient();
    let relay = Relay::to(site.backend.ports()[0]);
    let cut_off = site.start(&[], &[("REDIS_URL", &format!("redis://127.0.0.1:{}", relay.port))]);
    let other = site.server();
    redis_is(&cut_off, "ok");
    let token = cut_off.sign_up("ada");
    change(&cut_off, &token, "before");
    assert_eq!(bio(&other), "before");
    relay.cut();
    redis_is(&cut_off, "unavailable");
    change(&cut_off, &token, "cut off");
    let changed = Instant::now();
    loop {
        let asked = changed.elapsed();
        if bio(&other) == "cut off" {
            break;
        }
        assert!(asked < Duration::from_secs(3), "the bound that is stated: {asked:?}");
    }
    assert!(site.backend.cli(&["get", "profile:ada"]).contains("cut off"), "Redis too");
}

#[test]
fn cut_in_the_middle_of_an_answer() {
    let site = Site::single();
    let relay = Relay::to(site.backend.ports()[0]);
    let server = site.start(&[], &[("REDIS_URL", &format!("redis://127.0.0.1:{}", relay.port))]);
    redis_is(&server, "ok");
    let (_, profile) = server.lookup(DEMO);
    for bytes in [1, 7, 40, 200, 900] {
        redis_is(&server, "ok");
        // Out of the process, but not out of Redis.
        site.backend.cli(&["config", "resetstat"]);
        let fresh = site.start(&[], &[("REDIS_URL", &format!("redis://127.0.0.1:{}", relay.port))]);
        redis_is(&fresh, "ok");
        relay.cut_after(bytes);
        assert_eq!(fresh.lookup(DEMO).1, profile, "after {bytes} bytes");
        assert_eq!(server.lookup(DEMO).1, profile);
        relay.mend();
    }
}

/// What listens there is no Redis.
#[test]
fn garbage_for_an_answer() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\r\n\r\n\x00\xff$-7\r\n");
        }
    });
    let site = Site::single();
    let server = site.start(&[], &[("REDIS_URL", &url)]);
    nobody_waits(&server);
    assert_eq!(server.get("/health").json()["redis"], "unavailable");
}

/// One master of three is gone: its keys come from the database, the others' from the cluster.
#[test]
fn one_master_of_a_cluster_killed() {
    let mut site = Site::new(Backend::Cluster(Cluster::start()));
    let server = site.server();
    let token = server.sign_up("ada");
    change(&server, &token, "before");
    assert_eq!(bio(&server), "before");
    let Backend::Cluster(cluster) = &mut site.backend else { unreachable!() };
    for index in 0..3 {
        cluster.nodes[index].kill();
        redis_is(&server, "unavailable");
        nobody_waits(&server);
        let text = format!("without {index}");
        change(&server, &token, &text);
        assert_eq!(bio(&server), text);
        cluster.nodes[index].resume_after_kill();
        redis_is(&server, "ok");
        assert_eq!(bio(&server), text);
    }
}

/// DEG-15: nobody is left behind in Redis, and a server that is told to stop does.
#[test]
fn a_server_that_stops_leaves_redis() {
    let site = Site::single();
    let server = site.server();
    let ours =
        |site: &Site| site.backend.cli(&["client", "list"]).lines().filter(|line| !line.contains("cmd=client")).count();
    assert!(ours(&site) >= 1);
    assert!(server.stop().success());
    assert_eq!(ours(&site), 0);
}
