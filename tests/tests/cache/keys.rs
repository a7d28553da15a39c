//! What stands in Redis: names, lives, and what is never sent there.

use std::process::Command;

use sealcard_tests::redis::{Redis, cli};
use serde_json::json;

use sealcard_tests::on_both;
use sealcard_tests::site::{ADMIN, Backend, Site};

on_both! {
    every_key_has_an_end;
    a_pattern_is_removed_from_every_node_and_nothing_else;
}

fn every_key_has_an_end(site: Site) {
    let server = site.server();
    let token = server.sign_up("ada");
    for path in ["/api/public/ada", "/api/revocations?x=1", "/api/public/devcard-demo/qr-session"] {
        assert_eq!(server.get(path).status, 200);
    }
    assert_eq!(server.request("GET", "/api/dashboard/stats", Some(&token), None).status, 200);
    let put = json!({ "value": 1, "ttl": 999_999 });
    assert_eq!(server.request("PUT", "/api/cache/own", Some(ADMIN), Some(&put)).status, 204);
    // What stands on the cache, too.
    let tenant = json!({ "tenantId": "acme", "name": "Acme" });
    assert_eq!(server.request("POST", "/api/tenants", Some(&token), Some(&tenant)).status, 201);
    let headers = [
        ("authorization", format!("Bearer {token}")),
        ("x-tenant-id", "acme".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    let code = br#"{"qrId":"qr_1","targetUrl":"https://acme.example/"}"#;
    assert_eq!(server.raw_request("POST", "/api/qr", &headers, code).status, 201);
    for path in ["/api/qr", "/api/qr/qr_1"] {
        assert_eq!(server.raw_request("GET", path, &headers, b"").status, 200);
    }
    assert_eq!(server.get("/scan/qr_1").status, 302);
    let has = |name: &str| site.backend.keys().iter().any(|key| key.starts_with(name));
    server.wait_until("it is counted and told", |_| has("qr-service:scan-count:qr_1:") && has("qr.events"));
    let keys = site.backend.keys();
    assert!(keys.len() >= 14, "{keys:?}");
    for key in keys {
        // The only one without an end: data, and not of the cache.
        if key == "qr-service:scan-count:qr_1" {
            continue;
        }
        let ttl: i64 = site.backend.cli(&["ttl", &key]).parse().unwrap();
        assert!((1..=86_400).contains(&ttl), "{key}: {ttl}");
    }
    for port in site.backend.ports() {
        let stats = cli(port, &["info", "commandstats"]);
        assert!(!stats.contains("cmdstat_keys:"), "KEYS was sent");
        let clients = cli(port, &["client", "list"]);
        assert!(clients.lines().count() <= 4, "{clients}");
    }
}

fn a_pattern_is_removed_from_every_node_and_nothing_else(site: Site) {
    let server = site.server();
    for index in 0..1_500 {
        let (kept, removed) = (format!("qr_1:{index}"), format!("qr_12:{index}"));
        if index % 3 == 0 {
            site.backend.cli(&["set", &kept, "1", "ex", "100"]);
        }
        site.backend.cli(&["set", &removed, "1", "ex", "100"]);
    }
    let body = json!({ "patterns": ["qr_12:*"] });
    let answer = server.request("POST", "/api/cache/invalidate", Some(ADMIN), Some(&body));
    assert_eq!(answer.json()["count"], 1_500, "{answer:?}");
    let left = site.backend.keys().into_iter().filter(|key| key.starts_with("qr_")).count();
    assert_eq!(left, 500);
}

/// COR-12, COR-13, INV-8, X2.
#[test]
fn a_prefix_and_a_version_stand_before_every_key() {
    let site = Site::single();
    let server = site.server_with(&[], &[("APP_ENV", "test")]);
    server.lookup("/api/public/devcard-demo");
    server.get("/api/revocations");
    assert!(site.backend.has("test_profile:devcard-demo"));
    assert!(site.backend.keys().iter().all(|key| key.contains("test_")), "{:?}", site.backend.keys());
    drop(server);
    site.backend.cli(&["flushall"]);

    let first = site.server_with(&["--cache-version", "1"], &[]);
    first.lookup("/api/public/devcard-demo");
    let token = first.sign_up("ada");
    let tenant = json!({ "tenantId": "engines", "name": "Engines" });
    assert_eq!(first.request("POST", "/api/tenants", Some(&token), Some(&tenant)).status, 201);
    let headers = [("authorization", format!("Bearer {token}")), ("x-tenant-id", "engines".into())];
    let headers = [&headers[..], &[("content-type", "application/json".into())]].concat();
    let code = json!({ "qrId": "menu", "targetUrl": "https://example.org/" }).to_string();
    assert_eq!(first.raw_request("POST", "/api/qr", &headers, code.as_bytes()).status, 201);
    assert_eq!(first.get("/scan/menu").status, 302);
    first.wait_until("it is counted", |_| site.backend.has("qr-service:scan-count:menu"));
    first.wait_until("it is told", |_| site.backend.has("qr.events"));
    assert!(
        !site.backend.keys().iter().any(|key| key.contains("v1:qr-service:scan-count") || key.contains("v1:qr.events"))
    );
    drop(first);
    let second = site.server_with(&["--cache-version", "2"], &[]);
    assert_eq!(second.lookup("/api/public/devcard-demo").0, "MISS");
    assert!(site.backend.has("v1:profile:devcard-demo"), "untouched: it ends by itself");
    assert!(site.backend.has("v2:profile:devcard-demo"));
}

/// OPS-16: with a user who may do nothing dangerous.
#[test]
fn nothing_dangerous_is_needed() {
    let redis = Redis::start();
    let rights = "acl setuser app on >secret ~* &* +@all -@dangerous -@admin +info";
    assert_eq!(redis.cli(&rights.split(' ').collect::<Vec<_>>()), "OK");
    redis.cli(&["config", "resetstat"]);
    let site = Site::new(Backend::Single(redis));
    let server = site.server_with(&["--redis-username", "app"], &[("REDIS_PASSWORD", "secret")]);
    assert_eq!(server.lookup("/api/public/devcard-demo").0, "MISS");
    assert_eq!(server.lookup("/api/public/devcard-demo").0, "HIT");
    let body = json!({ "patterns": ["profile:*"], "tags": ["revocations"], "keys": ["profile:ada"] });
    let answer = server.request("POST", "/api/cache/invalidate", Some(ADMIN), Some(&body));
    assert_eq!(answer.json()["count"], 1);
    assert_eq!(server.get("/api/health/cache").json()["status"], "healthy");
    assert!(!site.backend.cli(&["info", "errorstats"]).contains("NOPERM"));
    assert!(!server.log().contains("secret"));
}

/// COR-3: with TLS, and a certificate of one's own.
#[test]
fn redis_is_reached_with_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .output()
        .expect("openssl is missing: run scripts/test");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let site = Site::new(Backend::Single(Redis::start_tls(&cert, &key)));
    let server = site.server_with(&["--redis-ca-file", cert.to_str().unwrap()], &[]);
    assert_eq!(server.lookup("/api/public/devcard-demo").0, "MISS");
    let untrusted = site.start(&[], &[("REDIS_URL", &site.backend.url())]);
    assert_eq!(untrusted.get("/health").json()["redis"], "unavailable", "a certificate that nobody vouches for");
}

/// MON-17: memory for 1,000 tenants' worth of profiles.
#[test]
fn a_thousand_profiles_take_little_memory() {
    let site = Site::single();
    let server = site.server();
    let used = |site: &Site| {
        let info = site.backend.cli(&["info", "memory"]);
        let line = info.lines().find_map(|line| line.trim().strip_prefix("used_memory:")).unwrap().to_owned();
        line.parse::<u64>().unwrap()
    };
    server.lookup("/api/public/devcard-demo");
    let before = used(&site);
    let profile = site.backend.cli(&["get", "profile:devcard-demo"]);
    for index in 0..1_000 {
        site.backend.cli(&["set", &format!("profile:user{index}"), &profile, "ex", "300"]);
    }
    let each = (used(&site) - before) / 1_000;
    assert!(each < 4_096, "{each} bytes of Redis for a profile of {} bytes", profile.len());
}
