//! What is read is what is so: PRO, INV and COR rows, and guarantee 1 on one server.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use sealcard_tests::server::Server;
use serde_json::json;

use sealcard_tests::on_both;
use sealcard_tests::site::Site;

on_both! {
    a_profile_is_missed_once_and_then_hit;
    a_hit_is_answered_as_a_miss_is;
    an_unknown_user_is_not_cached;
    simultaneous_misses_ask_the_database_once;
    a_change_is_seen_at_once_by_everybody;
    a_rename_leaves_neither_name_behind;
    what_redis_forgets_or_others_write_there_does_no_harm;
    a_token_is_signed_from_a_cached_profile;
    a_computed_value_is_computed_once_and_again_after_a_change;
    an_answer_is_kept_under_its_query_and_gone_after_a_change;
    what_depends_on_the_viewer_is_kept_by_nobody;
    no_change_is_followed_by_a_stale_read_under_load;
}

const DEMO: &str = "/api/public/devcard-demo";
const QUERIES: &str = "db_queries_total{op=\"profile\"}";

fn a_profile_is_missed_once_and_then_hit(site: Site) {
    let server = site.server();
    let (missed, first) = server.lookup(DEMO);
    let (hit, second) = server.lookup(DEMO);
    assert_eq!((missed.as_str(), hit.as_str()), ("MISS", "HIT"));
    assert_eq!(first, second);
    let stored: serde_json::Value = serde_json::from_str(&site.backend.cli(&["get", "profile:devcard-demo"])).unwrap();
    assert_eq!(stored["username"], "devcard-demo");
    assert!(!stored.to_string().contains("followed"), "it depends on the viewer");
    let ttl: u32 = site.backend.cli(&["ttl", "profile:devcard-demo"]).parse().unwrap();
    assert!((295..=300).contains(&ttl), "{ttl}");

    // The same under its other address, on HIT as on MISS, and again for whoever has it already.
    let other = server.get("/api/u/devcard-demo");
    assert_eq!((other.header("x-cache"), other.json()), ("HIT", first));
    assert_eq!(other.header("cache-control"), "public, max-age=300, stale-while-revalidate=60");
    let known = vec![("if-none-match", other.header("etag").to_owned())];
    assert_eq!(server.raw_request("GET", DEMO, &known, b"").status, 304);

    let before = server.metric(QUERIES);
    for _ in 0..100 {
        assert_eq!(server.lookup(DEMO).0, "HIT");
    }
    assert_eq!(server.metric(QUERIES), before, "a hit asks nobody");
    assert_eq!(server.metric("profile_views_total"), 104, "a view is a view, whoever answers");
}

/// What is in memory is answered by a shorter way, and the same.
fn a_hit_is_answered_as_a_miss_is(site: Site) {
    let server = site.server();
    let headers = |path: &str| {
        let answer = server.get(path);
        let names = answer.headers.keys().map(|name| name.as_str().to_owned());
        let changing = ["x-request-id", "x-cache", "date", "age"];
        let kept = names.filter(|name| !changing.contains(&name.as_str()));
        let kept: BTreeMap<_, _> = kept.map(|name| (name.clone(), answer.header(&name).to_owned())).collect();
        (answer.status, answer.header("x-cache").to_owned(), kept)
    };
    for path in [DEMO, "/api/u/devcard-demo", "/api/public/devcard-demo/qr-session"] {
        let mut missed = headers(path);
        server.wait_until("Redis has told that it was removed", |_| {
            site.backend.cli(&["del", "profile:devcard-demo"]);
            missed = headers(path);
            missed.1 == "MISS"
        });
        let hit = headers(path);
        assert_eq!((hit.1.as_str(), hit.0, &hit.2), ("HIT", missed.0, &missed.2), "{path}");
    }
    for path in ["/api/public/devcard-demo/", "/api/public/devcard-demo/qr-session/", "/api/public/devcard-demo/x"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
    assert_eq!(server.get("/api/public/%64evcard-demo").status, 200, "the same name, escaped");
}

fn an_unknown_user_is_not_cached(site: Site) {
    let server = site.server();
    for _ in 0..2 {
        assert_eq!(server.get("/api/public/nobody").problem(), (404, "not_found".into()));
    }
    assert!(!site.backend.has("profile:nobody"));
    server.sign_up("nobody");
    assert_eq!(server.lookup("/api/public/nobody").0, "MISS");
}

fn simultaneous_misses_ask_the_database_once(site: Site) {
    let server = site.server();
    for _ in 0..10 {
        server.lookup(DEMO);
        site.backend.cli(&["del", "profile:devcard-demo"]);
        server.wait_until("the value is forgotten", |_| !site.backend.has("profile:devcard-demo"));
        let before = server.metric(QUERIES);
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| assert_eq!(server.get(DEMO).status, 200));
            }
        });
        assert_eq!(server.metric(QUERIES), before + 1, "{}", server.log());
    }
}

