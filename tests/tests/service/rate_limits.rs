//! How many requests an address has: by itself, on two servers, with Redis and without.

use std::time::{Duration, Instant};

use sealcard_tests::clock;
use sealcard_tests::redis::Cluster;
use sealcard_tests::server::{Answer, Server};
use sealcard_tests::site::{Backend, Site};
use serde_json::json;

const ON: (&str, &str) = ("SEALCARD_RATE_LIMITS", "on");

fn log_in(server: &Server) -> Answer {
    server.request("POST", "/api/sessions", None, Some(&json!({ "username": "nobody", "password": "wrong horse" })))
}

/// For a story that takes less than half a minute: at the turn, what was used up begins to weigh less.
fn within_a_minute() {
    clock::with_left(60, 30);
}

/// How many of so many requests are answered.
fn admitted(times: usize, request: impl Fn(usize) -> Answer) -> usize {
    (0..times).map(request).filter(|answer| answer.status != 429).count()
}

#[test]
fn each_tier_has_its_limit() {
    let site = Site::new(Backend::None);
    let server = site.server_with(&[], &[ON]);
    within_a_minute();
    let first = log_in(&server);
    assert_eq!(first.status, 401);
    assert_eq!((first.header("x-ratelimit-limit"), first.header("x-ratelimit-remaining")), ("10", "9"));
    assert_eq!(first.header("ratelimit-policy"), "\"auth\";q=10;w=60");
    assert!(first.header("ratelimit").starts_with("\"auth\";r=9;t="));
    let reset: u32 = first.header("x-ratelimit-reset").parse().unwrap();
    assert!((1..=60).contains(&reset));
    assert_eq!(log_in(&server).header("x-ratelimit-remaining"), "8");
    assert_eq!(admitted(8, |_| log_in(&server)), 8);
    let refused = log_in(&server);
    assert_eq!(refused.problem(), (429, "too_many_requests".into()));
    assert!((1..=60).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");

    // The others have theirs, whatever became of that.
    let path = |path: &'static str| {
        let server = &server;
        move |_| server.get(path)
    };
    assert_eq!(admitted(35, path("/api/public/devcard-demo/qr-session")), 30);
    assert_eq!(admitted(55, path("/api/u/devcard-demo/qr?format=svg")), 50);
    assert_eq!(admitted(105, path("/api/public/devcard-demo")), 100);
    assert_eq!(admitted(105, path("/api/qr")), 100, "those that are refused for another reason too");
    // What many phones ask for behind one address.
    assert_eq!(admitted(300, path("/scan/nothing")), 300);
    assert_eq!(server.get("/.well-known/jwks.json").header("ratelimit-policy"), "\"scan\";q=6000;w=60");
    // Whoever watches the server is never refused.
    assert_eq!(admitted(500, path("/health")), 500);
    assert_eq!(admitted(200, path("/api/health/cache")), 200);
    assert_eq!(server.get("/health").header("x-ratelimit-limit"), "");

    // An invented address makes no difference.
    let invented = |number: usize| {
        let header = [("x-forwarded-for", format!("198.51.100.{number}"))];
        server.raw_request("GET", "/api/public/devcard-demo", &header, b"")
    };
    assert_eq!(admitted(20, invented), 0);
    let log = server.log();
    assert_eq!(log.matches("too many requests").count(), 5, "one line for each tier:\n{log}");
}

#[test]
fn whoever_waits_is_answered() {
    let site = Site::new(Backend::None);
    let server = site.server_with(&[], &[("SEALCARD_RATE_LIMITS", "profile=3/2")]);
    let ask = |_| server.get("/api/public/devcard-demo");
    assert!(admitted(10, ask) >= 3);
    for _ in 0..3 {
        let refused = server.get("/api/public/devcard-demo");
        if refused.status != 429 {
            continue;
        }
        let secs: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=2).contains(&secs));
        std::thread::sleep(Duration::from_secs(secs) + Duration::from_millis(5));
        assert_eq!(server.get("/api/public/devcard-demo").status, 200);
    }
}

#[test]
fn behind_a_proxy_each_client_has_its_own() {
    let site = Site::new(Backend::None);
    let environment =
        [("SEALCARD_RATE_LIMITS", "profile=5/60"), ("SEALCARD_TRUSTED_PROXIES", "127.0.0.0/8, 10.0.0.0/8")];
    let server = site.server_with(&[], &environment);
    within_a_minute();
    let from = |forwarded: &str| {
        let header = [("x-forwarded-for", forwarded.to_owned())];
        server.raw_request("GET", "/api/public/devcard-demo", &header, b"")
    };
    assert_eq!(admitted(8, |_| from("198.51.100.1")), 5);
    assert_eq!(admitted(8, |_| from("198.51.100.2")), 5);
    // What the client wrote itself stands before what the proxy adds.
    assert_eq!(admitted(8, |number| from(&format!("203.0.113.{number}, 198.51.100.2, 10.0.0.7"))), 0);
    // A household's network is one client.
    assert_eq!(admitted(8, |number| from(&format!("2001:db8:1:2::{number}"))), 5);
    assert_eq!(admitted(8, |_| from("2001:db8:1:3::1")), 5);
}

