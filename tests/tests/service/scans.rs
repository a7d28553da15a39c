//! Every scan that was answered is counted once, whatever happens meanwhile.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sealcard_tests::everywhere;
use sealcard_tests::postgres;
use sealcard_tests::server::Server;
use sealcard_tests::site::{Backend, Site};
use serde_json::json;

use crate::client::{Client, scan};

everywhere! {
    scans_are_counted_at_once;
    who_is_no_person_is_not_counted;
    two_thousand_at_once_are_two_thousand;
    a_server_that_is_told_to_stop_forgets_none;
}

const TARGET: &str = "https://acme.example/";

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
    config.timeout_global(Some(Duration::from_secs(20))).build().into()
}

/// Scans as often as is said, on connections that stay open. How many were redirected; whoever finds no server any more stops.
fn scan_many(servers: &[&Server], qr_id: &str, threads: usize, each: usize) -> u64 {
    let answered = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (answered, server) = (&answered, servers[thread % servers.len()]);
            scope.spawn(move || {
                let (agent, url) = (agent(), format!("{}/scan/{qr_id}", server.base));
                for _ in 0..each {
                    match agent.get(&url).call() {
                        Ok(answer) if answer.status() == 302 => drop(answered.fetch_add(1, Ordering::SeqCst)),
                        Ok(answer) => panic!("{answer:?}"),
                        Err(_) => return,
                    }
                }
            });
        }
    });
    answered.into_inner()
}

/// Waits until a server says that a code was scanned so often, and sees that it is not more.
fn is_counted(server: &Server, client: &Client, qr_id: &str, scans: u64) {
    let told = |server: &Server| {
        let (total, today) = client.stats(server, qr_id);
        let one = client.get(server, &format!("/api/qr/{qr_id}"))["scans"].as_u64().unwrap();
        let list = client.get(server, "/api/qr");
        let listed = list["qrCodes"].as_array().unwrap().iter().find(|code| code["qrId"] == qr_id).unwrap();
        [total, today, one, listed["scans"].as_u64().unwrap()]
    };
    // Another server's count is in the database a moment before Redis shows it.
    server.wait_until("every scan is counted", |server| told(server).iter().all(|count| *count >= scans));
    assert_eq!(told(server), [scans; 4]);
}

