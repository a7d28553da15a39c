//! What is seen of the cache from outside: MON rows.

use std::collections::BTreeSet;

use serde_json::Value;

use sealcard_tests::on_both;
use sealcard_tests::server::Server;
use sealcard_tests::site::Site;

on_both! {
    health_says_how_it_is;
}

fn health_says_how_it_is(site: Site) {
    let server = site.server();
    for name in ["a", "b", "c"] {
        assert_eq!(server.get(&format!("/api/public/user-{name}")).status, 404);
    }
    for _ in 0..8 {
        server.lookup("/api/public/devcard-demo");
    }
    let health = server.get("/api/health/cache").json();
    assert_eq!(health["status"], "healthy", "{health}");
    assert_eq!(health["fallbackMode"], false);
    assert_eq!(health["redis"]["connected"], true);
    assert!(health["redis"]["memory"]["used"].as_u64().unwrap() > 100_000);
    assert!(health["redis"]["memory"]["peak"].as_u64() >= health["redis"]["memory"]["used"].as_u64());
    assert!(health["redis"]["uptime"].is_u64());
    // Three unknown users and one first look, then seven hits.
    assert_eq!(health["cache"]["totalOperations"], 11);
    let is = |name: &str, share: f64| (health["cache"][name].as_f64().unwrap() - share).abs() < 1e-9;
    assert!(is("hitRate", 7.0 / 11.0) && is("missRate", 4.0 / 11.0), "{health}");
    assert_eq!(server.metric("redis_up"), 1);
    for port in site.backend.ports() {
        sealcard_tests::redis::cli(port, &["config", "set", "maxmemory-policy", "allkeys-lru"]);
    }
    let warned = server.get("/api/health/cache").json();
    assert!(warned["warnings"][0].as_str().unwrap().contains("volatile-ttl"), "{warned}");
}

/// MON-12: each with its key and how long it took. MON-10: what the process holds is told as it is.
#[test]
fn whoever_asks_for_it_reads_of_every_step() {
    let site = Site::single();
    let server = site.server_with(&["--log", "debug"], &[]);
    let other = site.server_with(&["--log", "debug"], &[]);
    let token = server.sign_up("ada");
    assert_eq!(server.lookup("/api/public/ada").0, "MISS");
    assert_eq!(server.lookup("/api/public/ada").0, "HIT");
    assert_eq!(other.lookup("/api/public/ada").0, "HIT");
    assert!(other.metric("cache_entries") >= 1 && other.metric("cache_memory_bytes") > 100);
    let bio = serde_json::json!({ "bio": "new" });
    assert_eq!(server.request("PUT", "/api/profiles/me", Some(&token), Some(&bio)).status, 200);
    let said = |server: &Server, message: &str| {
        let log = server.log();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let is_it = |line: &Value| {
            let names = [&line["key"], &line["keys"]];
            line["message"] == message && names.iter().any(|name| name.to_string().contains("profile:ada"))
        };
        let lines: Vec<_> = lines.filter(is_it).collect();
        assert!(!lines.is_empty() && lines.iter().all(|line| line["us"].is_u64()), "{message}: {lines:?} in {log}");
    };
    for message in ["loaded", "set in Redis", "found in the process", "invalidated"] {
        said(&server, message);
    }
    said(&other, "found in Redis");
}

/// The names of the metrics that a server has, with the endings that counters and histograms bring.
fn metric_names() -> BTreeSet<String> {
    let site = Site::single();
    let server = site.server();
    server.lookup("/api/public/devcard-demo");
    let text = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(text.ends_with("# EOF\n"));
    let mut names = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        match kind {
            "counter" => drop(names.insert(format!("{name}_total"))),
            "histogram" => names.extend(["bucket", "sum", "count"].map(|end| format!("{name}_{end}"))),
            _ => drop(names.insert(name.to_owned())),
        }
    }
    names
}

/// Every word of a PromQL expression that could be a metric: those with an underscore that no function has.
fn metrics_of(expression: &str) -> Vec<String> {
    let functions = ["histogram_quantile"];
    let mut bare = String::new();
    let mut quoted = false;
    for c in expression.chars() {
        quoted ^= c == '"';
        bare.push(if quoted { ' ' } else { c });
    }
    let words = bare.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.contains('_') && !functions.contains(word)).map(str::to_owned).collect()
}

#[test]
fn dashboard_and_alerts_name_metrics_that_there_are() {
    let known = metric_names();
    let dashboard: Value = serde_json::from_str(include_str!("../../../docs/monitoring/grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut expressions: Vec<_> = targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    assert!(expressions.len() >= 10);
    let rules = include_str!("../../../docs/monitoring/alerts.yaml");
    let alerts: Vec<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).collect();
    assert!(alerts.len() >= 5);
    expressions.extend(alerts.into_iter().map(str::to_owned));
    for expression in expressions {
        let metrics = metrics_of(&expression);
        assert!(!metrics.is_empty(), "{expression}");
        for metric in metrics {
            assert!(known.contains(&metric), "{metric} in {expression}: there are {known:#?}");
        }
    }
}

/// MON-7: whoever asks cannot make new series.
#[test]
fn labels_are_bounded() {
    let site = Site::single();
    let server = site.server();
    for index in 0..50 {
        server.get(&format!("/api/public/user-{index}"));
        server.get(&format!("/api/revocations?user-{index}"));
        server.get(&format!("/nowhere/user-{index}"));
    }
    let text = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(!text.contains("user-") && !text.contains("nowhere"));
    assert!(text.lines().count() < 1_000);
}
