//! Codes: made, listed, changed, drawn, removed; and what of them stands in Redis.

use sealcard_tests::everywhere;
use sealcard_tests::site::{Backend, Site};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use crate::client::{Client, scan};

everywhere! {
    a_code_lives;
    a_list_has_pages;
    targets_are_web_addresses;
    a_code_is_drawn;
}

fn a_code_lives(site: Site) {
    let (server, other) = (site.server(), site.server());
    let ada = Client::new(&server, "ada", "acme");
    let has_redis = !matches!(site.backend, Backend::None);
    let list = || ada.get(&server, "/api/qr");
    assert_eq!(list(), json!({ "qrCodes": [], "count": 0, "cached": false, "nextAfter": null }));
    assert_eq!(list()["cached"], true);

    let body = json!({ "qrId": "qr_1", "targetUrl": "https://acme.example/one", "style": { "color": "#6366f1" } });
    let made = ada.ask(&server, "POST", "/api/qr/generate", Some(&body));
    assert_eq!(made.status, 201);
    let mut code = made.json();
    assert_eq!(code["targetUrl"], "https://acme.example/one");
    assert_eq!(code["scans"], 0);
    if has_redis {
        assert!(!site.backend.has("qr-service:qr-codes:acme"), "the list is forgotten");
    }
    // The list and the code: asked for, then cached.
    let first = list();
    assert_eq!((&first["cached"], &first["count"], &first["qrCodes"]), (&json!(false), &json!(1), &json!([code])));
    assert_eq!(list()["cached"], true);
    code["cached"] = false.into();
    assert_eq!(ada.get(&server, "/api/qr/qr_1"), code);
    code["cached"] = true.into();
    assert_eq!(ada.get(&server, "/api/qr/qr_1"), code);
    // As it is called behind a gateway.
    assert_eq!(ada.get(&server, "/qr/qr_1"), code);
    assert_eq!(ada.get(&server, "/qr")["count"], 1);
    assert_eq!(ada.get(&server, "/qr/qr_1/stats"), ada.get(&server, "/api/qr/qr_1/stats"));
    for path in ["/generate", "/qr/generate", "/qr", "/api/qr"] {
        assert_eq!(ada.ask(&server, "POST", path, Some(&body)).problem(), (409, "conflict".into()), "{path}");
    }
    assert_eq!(scan(&server, "qr_1"), "https://acme.example/one");
    if has_redis {
        let ttl = |key: &str| site.backend.cli(&["ttl", key]).parse::<i64>().unwrap();
        assert!((1..=300).contains(&ttl("qr-service:qr-codes:acme")));
        assert!((301..=1800).contains(&ttl("qr-service:qr:acme:qr_1")));
        assert!((301..=1800).contains(&ttl("qr-service:scan:qr_1")));
        let kept: serde_json::Value =
            serde_json::from_str(&site.backend.cli(&["get", "qr-service:qr-codes:acme"])).unwrap();
        assert_eq!(kept[0]["qrId"], "qr_1");
        assert!(kept[0].get("scans").is_none(), "a count is never cached with its code");
    }

    // Changed here, it leads elsewhere at once; on the other server as soon as that hears of it.
    assert_eq!(scan(&other, "qr_1"), "https://acme.example/one");
    ada.change(&server, "qr_1", "https://acme.example/two");
    assert_eq!(scan(&server, "qr_1"), "https://acme.example/two");
    assert_eq!(ada.get(&server, "/api/qr/qr_1")["targetUrl"], "https://acme.example/two");
    assert_eq!(list()["qrCodes"][0]["targetUrl"], "https://acme.example/two");
    assert_eq!(list()["qrCodes"][0]["style"], json!({ "color": "#6366f1" }), "what is not named stays");
    let mut scans = 3;
    other.wait_until("it hears", |other| {
        scans += 1;
        scan(other, "qr_1") == "https://acme.example/two"
    });
    let bare = ada.ask(&server, "PATCH", "/api/qr/qr_1", Some(&json!({ "style": null }))).json();
    assert!(bare.get("style").is_none(), "{bare}");
    assert_eq!(bare["targetUrl"], "https://acme.example/two");

    // Removed, it is gone with all its counts, and its neighbour is not.
    ada.make(&server, "qr_12", "https://acme.example/twelve");
    scan(&server, "qr_12");
    other.wait_until("its scans are written", |other| {
        // In Redis, the day's comes last.
        let day = || site.backend.keys().into_iter().find(|key| key.starts_with("qr-service:scan-count:qr_1:"));
        let shown = || day().is_some_and(|day| site.backend.cli(&["get", &day]) == scans.to_string());
        ada.stats(other, "qr_1").0 == scans && (!has_redis || shown())
    });
    let removed = ada.ask(&server, "DELETE", "/api/qr/qr_1", None);
    assert_eq!(removed.status, 204, "{}", server.log());
    for path in ["/api/qr/qr_1", "/api/qr/qr_1/stats", "/api/qr/qr_1/image"] {
        assert_eq!(ada.ask(&server, "GET", path, None).problem(), (404, "not_found".into()));
    }
    assert_eq!(server.get("/scan/qr_1").problem(), (404, "not_found".into()));
    assert_eq!(ada.ask(&server, "DELETE", "/api/qr/qr_1", None).status, 404);
    other.wait_until("it hears", |other| other.get("/scan/qr_1").status == 404);
    assert_eq!(list()["count"], 1);
    assert_eq!(ada.get(&server, "/api/qr/qr_12")["scans"], 1);
    if has_redis {
        let keys = site.backend.keys();
        assert!(!keys.iter().any(|key| key.ends_with(":qr_1") || key.contains(":qr_1:")), "{keys:?}");
        assert!(keys.iter().any(|key| key == "qr-service:scan-count:qr_12"), "{keys:?}");
    }
    // The id may be used again, but by nobody else, and begins at nothing.
    let eve = Client::new(&server, "eve", "evil");
    let printed = json!({ "qrId": "qr_1", "targetUrl": "https://evil.example/" });
    assert_eq!(eve.ask(&server, "POST", "/api/qr", Some(&printed)).problem(), (409, "conflict".into()));
    ada.make(&server, "qr_1", "https://acme.example/again");
    assert_eq!(ada.get(&server, "/api/qr/qr_1")["scans"], 0);
    assert_eq!(ada.stats(&server, "qr_1"), (0, 0));
}