fn today() -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let output = std::process::Command::new("date").args(["-u", "-d", &format!("@{seconds}"), "+%F"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn scans_are_counted_at_once(site: Site) {
    let (server, other) = (site.server(), site.server());
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    for scans in 1..=20 {
        scan(&server, "qr_1");
        // Written or not, whoever asks this server is told of it.
        assert_eq!(ada.stats(&server, "qr_1"), (scans, scans));
        assert_eq!(ada.get(&server, "/api/qr/qr_1")["scans"], scans);
        assert_eq!(ada.get(&server, "/api/qr")["qrCodes"][0]["scans"], scans);
    }
    is_counted(&other, &ada, "qr_1", 20);
    let stats = ada.get(&server, "/api/qr/qr_1/stats?days=3");
    let days = stats["days"].as_array().unwrap();
    assert_eq!(days.len(), 3);
    assert_eq!(days[2], json!({ "day": today(), "scans": 20 }));
    assert_eq!(days[0]["scans"], 0);
    for wrong in ["days=0", "days=367"] {
        let answer = ada.ask(&server, "GET", &format!("/api/qr/qr_1/stats?{wrong}"), None);
        assert_eq!(answer.problem().0, 400, "{wrong}");
    }
    assert_eq!(ada.get(&server, "/api/qr/qr_1/stats?days=366")["days"].as_array().unwrap().len(), 366);
    if !matches!(site.backend, Backend::None) {
        let cli = |args: &[&str]| site.backend.cli(args);
        assert_eq!(cli(&["get", "qr-service:scan-count:qr_1"]), "20");
        assert_eq!(cli(&["ttl", "qr-service:scan-count:qr_1"]), "-1");
        let day = format!("qr-service:scan-count:qr_1:{}", today());
        assert_eq!(cli(&["get", &day]), "20");
        assert!((1..=86_400).contains(&cli(&["ttl", &day]).parse::<i64>().unwrap()));
    }
    // From the database alone.
    let queries = |server: &Server| server.metric("db_queries_total{op=\"destination\"}");
    let before = queries(&server);
    for _ in 0..10 {
        scan(&server, "qr_1");
    }
    assert_eq!(queries(&server), before, "where it leads is cached");
}

fn who_is_no_person_is_not_counted(site: Site) {
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    // Before it is cached, and after.
    for _ in 0..2 {
        let head = server.request("HEAD", "/scan/qr_1", None, None);
        assert_eq!((head.status, head.header("location")), (302, TARGET));
        let bot = [("user-agent", "WhatsApp/2.23.20.0".to_owned())];
        let preview = server.raw_request("GET", "/scan/qr_1", &bot, b"");
        assert_eq!((preview.status, preview.header("location")), (302, TARGET));
        for purpose in ["sec-purpose", "purpose"] {
            let ahead = server.raw_request("GET", "/scan/qr_1", &[(purpose, "prefetch;prerender".to_owned())], b"");
            assert_eq!((ahead.status, ahead.header("location")), (302, TARGET));
        }
    }
    assert_eq!(ada.stats(&server, "qr_1"), (0, 0));
    assert_eq!(scan(&server, "qr_1?utm_source=poster"), TARGET, "a query changes nothing");
    assert_eq!(ada.stats(&server, "qr_1"), (1, 1));
    for unknown in ["qr_2", "a%20b", "qr_1%2F"] {
        let answer = server.get(&format!("/scan/{unknown}"));
        assert_eq!(answer.problem(), (404, "not_found".into()), "{unknown}");
        assert_eq!(answer.json()["error"], "QR code not found");
    }
    assert_eq!(server.request("POST", "/scan/qr_1", None, None).status, 405);
    if !matches!(site.backend, Backend::None) {
        assert!(!site.backend.has("qr-service:scan-count:qr_2"));
    }
}

fn two_thousand_at_once_are_two_thousand(site: Site) {
    let (server, other) = (site.server(), site.server());
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    ada.make(&server, "qr_2", TARGET);
    assert_eq!(scan_many(&[&server, &other], "qr_1", 50, 40), 2_000);
    is_counted(&server, &ada, "qr_1", 2_000);
    is_counted(&other, &ada, "qr_1", 2_000);
    assert_eq!(ada.stats(&server, "qr_2"), (0, 0));
}

fn a_server_that_is_told_to_stop_forgets_none(site: Site) {
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    let base = server.base.clone();
    let stopped = AtomicBool::new(false);
    let answered = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let (agent, url) = (agent(), format!("{base}/scan/qr_1"));
                // Until the server is gone.
                while let Ok(answer) = agent.get(&url).call() {
                    assert_eq!(answer.status(), 302);
                    answered.fetch_add(1, Ordering::SeqCst);
                }
                assert!(stopped.load(Ordering::SeqCst), "it went away by itself");
            });
        }
        while answered.load(Ordering::SeqCst) < 500 {
            std::thread::sleep(Duration::from_millis(1));
        }
        stopped.store(true, Ordering::SeqCst);
        assert!(server.stop().success());
    });
    let server = site.server();
    is_counted(&server, &ada, "qr_1", answered.into_inner());
}

