//! The database is away: what is cached is served as stale, for a bounded time; nothing hangs. Guarantee 4.

use std::time::{Duration, Instant};

use sealcard_tests::postgres;
use sealcard_tests::server::Server;
use serde_json::json;

use sealcard_tests::site::Site;

const DEMO: &str = "/api/public/devcard-demo";

fn database_is(server: &Server, state: &str) {
    server.wait_until(&format!("the database is {state}"), |server| server.get("/health").json()["database"] == state);
}

#[test]
fn cached_values_are_served_as_stale_and_writes_are_refused() {
    let site = Site::single();
    let (relay, url) = postgres::away_able();
    let server = site.server_with(&[], &[("DATABASE_URL", &url)]);
    let token = server.sign_up("ada");
    let (_, profile) = server.lookup(DEMO);
    relay.cut();
    let began = Instant::now();
    // At no moment anything else than the profile, whether it is known already that the database is away or not.
    while server.lookup(DEMO).0 != "STALE" {
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(server.lookup(DEMO), ("STALE".into(), profile.clone()));
    let session = server.get("/api/public/devcard-demo/qr-session");
    assert_eq!((session.status, session.header("x-cache")), (200, "STALE"));
    assert_eq!(server.get("/health").status, 200);
    assert_eq!(server.get("/health").json()["database"], "unavailable");

    let began = Instant::now();
    let write = server.request("PUT", "/api/profiles/me", Some(&token), Some(&json!({ "bio": "new" })));
    assert_eq!(write.problem(), (503, "unavailable".into()));
    assert_eq!(write.header("retry-after"), "2");
    assert_eq!(server.get("/api/public/ada").status, 503, "not cached, and nobody to ask");
    let account = json!({ "username": "bob", "password": "correct horse", "displayName": "Bob" });
    assert_eq!(server.request("POST", "/api/accounts", None, Some(&account)).status, 503);
    assert_eq!(server.lookup(DEMO).0, "STALE", "a write that was refused costs nobody what is there");
    let seen = server.request("GET", DEMO, Some(&token), None);
    assert_eq!((seen.status, seen.json()), (200, profile.clone()), "whoever asks");
    assert!(began.elapsed() < Duration::from_secs(3), "it is known: nobody waits: {:?}", began.elapsed());
    assert!(server.metric("cache_stale_total{resource=\"profile\"}") > 0);
    assert_eq!(server.metric("db_up"), 0);

    relay.mend();
    database_is(&server, "ok");
    assert_eq!(server.lookup(DEMO), ("HIT".into(), profile));
    let write = server.request("PUT", "/api/profiles/me", Some(&token), Some(&json!({ "bio": "new" })));
    assert_eq!(write.status, 200);
    let log = server.log();
    assert_eq!(log.matches("cached values are served as stale").count(), 1, "said once: {log}");
    assert_eq!(log.matches("the database answers again").count(), 1, "{log}");
}

#[test]
fn for_as_long_as_is_set_and_no_longer() {
    let site = Site::single();
    let (relay, url) = postgres::away_able();
    let args = ["--cache", "profile=2", "--stale-secs", "3"];
    let server = site.server_with(&args, &[("DATABASE_URL", &url)]);
    server.lookup(DEMO);
    let loaded = Instant::now();
    relay.cut();
    loop {
        let asked = loaded.elapsed();
        if server.get(DEMO).status == 503 {
            assert!(asked >= Duration::from_secs(4), "given up too early: {asked:?}");
            break;
        }
        assert!(asked < Duration::from_secs(5), "served too long: {asked:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What is only in Redis is served too: another server may have put it there.
#[test]
fn what_only_redis_has_is_served() {
    let site = Site::single();
    let (relay, url) = postgres::away_able();
    let first = site.server_with(&[], &[("DATABASE_URL", &url)]);
    let second = site.server_with(&[], &[("DATABASE_URL", &url)]);
    let (_, profile) = first.lookup(DEMO);
    relay.cut();
    database_is(&second, "unavailable");
    second.wait_until("it is known", |second| second.lookup(DEMO).0 == "STALE");
    assert_eq!(second.lookup(DEMO), ("STALE".into(), profile));
}

/// The log of changes cannot be read, but the database answers: what is cached counts as stale, and the rest goes on.
#[test]
fn a_log_that_cannot_be_read_is_no_reason_to_refuse_everything() {
    let site = Site::single();
    let url = postgres::database();
    let server = site.server_with(&[], &[("DATABASE_URL", &url)]);
    server.sign_up("ada");
    server.lookup(DEMO);
    postgres::execute(&url, "ALTER TABLE changes RENAME TO gone");
    server.wait_until("it is known", |server| server.lookup(DEMO).0 == "STALE");
    assert_eq!(server.get("/api/public/ada").status, 200, "not cached, and somebody to ask");
    assert_eq!(server.metric("db_up"), 1);
    postgres::execute(&url, "ALTER TABLE gone RENAME TO changes");
    database_is(&server, "ok");
    assert_eq!(server.lookup(DEMO).0, "HIT");
}

#[test]
fn a_database_that_hangs_holds_nobody_up_for_long() {
    let site = Site::single();
    let (relay, url) = postgres::away_able();
    let server = site.server_with(&[], &[("DATABASE_URL", &url)]);
    let (_, profile) = server.lookup(DEMO);
    relay.hang();
    server.wait_until("it is known", |server| server.lookup(DEMO).0 == "STALE");
    let began = Instant::now();
    assert_eq!(server.lookup(DEMO), ("STALE".into(), profile));
    assert_eq!(server.get("/api/public/nobody").status, 503);
    assert_eq!(server.get("/health").status, 200);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    relay.go_on();
    database_is(&server, "ok");
}