fn a_change_is_seen_at_once_by_everybody(site: Site) {
    let server = site.server();
    let token = server.sign_up("ada");
    let link = json!({ "platform": "github", "username": "ada" });
    let mut links = 0;
    for round in 0..20 {
        server.lookup("/api/public/ada");
        assert!(site.backend.has("profile:ada"));
        let answer = if round % 2 == 0 {
            server.request("PUT", "/api/profiles/me", Some(&token), Some(&json!({ "bio": format!("round {round}") })))
        } else {
            links += 1;
            server.request("POST", "/api/profiles/me/links", Some(&token), Some(&link))
        };
        assert!([200, 201].contains(&answer.status), "{answer:?}");
        assert!(!site.backend.has("profile:ada"), "gone from Redis when the change is answered");
        let (lookup, profile) = server.lookup("/api/public/ada");
        assert_eq!(lookup, "MISS");
        assert_eq!(profile["links"].as_array().unwrap().len(), links);
        assert_eq!(profile["bio"], format!("round {}", round / 2 * 2));
    }
}

fn a_rename_leaves_neither_name_behind(site: Site) {
    let server = site.server();
    let token = server.sign_up("ada");
    server.lookup("/api/public/ada");
    assert_eq!(server.get("/api/public/lovelace").status, 404);
    let renamed = server.request("PUT", "/api/profiles/me", Some(&token), Some(&json!({ "username": "lovelace" })));
    assert_eq!(renamed.status, 200);
    assert!(!site.backend.has("profile:ada"));
    assert_eq!(server.get("/api/public/ada").status, 404);
    assert_eq!(server.lookup("/api/public/lovelace").0, "MISS");
}

fn what_redis_forgets_or_others_write_there_does_no_harm(site: Site) {
    let server = site.server();
    let (_, profile) = server.lookup(DEMO);
    let key = "profile:devcard-demo";
    let missed_after = |what: &[&str]| {
        site.backend.cli(&["del", key]);
        for words in what {
            site.backend.cli(&words.split(' ').collect::<Vec<_>>());
        }
        // Redis tells the server of it: a moment later it is known.
        server.wait_until("a miss", |server| {
            let (lookup, read) = server.lookup(DEMO);
            assert_eq!(read, profile);
            lookup == "MISS"
        });
        assert_eq!(server.lookup(DEMO), ("HIT".into(), profile.clone()));
        assert!(site.backend.cli(&["get", key]).contains("Alex Chen"), "and stands in Redis again");
    };
    missed_after(&[]);
    missed_after(&["set profile:devcard-demo garbage"]);
    missed_after(&["set profile:devcard-demo {} ex 100"]);
    missed_after(&["lpush profile:devcard-demo 1"]);
    assert_eq!(server.metric("cache_corrupt_total{resource=\"profile\"}"), 3);
    for port in site.backend.ports() {
        sealcard_tests::redis::cli(port, &["flushall"]);
    }
    server.wait_until("a miss", |server| server.lookup(DEMO) == ("MISS".into(), profile.clone()));
}