/// A story in the middle of which something happens to Redis.
fn while_scanning(site: &mut Site, happens: impl FnOnce(&mut sealcard_tests::redis::Redis, &dyn Fn() -> u64)) {
    let servers = [site.server(), site.server()];
    let ada = Client::new(&servers[0], "ada", "acme");
    ada.make(&servers[0], "qr_1", TARGET);
    let done = AtomicBool::new(false);
    let answered = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (servers, done, answered) = (&servers, &done, &answered);
            scope.spawn(move || {
                let (agent, url) = (agent(), format!("{}/scan/qr_1", servers[thread % 2].base));
                while !done.load(Ordering::SeqCst) {
                    let began = Instant::now();
                    assert_eq!(agent.get(&url).call().unwrap().status(), 302);
                    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let more = || {
            let wanted = answered.load(Ordering::SeqCst) + 300;
            while answered.load(Ordering::SeqCst) < wanted {
                std::thread::sleep(Duration::from_millis(1));
            }
            answered.load(Ordering::SeqCst)
        };
        more();
        happens(site.redis(), &more);
        more();
        done.store(true, Ordering::SeqCst);
    });
    for server in &servers {
        server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
        is_counted(server, &ada, "qr_1", answered.load(Ordering::SeqCst));
    }
    let total = answered.into_inner().to_string();
    assert_eq!(site.backend.cli(&["get", "qr-service:scan-count:qr_1"]), total);
}

#[test]
fn redis_is_killed_and_comes_back_empty() {
    while_scanning(&mut Site::single(), |redis, more| {
        redis.kill();
        more();
        redis.resume_after_kill();
    });
}

#[test]
fn redis_hangs() {
    while_scanning(&mut Site::single().impatient(), |redis, more| {
        redis.hang();
        more();
        redis.go_on();
    });
}

#[test]
fn redis_is_emptied() {
    while_scanning(&mut Site::single(), |redis, more| {
        redis.cli(&["flushall"]);
        more();
    });
}

/// A server that counts and cannot reach Redis says so to those that can: nobody is told an old number for long.
#[test]
fn a_server_cut_off_from_redis_is_not_forgotten() {
    let site = Site::single().impatient();
    let relay = sealcard_tests::relay::Relay::to(site.backend.ports()[0]);
    let url = format!("redis://127.0.0.1:{}", relay.port);
    let (cut_off, other) = (site.server_with(&[], &[("REDIS_URL", &url)]), site.server());
    let ada = Client::new(&cut_off, "ada", "acme");
    ada.make(&cut_off, "qr_1", TARGET);
    for _ in 0..5 {
        scan(&cut_off, "qr_1");
    }
    is_counted(&other, &ada, "qr_1", 5);
    relay.cut();
    for round in 1..=3 {
        for _ in 0..10 {
            scan(&cut_off, "qr_1");
        }
        let scans = 5 + round * 10;
        let listed = |other: &Server| ada.get(other, "/api/qr")["qrCodes"][0]["scans"].as_u64().unwrap();
        other.wait_until("it is told", |other| listed(other) == scans);
        assert_eq!(ada.stats(&other, "qr_1").0, scans);
    }
    relay.mend();
}

/// A server that starts, or finds Redis again, believes none of its counters: it has Redis show what the database says.
#[test]
fn what_redis_shows_comes_back_by_itself() {
    for site in [Site::single(), Site::new(Backend::Cluster(sealcard_tests::redis::Cluster::start()))] {
        let server = site.server();
        let ada = Client::new(&server, "ada", "acme");
        ada.make(&server, "qr_1", TARGET);
        for _ in 0..7 {
            scan(&server, "qr_1");
        }
        let (total, day) = ("qr-service:scan-count:qr_1", format!("qr-service:scan-count:qr_1:{}", today()));
        let shown = || (site.backend.cli(&["get", total]), site.backend.cli(&["get", &day]));
        server.wait_until("Redis shows it", |_| shown() == ("7".into(), "7".into()));
        // As an old copy has it.
        site.backend.cli(&["set", total, "3"]);
        site.backend.cli(&["set", &day, "3"]);
        let other = site.server();
        let deadline = Instant::now() + Duration::from_secs(10);
        while shown() != ("7".into(), "7".into()) {
            assert!(Instant::now() < deadline, "{:?} {}", shown(), other.log());
        }
        assert_eq!(site.backend.cli(&["ttl", total]), "-1");
        assert!((1..=86_400).contains(&site.backend.cli(&["ttl", &day]).parse::<i64>().unwrap()));
    }
}

/// One master of a cluster is away: what the others show is right all the same, then and afterwards.
#[test]
fn one_master_away_does_not_spoil_the_others() {
    let site = Site::new(Backend::Cluster(sealcard_tests::redis::Cluster::start())).impatient();
    let Backend::Cluster(cluster) = &site.backend else { panic!("a cluster") };
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    let codes: Vec<_> = (0..12).map(|number| format!("qr_{number}")).collect();
    for code in &codes {
        ada.make(&server, code, TARGET);
    }
    let scan_all = || codes.iter().for_each(|code| drop(scan(&server, code)));
    scan_all();
    for code in &codes {
        is_counted(&server, &ada, code, 1);
    }
    for (round, node) in cluster.nodes.iter().enumerate() {
        node.hang();
        scan_all();
        server.wait_until("it is noticed", |server| server.get("/health").json()["redis"] == "unavailable");
        scan_all();
        node.go_on();
        server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
        for code in &codes {
            is_counted(&server, &ada, code, 3 + 2 * u64::try_from(round).unwrap());
        }
    }
}

/// Removing codes that are being scanned: neither waits for the other for ever, and no scan is a mistake.
#[test]
fn codes_are_removed_while_they_are_scanned() {
    let site = Site::new(Backend::None).with_postgres();
    let servers = [site.server(), site.server()];
    let ada = Client::new(&servers[0], "ada", "acme");
    for round in 0..20 {
        let codes: Vec<_> = (0..10).map(|number| format!("qr_{round}_{number}")).collect();
        codes.iter().for_each(|code| ada.make(&servers[0], code, TARGET));
        std::thread::scope(|scope| {
            for server in &servers {
                let codes = &codes;
                scope.spawn(move || {
                    let agent = agent();
                    for code in codes.iter().cycle().take(200) {
                        let answer = agent.get(format!("{}/scan/{code}", server.base)).call().unwrap();
                        assert!(matches!(answer.status().as_u16(), 302 | 404), "{answer:?}");
                    }
                });
            }
            for code in &codes {
                let removed = ada.ask(&servers[0], "DELETE", &format!("/api/qr/{code}"), None);
                assert_eq!(removed.status, 204, "{removed:?}\n{}", servers[0].log());
            }
        });
    }
    for server in &servers {
        assert_eq!(server.metric("scan_batch_failures_total"), 0, "{}", server.log());
    }
}

/// What Redis shows after a restart may be of yesterday.
#[test]
fn redis_comes_back_as_it_was() {
    let mut site = Site::new(Backend::Single(sealcard_tests::redis::Redis::start_with(&["--save", "3600 1"])));
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    scan(&server, "qr_1");
    server.wait_until("it is shown", |_| site.backend.cli(&["get", "qr-service:scan-count:qr_1"]) == "1");
    // Nothing that is in the log of changes comes after what is saved.
    let newest = || crate::sql(&site, "SELECT MAX(id) FROM changes");
    server.wait_until("the log was read", |_| {
        site.backend.cli(&["get", "cache:good-until:{0}"]).ends_with(&format!(":{}", newest()))
    });
    assert_eq!(site.backend.cli(&["save"]), "OK");
    for _ in 0..10 {
        scan(&server, "qr_1");
    }
    server.wait_until("they are shown", |_| site.backend.cli(&["get", "qr-service:scan-count:qr_1"]) == "11");
    site.redis().kill();
    site.redis().resume_after_kill();
    server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
    is_counted(&server, &ada, "qr_1", 11);
}

/// What somebody else has put in place of a counter.
#[test]
fn what_is_no_counter_is_replaced() {
    let site = Site::single();
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    let key = "qr-service:scan-count:qr_1";
    for (scans, spoil) in
        [["set", key, "garbage"].as_slice(), &["lpush", key, "1"], &["expire", key, "1000"]].iter().enumerate()
    {
        let before = u64::try_from(scans).unwrap();
        if spoil[0] == "lpush" {
            site.backend.cli(&["del", key]);
        }
        site.backend.cli(spoil);
        assert_eq!(ada.get(&server, "/api/qr/qr_1")["scans"], before);
        scan(&server, "qr_1");
        server.wait_until("it is a counter", |_| site.backend.cli(&["get", key]) == (before + 1).to_string());
        assert_eq!(site.backend.cli(&["ttl", key]), "-1");
    }
}

/// Redis has no room for the new count: it must not go on showing the old one.
#[test]
fn a_redis_without_room_shows_nothing_wrong() {
    let site = Site::single();
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    scan(&server, "qr_1");
    server.wait_until("it is shown", |_| site.backend.cli(&["get", "qr-service:scan-count:qr_1"]) == "1");
    site.backend.cli(&["config", "set", "maxmemory-policy", "noeviction"]);
    site.backend.cli(&["config", "set", "maxmemory", "1"]);
    scan(&server, "qr_1");
    server.wait_until("the old count is gone", |_| !site.backend.has("qr-service:scan-count:qr_1"));
    is_counted(&server, &ada, "qr_1", 2);
    site.backend.cli(&["config", "set", "maxmemory", "0"]);
    scan(&server, "qr_1");
    server.wait_until("it is shown", |_| site.backend.cli(&["get", "qr-service:scan-count:qr_1"]) == "3");
}

/// A list of a hundred codes with live counts: one round trip to Redis, and no question to the database about codes.
#[test]
fn a_list_with_counts_is_one_round_trip() {
    let site = Site::single();
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    for number in 0..100 {
        ada.make(&server, &format!("qr_{number}"), TARGET);
    }
    ada.get(&server, "/api/qr");
    let trips = |server: &Server| server.metric("redis_operation_seconds_count{operation=\"read counter\"}");
    let queries = |server: &Server| {
        let of = |op: &str| server.metric(&format!("db_queries_total{{op=\"{op}\"}}"));
        of("codes_of") + of("tenants_of") + of("scan_totals")
    };
    let before = (trips(&server), queries(&server));
    assert_eq!(ada.get(&server, "/api/qr")["cached"], true);
    assert_eq!((trips(&server), queries(&server)), (before.0 + 1, before.1));
}

/// The database away: phones are still redirected, and counted when it is back; a server that must stop meanwhile leaves a file.
#[test]
fn without_the_database_scans_wait() {
    let (relay, url) = postgres::away_able();
    let mut site = Site::new(Backend::None);
    site.database = Some(url);
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    scan(&server, "qr_1");
    is_counted(&server, &ada, "qr_1", 1);
    relay.cut();
    for _ in 0..10 {
        assert_eq!(scan(&server, "qr_1"), TARGET);
    }
    server.wait_until("it is known to be away", |server| server.get("/health").json()["database"] == "unavailable");
    for _ in 0..10 {
        assert_eq!(scan(&server, "qr_1"), TARGET);
    }
    assert_eq!(ada.ask(&server, "GET", "/api/qr/qr_1/stats", None).status, 503);
    let unknown = server.get("/scan/qr_2");
    assert_eq!((unknown.status, unknown.header("retry-after").is_empty()), (503, false));
    relay.mend();
    server.wait_until("the database is back", |server| server.get("/health").json()["database"] == "ok");
    is_counted(&server, &ada, "qr_1", 21);

    relay.cut();
    server.wait_until("it is known to be away", |server| server.get("/health").json()["database"] == "unavailable");
    for _ in 0..7 {
        scan(&server, "qr_1");
    }
    assert!(server.stop().success());
    let kept = || {
        let files = std::fs::read_dir(site.data_dir()).unwrap().map(|entry| entry.unwrap().file_name());
        files.filter(|name| name.to_string_lossy().starts_with("unsaved-scans-")).count()
    };
    assert_eq!(kept(), 1);
    relay.mend();
    let server = site.server();
    is_counted(&server, &ada, "qr_1", 28);
    server.wait_until("the file is gone", |_| kept() == 0);
}

/// Answers of the database are lost in the middle, those to commits among them: what was added is not added again.
#[test]
fn a_batch_whose_answer_is_lost_is_not_added_twice() {
    let (relay, url) = postgres::away_able();
    let mut site = Site::new(Backend::None);
    site.database = Some(url);
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    let mut scans = 0;
    for round in 0..40 {
        scan(&server, "qr_1");
        scans += 1;
        relay.cut_after(round * 11);
        for _ in 0..5 {
            scan(&server, "qr_1");
            scans += 1;
        }
        let tried = |server: &Server| server.metric("scan_batches_total") + server.metric("scan_batch_failures_total");
        let before = tried(&server);
        server.wait_until("it is tried", |server| tried(server) > before || server.metric("scans_unsaved") == 1);
        relay.mend();
        server.wait_until("all is written", |server| server.metric("scans_unsaved") == 0);
    }
    server.wait_until("the database is back", |server| server.get("/health").json()["database"] == "ok");
    assert!(server.metric("scan_batch_failures_total") > 5, "few answers were lost");
    is_counted(&server, &ada, "qr_1", scans);
}

/// The database has done it, and nobody hears of it: the batch is offered again, and not added again.
#[test]
fn a_commit_whose_answer_is_lost_is_not_made_twice() {
    let (relay, url) = postgres::away_able();
    let mut site = Site::new(Backend::None);
    site.database = Some(url);
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", TARGET);
    for round in 1..=5 {
        relay.lose_answers_with(b"COMMIT\0");
        for _ in 0..3 {
            scan(&server, "qr_1");
        }
        server.wait_until("an answer is lost", |server| server.metric("scan_batch_failures_total") >= round);
        relay.mend();
        server.wait_until("all is written", |server| server.metric("scans_unsaved") == 0);
    }
    server.wait_until("the database is back", |server| server.get("/health").json()["database"] == "ok");
    is_counted(&server, &ada, "qr_1", 15);
}

/// The most that a server loses that is killed: what it answered in the last pause between two writes, and during one. How
/// long that is on this machine just now is seen from how often it writes.
#[test]
fn a_killed_server_loses_a_moment_at_most() {
    let site = Site::new(Backend::None);
    for round in 0..3 {
        let server = site.server();
        let qr_id = format!("qr_{round}");
        let ada = if round == 0 {
            Client::new(&server, "ada", "acme")
        } else {
            Client { token: server.log_in("ada", "correct horse"), tenant: "acme".into() }
        };
        ada.make(&server, &qr_id, TARGET);
        let done = AtomicBool::new(false);
        let (mut answered, mut longest, mut last_moment) = (Vec::new(), Duration::ZERO, Instant::now());
        std::thread::scope(|scope| {
            let writes = scope.spawn(|| {
                let (mut last, mut since, mut longest) = (0, Instant::now(), Duration::ZERO);
                while !done.load(Ordering::SeqCst) {
                    let written = server.metric("scan_batches_total");
                    if written != last {
                        longest = longest.max(since.elapsed());
                        (last, since) = (written, Instant::now());
                    }
                }
                longest.max(since.elapsed())
            });
            let (agent, url) = (agent(), format!("{}/scan/{qr_id}", server.base));
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(700) {
                assert_eq!(agent.get(&url).call().unwrap().status(), 302);
                answered.push(Instant::now());
            }
            last_moment = Instant::now();
            done.store(true, Ordering::SeqCst);
            longest = writes.join().unwrap();
        });
        // Dropped, it is killed: at this moment or a little later, in which it may only have written more.
        drop(server);
        let moment = longest * 2;
        let server = site.server();
        let counted = ada.stats(&server, &qr_id).0;
        let old = answered.iter().filter(|at| last_moment.duration_since(**at) > moment).count();
        println!("{counted} of {} counted, {old} of them before the last {moment:?}", answered.len());
        assert!(counted >= u64::try_from(old).unwrap() && counted <= u64::try_from(answered.len()).unwrap());
    }
}