fn a_list_has_pages(site: Site) {
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    for number in 0..103 {
        ada.make(&server, &format!("qr_{number:03}"), "https://acme.example/");
    }
    for number in [0, 50, 102] {
        scan(&server, &format!("qr_{number:03}"));
    }
    let ids = |page: &serde_json::Value| {
        let codes = page["qrCodes"].as_array().unwrap();
        codes.iter().map(|code| code["qrId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    // The newest first, a hundred of them.
    for cached in [false, true] {
        let page = ada.get(&server, "/api/qr");
        assert_eq!((&page["count"], &page["cached"]), (&json!(100), &json!(cached)));
        assert_eq!(ids(&page)[..2], ["qr_102", "qr_101"]);
        let scans: u64 = page["qrCodes"].as_array().unwrap().iter().map(|code| code["scans"].as_u64().unwrap()).sum();
        assert_eq!(scans, 2);
        let rest = ada.get(&server, &format!("/api/qr?after={}", page["nextAfter"]));
        assert_eq!(ids(&rest), ["qr_002", "qr_001", "qr_000"]);
        assert_eq!((&rest["nextAfter"], &rest["qrCodes"][2]["scans"]), (&json!(null), &json!(1)));
    }
    // Page by page, each code once.
    let (mut seen, mut path) = (Vec::new(), "/api/qr?limit=25".to_owned());
    loop {
        let page = ada.get(&server, &path);
        seen.extend(ids(&page));
        let Some(after) = page["nextAfter"].as_i64() else { break };
        path = format!("/api/qr?limit=25&after={after}");
    }
    assert_eq!(seen, (0..103).rev().map(|number| format!("qr_{number:03}")).collect::<Vec<_>>());
    for wrong in ["limit=0", "limit=101", "limit=x", "after=x"] {
        let answer = ada.ask(&server, "GET", &format!("/api/qr?{wrong}"), None);
        assert_eq!(answer.problem(), (400, "malformed_request".into()), "{wrong}");
    }
}

fn targets_are_web_addresses(site: Site) {
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", "https://acme.example/");
    for wrong in ["javascript:alert(1)", "data:text/html,x", "acme.example", "https://a@b.example/", "https://a\r\nb"] {
        let body = json!({ "targetUrl": wrong });
        for (method, path) in [("POST", "/api/qr"), ("PATCH", "/api/qr/qr_1")] {
            let answer = ada.ask(&server, method, path, Some(&body));
            assert_eq!(answer.problem(), (400, "invalid_target".into()), "{wrong}");
        }
    }
    for (wrong, code) in [
        (json!({ "qrId": "generate", "targetUrl": "https://acme.example/" }), "invalid_qr_code"),
        (json!({ "qrId": "a/b", "targetUrl": "https://acme.example/" }), "invalid_qr_code"),
        (json!({ "targetUrl": "https://acme.example/", "style": { "a": "x".repeat(1024) } }), "invalid_qr_code"),
        (json!({ "targetUrl": "https://acme.example/", "style": nested(33) }), "invalid_qr_code"),
        (json!({ "targetUrl": "https://acme.example/", "style": "red" }), "invalid_request"),
        (json!({ "qrId": "qr_2" }), "invalid_request"),
    ] {
        assert_eq!(ada.ask(&server, "POST", "/api/qr", Some(&wrong)).problem(), (422, code.into()), "{wrong}");
    }
    let deep = json!({ "qrId": "deep", "targetUrl": "https://acme.example/", "style": nested(32) });
    assert_eq!(ada.ask(&server, "POST", "/api/qr", Some(&deep)).status, 201);
    // Without an id, one is made.
    let made = ada.ask(&server, "POST", "/api/qr", Some(&json!({ "targetUrl": "https://acme.example/" }))).json();
    assert!(made["qrId"].as_str().unwrap().starts_with("qr_"));
    assert_eq!(scan(&server, made["qrId"].as_str().unwrap()), "https://acme.example/");
    // A target in other letters arrives as ASCII.
    ada.change(&server, "qr_1", "https://bücher.example/ü?q=ä");
    assert_eq!(scan(&server, "qr_1"), "https://xn--bcher-kva.example/%C3%BC?q=%C3%A4");
}

/// An object so many levels deep.
fn nested(levels: usize) -> serde_json::Value {
    (1..levels).fold(json!({}), |inside, level| {
        if (levels - level).is_multiple_of(2) { json!([inside]) } else { json!({ "a": inside }) }
    })
}

/// Somebody takes an id while its owner removes the code, and before that is committed: it may be printed somewhere.
#[test]
fn a_code_is_not_taken_over_while_it_is_removed() {
    let site = Site::new(Backend::None).with_postgres();
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    let eve = Client::new(&server, "eve", "evil");
    ada.make(&server, "menu", "https://acme.example/");
    let database = site.database.as_deref().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut removing = runtime.block_on(PgConnection::connect(database)).unwrap();
    let mut run = |sql: &'static str| runtime.block_on(sqlx::query(sql).execute(&mut removing)).map(drop).unwrap();
    run("BEGIN");
    run("DELETE FROM qr_codes WHERE id = 'menu'");
    run("INSERT INTO retired_codes (id, tenant_id) VALUES ('menu', 'acme')");
    let body = json!({ "qrId": "menu", "targetUrl": "https://evil.example/" });
    let taken = std::thread::scope(|scope| {
        let taking = scope.spawn(|| eve.ask(&server, "POST", "/api/qr", Some(&body)));
        let waits =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        server.wait_until("it waits", |_| sealcard_tests::postgres::query(database, waits) == "1");
        run("COMMIT");
        taking.join().unwrap()
    });
    assert_eq!(taken.problem(), (409, "conflict".into()));
    assert_eq!(server.get("/scan/menu").status, 404);
    ada.make(&server, "menu", "https://acme.example/again");
    assert_eq!(scan(&server, "menu"), "https://acme.example/again");
}

/// Redis may hold a million keys: removing one code does not look through them.
#[test]
fn removing_a_code_asks_redis_for_its_own_keys_alone() {
    let site = Site::single();
    let server = site.server();
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", "https://acme.example/");
    scan(&server, "qr_1");
    let counters = || site.backend.keys().into_iter().filter(|key| key.contains("scan-count:qr_1")).count();
    server.wait_until("it is counted", |_| counters() == 2);
    let scans = || {
        let stats = site.backend.cli(&["info", "commandstats"]);
        stats
            .lines()
            .find(|line| line.starts_with("cmdstat_scan:"))
            .map(|line| line.split(',').next().unwrap().to_owned())
    };
    // Those of this test's own are the only ones that may come.
    site.backend.cli(&["config", "resetstat"]);
    assert_eq!(ada.ask(&server, "DELETE", "/api/qr/qr_1", None).status, 204);
    assert_eq!(scans(), None);
    assert_eq!(counters(), 0);
}

/// What a phone reads in the picture is the address that counts.
fn a_code_is_drawn(site: Site) {
    let server = site.server_with(&["--public-url", "https://cards.example.org/"], &[]);
    let ada = Client::new(&server, "ada", "acme");
    ada.make(&server, "qr_1", "https://acme.example/");
    let picture = ada.ask(&server, "GET", "/api/qr/qr_1/image?size=500", None);
    assert_eq!(picture.header("content-type"), "image/png");
    assert_eq!(picture.header("cache-control"), "no-store");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("qr.png");
    std::fs::write(&file, &picture.body).unwrap();
    assert_eq!(sealcard_tests::zbar::read(&file), "https://cards.example.org/scan/qr_1");
    let svg = ada.ask(&server, "GET", "/api/qr/qr_1/image?format=svg", None);
    assert_eq!(svg.header("content-type"), "image/svg+xml");
    for wrong in ["size=0", "size=2049", "format=gif"] {
        let answer = ada.ask(&server, "GET", &format!("/api/qr/qr_1/image?{wrong}"), None);
        assert_eq!(answer.problem().0, 400, "{wrong}");
    }
}
