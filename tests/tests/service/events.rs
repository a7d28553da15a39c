//! Events: published, written into the database once each, and put aside if they are none.

use sealcard_tests::everywhere;
use sealcard_tests::redis::Redis;
use sealcard_tests::server::Server;
use sealcard_tests::site::{Backend, Site};

use crate::client::{Client, scan};
use crate::sql;

everywhere! {
    events_reach_the_database_once;
}

const TARGET: &str = "https://acme.example/";

fn fate(server: &Server, fate: &str) -> u64 {
    server.metric(&format!("events_total{{fate=\"{fate}\"}}"))
}

fn events_reach_the_database_once(site: Site) {
    let (server, other) = (site.server(), site.server());
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    for _ in 0..50 {
        scan(&server, "qr_1");
        scan(&other, "qr_1");
    }
    let count =
        |of: &str| sql(&site, &format!("SELECT COUNT(*) FROM qr_events WHERE type = '{of}' AND qr_id = 'qr_1'"));
    server.wait_until("they are written", |_| count("qr.scanned") == "100" && count("qr.created") == "1");
    let odd = "SELECT COUNT(*) FROM qr_events WHERE tenant_id <> 'acme' OR at NOT LIKE '20__-__-__T__:__:__Z' \
               OR (type = 'qr.scanned' AND user_agent NOT LIKE 'ureq/%')";
    assert_eq!(sql(&site, odd), "0");
    if matches!(site.backend, Backend::None) {
        server.wait_until("and counted", |server| fate(server, "published") + fate(&other, "published") == 101);
        return;
    }
    let range = site.backend.cli(&["xrange", "qr.events", "-", "+"]);
    assert_eq!(range.matches("\"type\":\"qr.scanned\"").count(), 100, "{range}");
    assert_eq!(range.matches("\"type\":\"qr.created\"").count(), 1);
    assert!(!range.contains("127.0.0.1"), "no address of a visitor");
    server.wait_until("and counted", |server| fate(server, "persisted") + fate(&other, "persisted") == 101);
    assert_eq!(sql(&site, "SELECT COUNT(*) FROM qr_events WHERE stream_id IS NULL"), "0");
}

/// Redis away, and back empty: the database has every event all the same.
#[test]
fn without_redis_events_go_to_the_database() {
    let mut site = Site::single();
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    let count = |site: &Site| sql(site, "SELECT COUNT(*) FROM qr_events WHERE type = 'qr.scanned'");
    scan(&server, "qr_1");
    server.wait_until("it is written", |_| count(&site) == "1");
    site.redis().kill();
    for _ in 0..20 {
        scan(&server, "qr_1");
    }
    server.wait_until("they are kept instead", |_| count(&site) == "21");
    server.wait_until("and counted", |server| fate(server, "kept instead") == 20);
    site.redis().resume_after_kill();
    server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
    for _ in 0..20 {
        scan(&server, "qr_1");
    }
    server.wait_until("they are written", |_| count(&site) == "41");
    assert_eq!(fate(&server, "dropped"), 0);
}

/// An entry that a database does not take keeps out none of those beside it.
#[test]
fn one_bad_event_does_not_keep_out_the_others() {
    let site = Site::single().with_postgres();
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    server.wait_until("the group is there", |_| fate(&server, "persisted") == 1);
    let event = |id: &str, agent: &str| {
        let event = r#"{"id":"ID","type":"qr.scanned","qrId":"qr_1","tenantId":"acme","at":"2026-01-31T12:00:00Z","userAgent":"AGENT"}"#;
        event.replace("ID", id).replace("AGENT", agent)
    };
    let (one, bad, two) = (event("e1", "x"), event("e2", "\\u0000"), event("e3", "x"));
    let together = "for i = 1, 3 do redis.call('XADD', KEYS[1], '*', 'event', ARGV[i]) end";
    site.backend.cli(&["eval", together, "1", "qr.events", &one, &bad, &two]);
    server.wait_until("the others are written", |_| fate(&server, "persisted") == 3);
    assert_eq!(sql(&site, "SELECT string_agg(id, ',' ORDER BY id) FROM qr_events WHERE id LIKE 'e_'"), "e1,e3");
    server.wait_until("and the bad one is put aside", |server| fate(server, "dead") == 1);
    assert_eq!(site.backend.cli(&["xlen", "qr.events.dead"]), "1");
    server.wait_until("nothing is left", |_| site.backend.cli(&["xpending", "qr.events", "sealcard"]).starts_with('0'));
}

/// A server that dies with a share of events leaves it to another; what is no event is put aside.
#[test]
fn shares_are_taken_over_and_garbage_is_put_aside() {
    let site = Site::new(Backend::Single(Redis::start()));
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    server.wait_until("the group is there", |_| fate(&server, "persisted") == 1);
    site.backend.cli(&["xadd", "qr.events", "*", "event", "{\"type\":\"qr.scanned\"}"]);
    site.backend.cli(&["xadd", "qr.events", "*", "else", "x"]);
    server.wait_until("they are put aside", |_| site.backend.cli(&["xlen", "qr.events.dead"]) == "2");
    server.wait_until("and counted", |server| fate(server, "dead") == 2);
    let dead = site.backend.cli(&["xrange", "qr.events.dead", "-", "+"]);
    assert!(dead.contains("missing field") && dead.contains("no field event"), "{dead}");
    scan(&server, "qr_1");
    let pending = || site.backend.cli(&["xpending", "qr.events", "sealcard"]);
    server.wait_until("nothing is left", |_| pending().starts_with('0') && fate(&server, "persisted") == 2);
    // Somebody takes it and dies; as if half a minute ago.
    drop(server);
    let event = r#"{"id":"e1","type":"qr.scanned","qrId":"qr_1","tenantId":"acme","at":"2026-01-31T12:00:00Z"}"#;
    site.backend.cli(&["xadd", "qr.events", "*", "event", event]);
    site.backend.cli(&["xadd", "qr.events", "*", "event", event]);
    let taken = site.backend.cli(&["xreadgroup", "group", "sealcard", "dead", "streams", "qr.events", ">"]);
    let id = taken.lines().find(|line| line.contains('-')).unwrap().to_owned();
    for id in taken.lines().filter(|line| line.len() == id.len() && line.contains('-')) {
        site.backend.cli(&["xclaim", "qr.events", "sealcard", "dead", "0", id, "idle", "60000"]);
    }
    assert!(pending().starts_with('2'), "{}", pending());
    let server = site.server();
    let began = std::time::Instant::now();
    while !pending().starts_with('0') {
        assert!(began.elapsed() < std::time::Duration::from_secs(20), "{}", pending());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert_eq!(sql(&site, "SELECT COUNT(*) FROM qr_events WHERE id = 'e1'"), "1", "twice in the stream, once here");
    drop(server);
}