#[test]
fn two_servers_share_one_budget() {
    let cluster = Backend::Cluster(Cluster::start());
    for site in [Site::single(), Site::new(cluster)] {
        let servers = [site.server_with(&[], &[ON]), site.server_with(&[], &[ON])];
        within_a_minute();
        // Whether each request is counted in Redis first, or a moment later.
        assert_eq!(admitted(14, |number| log_in(&servers[number % 2])), 10);
        assert_eq!(admitted(130, |number| servers[number % 2].get("/api/public/devcard-demo")), 100);
        let keys: Vec<_> = site.backend.keys().into_iter().filter(|key| key.starts_with("ratelimit:")).collect();
        assert!(keys.contains(&"ratelimit:auth:127.0.0.1".to_owned()), "{keys:?}");
        for key in keys {
            let ttl: i64 = site.backend.cli(&["ttl", &key]).parse().unwrap();
            // Twice the window.
            let most = if key.starts_with("ratelimit:login:") { 1_800 } else { 120 };
            assert!((1..=most).contains(&ttl), "{key} {ttl}");
        }
    }
}

#[test]
fn without_redis_each_server_goes_on_by_itself() {
    let mut site = Site::single().impatient();
    let server = site.server_with(&[], &[ON]);
    within_a_minute();
    assert_eq!(admitted(4, |_| log_in(&server)), 4);
    site.redis().kill();
    assert_eq!(admitted(14, |_| log_in(&server)), 6, "it remembers what was used up");
    assert_eq!(admitted(40, |_| server.get("/api/public/devcard-demo/qr-session")), 30);
    site.redis().resume_after_kill();
    server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
    // What somebody else has put there is no reason to fail.
    site.backend.cli(&["set", "ratelimit:auth:127.0.0.1", "garbage"]);
    assert_eq!(admitted(14, |_| log_in(&server)), 4, "what was admitted meanwhile is added");
    site.redis().hang();
    let began = Instant::now();
    assert_eq!(server.get("/api/qr").status, 401);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    site.redis().go_on();
}

/// Whoever guesses a password is locked out, with the name that they guess at, and nobody else is.
#[test]
fn guessing_locks_out_the_guesser_alone() {
    for site in [Site::new(Backend::None), Site::single()] {
        let limits = ("SEALCARD_RATE_LIMITS", "auth=off,login=3/900");
        let server = site.server_with(&[], &[limits, ("SEALCARD_TRUSTED_PROXIES", "127.0.0.1")]);
        server.sign_up("ada");
        server.sign_up("bob");
        within_a_minute();
        let log_in = |from: &str, username: &str, password: &str| {
            let headers = [("x-forwarded-for", from.to_owned()), ("content-type", "application/json".to_owned())];
            let body = json!({ "username": username, "password": password }).to_string();
            server.raw_request("POST", "/api/sessions", &headers, body.as_bytes())
        };
        // Whether there is such a user or not, the answers are the same.
        for name in ["ada", "nobody"] {
            for _ in 0..3 {
                assert_eq!(log_in("198.51.100.1", name, "a wrong one").problem(), (401, "wrong_credentials".into()));
            }
            let locked = log_in("198.51.100.1", name, "correct horse");
            assert_eq!(locked.problem(), (429, "too_many_requests".into()));
            let wait = locked.header("retry-after");
            assert!((1..=900).contains(&wait.parse::<u32>().unwrap()));
            assert_eq!(locked.header("ratelimit"), format!("\"login\";r=0;t={wait}"));
            assert!(!server.log().contains("\"status\":429"), "there may be any amount of them");
            assert_eq!(locked.header("ratelimit-policy"), "\"login\";q=3;w=900");
        }
        assert_eq!(log_in("198.51.100.2", "ada", "correct horse").status, 201, "ada herself, elsewhere");
        assert_eq!(log_in("198.51.100.1", "bob", "correct horse").status, 201, "somebody else, there");
        // Those that succeed are not counted.
        for _ in 0..5 {
            assert_eq!(log_in("198.51.100.3", "ada", "correct horse").status, 201);
        }
    }
}

#[test]
fn limits_that_cannot_be_read_are_said() {
    for (name, wrong) in [("SEALCARD_RATE_LIMITS", "api=0/60"), ("SEALCARD_TRUSTED_PROXIES", "everybody")] {
        let mut command = sealcard_tests::binary::command();
        let output =
            command.args(["serve", "--listen", "127.0.0.1:0", "--print-config"]).env(name, wrong).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && stderr.contains(wrong), "{stderr}");
    }
}
