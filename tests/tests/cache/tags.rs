//! What has a tag, when Redis forgets whatever it can about the tag.

use sealcard_tests::binary;
use sealcard_tests::redis::cli;
use sealcard_tests::server::Server;
use serde_json::json;

use sealcard_tests::on_both;
use sealcard_tests::site::{Backend, Site};

on_both! {
    a_change_reaches_what_its_tag_does_not_name;
    another_version_makes_values_wrong;
    what_is_no_tag_stands_in_nobodys_way;
    a_set_that_grew_too_large_is_begun_anew;
}

const SET: &str = "cache:tag:revocations";
const VERSION: &str = "{cache:tag:revocations}:version";

/// The list under some query, and where it came from.
fn list(server: &Server, query: usize) -> (String, Vec<u8>) {
    let answer = server.get(&format!("/api/revocations?q={query}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    (answer.header("x-cache").to_owned(), answer.body)
}

/// Changes the list.
fn revoke(server: &Server, username: &str) {
    let token = server.sign_up(username);
    let file = server.data_dir().join(format!("device-of-{username}"));
    let key = binary::run(&["keygen", "--kind", "device", "--out", file.to_str().unwrap()]);
    let pass = json!({ "holderKey": key.json() });
    assert_eq!(server.request("POST", "/api/profiles/me/pass", Some(&token), Some(&pass)).status, 201);
    let revoked = server.request("POST", "/api/tokens/revoke", Some(&token), Some(&json!({ "all": true })));
    assert_eq!(revoked.status, 200);
}

fn a_change_reaches_what_its_tag_does_not_name(site: Site) {
    let server = site.server();
    let (_, before) = list(&server, 0);
    assert_eq!(site.backend.cli(&["unlink", SET]), "1");
    revoke(&server, "ada");
    assert!(site.backend.has("api:GET:/api/revocations?q=0"), "nobody knows that it is there");
    let (lookup, after) = list(&server, 0);
    assert_eq!(lookup, "MISS");
    assert_ne!(after, before);
    assert_eq!(list(&server, 0), ("HIT".into(), after));
}

fn another_version_makes_values_wrong(site: Site) {
    let server = site.server();
    list(&server, 0);
    assert_eq!(list(&server, 0).0, "HIT");
    assert_eq!(site.backend.cli(&["unlink", VERSION]), "1");
    assert_eq!((list(&server, 0).0, list(&server, 0).0), ("MISS".into(), "HIT".into()));
    site.backend.cli(&["unlink", "{api:GET:/api/revocations?q=0}:versions"]);
    assert_eq!((list(&server, 0).0, list(&server, 0).0), ("MISS".into(), "HIT".into()));
}

fn what_is_no_tag_stands_in_nobodys_way(site: Site) {
    let server = site.server();
    let (_, before) = list(&server, 0);
    for key in [SET, VERSION] {
        site.backend.cli(&["unlink", key]);
        site.backend.cli(&["lpush", key, "none"]);
    }
    list(&server, 0);
    site.backend.cli(&["unlink", SET]);
    site.backend.cli(&["set", SET, "none"]);
    revoke(&server, "ada");
    let (_, after) = list(&server, 0);
    assert_ne!(after, before);
    assert_eq!(list(&server, 0), ("HIT".into(), after));
    assert_eq!(server.get("/health").json()["redis"], "ok");
}

fn a_set_that_grew_too_large_is_begun_anew(site: Site) {
    const MAX: usize = 100_000;
    // Patient: filling the set holds Redis up.
    let server = site.server_with(&["--redis-timeout-ms", "10000"], &[]);
    list(&server, 0);
    let fill = "for i = 2, ARGV[1] do redis.call('SADD', KEYS[1], i) end return redis.call('SCARD', KEYS[1])";
    let fill = |members: usize| site.backend.cli(&["eval", fill, "1", SET, &members.to_string()]);
    assert_eq!(fill(MAX - 1), (MAX - 1).to_string());
    list(&server, 1);
    assert_eq!(site.backend.cli(&["scard", SET]), MAX.to_string());
    list(&server, 2);
    assert_eq!(site.backend.cli(&["smembers", SET]), "api:GET:/api/revocations?q=2");
    // And a full one does not hold up a change.
    fill(MAX);
    revoke(&server, "ada");
    assert_eq!(server.get("/health").json()["redis"], "ok");
    assert_eq!(site.backend.cli(&["exists", SET]), "0");
}

/// Values live on all masters of a cluster, their tag on one. Nobody is given what was before, whatever that one forgets.
#[test]
fn a_master_that_forgets_its_tags_revives_no_value() {
    const QUERIES: usize = 12;
    let cluster = sealcard_tests::redis::Cluster::start();
    let owner = cluster.nodes.iter().position(|node| !node.cli(&["get", VERSION]).starts_with("MOVED"));
    let owner = owner.expect("one of them has it");
    let mut site = Site::new(Backend::Cluster(cluster));
    let server = site.server();
    let (_, mut before) = list(&server, 0);
    for (round, username) in ["ada", "bob"].into_iter().enumerate() {
        for query in 0..QUERIES {
            assert_eq!(list(&server, query).1, before);
        }
        let Backend::Cluster(cluster) = &mut site.backend else { unreachable!() };
        cluster.nodes[owner].kill();
        server.wait_until("a master is gone", |server| server.get("/health").json()["redis"] == "unavailable");
        revoke(&server, username);
        let others = cluster.nodes.iter().enumerate().filter(|(index, _)| *index != owner);
        let left: usize =
            others.map(|(_, node)| cli(node.port, &["--scan", "--pattern", "api:*"]).lines().count()).sum();
        assert!(left > 0, "what it cannot find without the tag");
        let (_, after) = list(&server, 0);
        assert_ne!(after, before);
        for query in 0..QUERIES {
            assert_eq!(list(&server, query).1, after, "round {round}, the tag's master is gone");
        }
        cluster.nodes[owner].resume_after_kill();
        server.wait_until("a master is back", |server| server.get("/health").json()["redis"] == "ok");
        for query in 0..QUERIES {
            assert_eq!(list(&server, query).1, after, "round {round}, the tag's master is back and empty");
        }
        assert_eq!(list(&server, 0).0, "HIT");
        before = after;
    }
}
