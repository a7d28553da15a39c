//! The operator's view: COR-8 to COR-11, COR-17, COR-18, MON-20, MON-22.

use serde_json::json;

use sealcard_tests::on_both;
use sealcard_tests::site::{ADMIN, Site};

on_both! {
    entries_are_read_written_and_removed;
    resources_cannot_be_written_by_hand;
}

fn entries_are_read_written_and_removed(site: Site) {
    let server = site.server();
    let value = json!({ "nested": [1, "two", null] });
    let put = |key: &str, ttl: serde_json::Value| {
        let body = json!({ "value": value, "ttl": ttl });
        assert_eq!(server.request("PUT", &format!("/api/cache/{key}"), Some(ADMIN), Some(&body)).status, 204);
        server.request("GET", &format!("/api/cache/{key}"), Some(ADMIN), None).json()
    };
    for (given, kept) in [(json!(null), 3_600), (json!(50), 50), (json!(86_400), 86_400), (json!(86_401), 86_400)] {
        let read = put("own:1", given);
        assert_eq!(read["value"], value);
        let ttl = read["ttl"].as_u64().unwrap();
        assert!((kept - 5..=kept).contains(&ttl), "{ttl}");
    }
    assert_eq!(site.backend.cli(&["get", "own:1"]), value.to_string());
    put("own:2", json!(100));
    let listed = server.request("GET", "/api/cache?pattern=own:*", Some(ADMIN), None).json();
    assert_eq!((&listed["count"], &listed["truncated"]), (&json!(2), &json!(false)), "{listed}");
    let delete = || server.request("DELETE", "/api/cache/own:1", Some(ADMIN), None).json()["deleted"].clone();
    assert_eq!((delete(), delete()), (json!(true), json!(false)));
    assert_eq!(server.request("GET", "/api/cache/own:1", Some(ADMIN), None).status, 404);

    let stats = server.request("GET", "/api/admin/cache/stats", Some(ADMIN), None).json();
    assert!(stats["redis"]["keys"].as_u64().unwrap() >= 1, "{stats}");
    server.lookup("/api/public/devcard-demo");
    server.lookup("/api/public/devcard-demo");
    assert_eq!(server.request("POST", "/api/admin/cache/stats/reset", Some(ADMIN), None).status, 204);
    assert_eq!(server.get("/api/health/cache").json()["cache"]["totalOperations"], 0);
    assert!(server.metric("cache_hits_total{resource=\"profile\",tier=\"memory\"}") > 0, "metrics only grow");
}

fn resources_cannot_be_written_by_hand(site: Site) {
    let server = site.server();
    let body = json!({ "value": "x" });
    for key in ["profile:ada", "computed:dashboard:1", "api:GET:%2Fapi%2Frevocations", "cache:tag:x"] {
        let answer = server.request("PUT", &format!("/api/cache/{key}"), Some(ADMIN), Some(&body));
        assert_eq!(answer.problem(), (422, "reserved_key".into()), "{key}");
    }
    let long = |length: usize| {
        let path = format!("/api/cache/{}", "k".repeat(length));
        server.request("PUT", &path, Some(ADMIN), Some(&body)).status
    };
    assert_eq!((long(512), long(513)), (204, 422));
    assert_eq!(server.request("PUT", "/api/cache/%7Ba%7D", Some(ADMIN), Some(&body)).status, 422);
    let many = |count: usize| json!({ "keys": vec!["k"; count] });
    let invalidate = |body| server.request("POST", "/api/cache/invalidate", Some(ADMIN), Some(&body)).status;
    assert_eq!((invalidate(many(1_000)), invalidate(many(1_001))), (200, 422));
    for wrong in [json!({}), json!({ "key": "k" }), json!({ "keys": [] }), json!({ "keys": ["k"], "pattern": "k*" })] {
        assert_eq!(invalidate(wrong.clone()), 422, "{wrong}: nothing would be forgotten");
    }
    for pattern in ["*", "", "c*", "?ache:*", "[c]ache:*", "cache:*", "cache:good-until:*"] {
        assert_eq!(invalidate(json!({ "patterns": [pattern] })), 422, "{pattern}: others may be there too");
    }
    assert_eq!(invalidate(json!({ "patterns": ["computed:*", "own:?"] })), 200);
    assert_eq!((invalidate(json!({ "keys": ["a{b}"] })), invalidate(json!({ "keys": ["cache:tag:x"] }))), (422, 422));
    assert_eq!(server.get("/health").json()["redis"], "ok");
}

/// COR-17: up to 1,000 names, and whether there are more.
#[test]
fn a_long_list_says_that_it_is_cut() {
    let site = Site::single();
    let server = site.server();
    for (count, listed) in [(1_000, (1_000, false)), (1_001, (1_000, true))] {
        let fill = format!("for i = 1, {count} do redis.call('SET', 'many:' .. i, 'x', 'EX', 100) end");
        site.backend.cli(&["eval", &fill, "0"]);
        let many = server.request("GET", "/api/cache?pattern=many:*", Some(ADMIN), None).json();
        assert_eq!((many["count"].as_u64().unwrap(), many["truncated"] == true), listed);
        assert_eq!(many["keys"].as_array().unwrap().len(), 1_000);
    }
}

#[test]
fn only_the_operator_may() {
    let site = Site::single();
    let server = site.server();
    let token = server.sign_up("ada");
    let routes = [
        ("GET", "/api/cache?pattern=*"),
        ("GET", "/api/cache/x"),
        ("PUT", "/api/cache/x"),
        ("DELETE", "/api/cache/x"),
        ("POST", "/api/cache/invalidate"),
        ("GET", "/api/admin/cache/stats"),
        ("POST", "/api/admin/cache/stats/reset"),
    ];
    for (method, path) in routes {
        let body = json!({ "value": 1 });
        assert_eq!(server.request(method, path, None, Some(&body)).status, 401, "{method} {path}");
        assert_eq!(server.request(method, path, Some(&token), Some(&body)).status, 403, "{method} {path}");
    }
}

#[test]
fn what_could_not_be_removed_is_said() {
    let mut site = Site::single();
    let server = site.server();
    let invalidate = || {
        let body = json!({ "keys": ["profile:devcard-demo"] });
        server.request("POST", "/api/cache/invalidate", Some(ADMIN), Some(&body))
    };
    server.lookup("/api/public/devcard-demo");
    assert_eq!((invalidate().json()["count"].as_u64(), invalidate().json()["count"].as_u64()), (Some(1), Some(0)));
    site.redis().kill();
    server.wait_until("Redis is gone", |server| server.get("/health").json()["redis"] == "unavailable");
    assert_eq!(invalidate().problem(), (503, "unavailable".into()));
}

#[test]
fn without_redis_the_operator_is_told_so() {
    let site = Site::single();
    let server = site.start(&[], &[]);
    assert_eq!(server.request("GET", "/api/cache/x", Some(ADMIN), None).problem(), (503, "unavailable".into()));
    assert_eq!(server.request("GET", "/api/admin/cache/stats", Some(ADMIN), None).json()["redis"], json!(null));
}