fn a_token_is_signed_from_a_cached_profile(site: Site) {
    let server = site.server();
    let session = server.get("/api/public/devcard-demo/qr-session");
    assert_eq!((session.status, session.header("x-cache")), (200, "MISS"));
    assert!(site.backend.has("profile:devcard-demo"));
    let before = server.metric(QUERIES);
    let again = server.get("/api/public/devcard-demo/qr-session");
    assert_eq!((again.header("x-cache"), server.metric(QUERIES)), ("HIT", before));
    let (age, left) = (again.header("age").parse::<u64>().unwrap(), again.json()["expiresIn"].as_u64().unwrap());
    assert_eq!(age + left, 600, "what was signed a few seconds ago says so");
    assert!(age < 5);

    let token = server.sign_up("ada");
    let signed = server.get("/api/public/ada/qr-session").json()["token"].clone();
    let changed = server.request("PUT", "/api/profiles/me", Some(&token), Some(&json!({ "bio": "new" })));
    assert_eq!(changed.status, 200);
    assert_ne!(server.get("/api/public/ada/qr-session").json()["token"], signed, "no token of what was before");
}

fn a_computed_value_is_computed_once_and_again_after_a_change(site: Site) {
    let server = site.server();
    let token = server.sign_up("ada");
    let stats = || {
        let answer = server.request("GET", "/api/dashboard/stats", Some(&token), None);
        assert_eq!(answer.status, 200, "{answer:?}");
        (answer.header("x-cache").to_owned(), answer.json()["links"].as_u64().unwrap())
    };
    assert_eq!(stats(), ("MISS".into(), 0));
    let computed = server.metric("cache_loads_total{resource=\"dashboard\",result=\"ok\"}");
    for _ in 0..10 {
        assert_eq!(stats(), ("HIT".into(), 0));
    }
    assert_eq!(server.metric("cache_loads_total{resource=\"dashboard\",result=\"ok\"}"), computed);
    assert!(site.backend.keys().iter().any(|key| key.starts_with("computed:dashboard:")), "{:?}", site.backend.keys());
    let link = json!({ "platform": "github", "username": "ada" });
    assert_eq!(server.request("POST", "/api/profiles/me/links", Some(&token), Some(&link)).status, 201);
    assert_eq!(stats(), ("MISS".into(), 1));
    let other = server.sign_up("bob");
    let others = server.request("GET", "/api/dashboard/stats", Some(&other), None).json();
    assert_eq!(others["links"], 0, "everybody has their own");
}

fn an_answer_is_kept_under_its_query_and_gone_after_a_change(site: Site) {
    let server = site.server();
    let lookup = |path: &str| {
        let answer = server.get(path);
        assert_eq!(answer.status, 200);
        (answer.header("x-cache").to_owned(), answer.body)
    };
    let (first, list) = lookup("/api/revocations?a=1&b=2");
    assert_eq!(first, "MISS");
    assert_eq!(lookup("/api/revocations?b=2&a=1"), ("HIT".into(), list.clone()));
    assert_eq!(lookup("/api/revocations"), ("MISS".into(), list.clone()));
    let kept: Vec<_> = site.backend.keys().into_iter().filter(|key| key.starts_with("api:")).collect();
    assert_eq!(kept, ["api:GET:/api/revocations", "api:GET:/api/revocations?a=1&b=2"]);
    let mut tagged: Vec<_> =
        site.backend.cli(&["smembers", "cache:tag:revocations"]).lines().map(str::to_owned).collect();
    tagged.sort();
    assert_eq!(tagged, kept);
    let etag = vec![("if-none-match", server.get("/api/revocations").header("etag").to_owned())];
    assert_eq!(server.raw_request("GET", "/api/revocations", &etag, b"").status, 304);
    let personal = vec![("authorization", "Bearer x".to_owned())];
    assert_eq!(server.raw_request("GET", "/api/revocations", &personal, b"").header("x-cache"), "BYPASS");

    let token = server.sign_up("ada");
    let key =
        sealcard_tests::binary::run(&["keygen", "--kind", "device", "--out", &server.jwks().replace("jwks", "device")]);
    let pass = json!({ "holderKey": key.json() });
    assert_eq!(server.request("POST", "/api/profiles/me/pass", Some(&token), Some(&pass)).status, 201);
    let revoked = server.request("POST", "/api/tokens/revoke", Some(&token), Some(&json!({ "all": true })));
    assert_eq!((revoked.status, revoked.json()["revoked"].as_u64()), (200, Some(1)));
    assert!(!site.backend.keys().iter().any(|key| key.starts_with("api:") || key == "cache:tag:revocations"));
    let (missed, after) = lookup("/api/revocations?a=1&b=2");
    assert_eq!(missed, "MISS");
    assert_ne!(after, list);
}

/// PRO-16: one follows, the other does not, and neither is given what the other sees.
fn what_depends_on_the_viewer_is_kept_by_nobody(site: Site) {
    let server = site.server();
    let (ada, bob) = (server.sign_up("ada"), server.sign_up("bob"));
    let view = |token: Option<&str>, known: &str| {
        let mut headers: Vec<_> = token.map(|token| ("authorization", format!("Bearer {token}"))).into_iter().collect();
        headers.extend((!known.is_empty()).then(|| ("if-none-match", known.to_owned())));
        server.raw_request("GET", DEMO, &headers, b"")
    };
    let id = server.get(DEMO).json()["links"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(server.request("PUT", &format!("/api/links/{id}/follow"), Some(&ada), None).status, 204);
    assert_eq!(server.request("PUT", &format!("/api/links/{id}/follow"), None, None).status, 401);
    for _ in 0..2 {
        let (by_ada, by_bob, by_nobody) = (view(Some(&ada), ""), view(Some(&bob), ""), view(None, ""));
        let follows = [&by_ada, &by_bob, &by_nobody].map(|answer| answer.json()["links"][0]["followed"] == true);
        assert_eq!(follows, [true, false, false]);
        for answer in [&by_ada, &by_bob, &by_nobody] {
            assert_eq!((answer.header("x-cache"), answer.header("vary")), ("HIT", "authorization"));
        }
        assert!(
            by_ada.header("cache-control").contains("private") && by_bob.header("cache-control").contains("private")
        );
        assert!(by_nobody.header("cache-control").contains("public"));
        assert_ne!(by_ada.header("etag"), by_nobody.header("etag"));
        assert_eq!(view(Some(&ada), by_ada.header("etag")).status, 304);
        assert_eq!(view(Some(&ada), by_nobody.header("etag")).status, 200);
    }
    assert!(!site.backend.cli(&["get", "profile:devcard-demo"]).contains("followed"));
    assert_eq!(view(Some("no session"), "").status, 401);
}

/// Guarantee 1 on one server, with as many readers as there are cores and more.
fn no_change_is_followed_by_a_stale_read_under_load(site: Site) {
    let server = site.server();
    let token = server.sign_up("ada");
    let (acknowledged, done) = (AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let least = acknowledged.load(Ordering::SeqCst);
                    assert!(read(&server) >= least, "a stale read");
                }
            });
        }
        for round in 1..=500 {
            let change = json!({ "bio": round.to_string() });
            assert_eq!(server.request("PUT", "/api/profiles/me", Some(&token), Some(&change)).status, 200);
            acknowledged.store(round, Ordering::SeqCst);
            assert_eq!(read(&server), round);
        }
        done.store(true, Ordering::SeqCst);
    });
}

fn read(server: &Server) -> u64 {
    let (_, profile) = server.lookup("/api/public/ada");
    profile["bio"].as_str().map_or(0, |bio| bio.parse().unwrap())
}
