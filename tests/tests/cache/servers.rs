//! Several servers on one database and one Redis: guarantee 1 across them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sealcard_tests::postgres;
use sealcard_tests::server::Server;
use serde_json::json;

use sealcard_tests::on_both;
use sealcard_tests::site::{Backend, Site};

on_both! {
    a_change_on_one_server_is_seen_on_the_other_when_it_is_acknowledged;
}

fn bio(server: &Server) -> u64 {
    let (_, profile) = server.lookup("/api/public/ada");
    profile["bio"].as_str().map_or(0, |bio| bio.parse().unwrap())
}

fn change(server: &Server, token: &str, round: u64) {
    let body = json!({ "bio": round.to_string() });
    assert_eq!(server.request("PUT", "/api/profiles/me", Some(token), Some(&body)).status, 200);
}

/// They say when they have waited for each other in vain.
const LOG: (&str, &str) = ("SEALCARD_LOG", "warn,sealcard_server::cache::redis::backplane=debug");

/// How often one has waited for another in vain: the log of changes then makes good what a message should have told.
fn waited_in_vain(servers: [&Server; 2]) -> usize {
    servers.iter().map(|server| server.log().matches("did not confirm").count()).sum()
}

/// They do after a heartbeat.
fn know_each_other(servers: [&Server; 2], token: &str) {
    servers[0].wait_until("both are heard", |_| {
        servers.iter().for_each(|server| change(server, token, 0));
        servers.iter().all(|server| server.metric("cache_told_total") > 0)
    });
}

fn a_change_on_one_server_is_seen_on_the_other_when_it_is_acknowledged(site: Site) {
    let (one, other) = (site.server_with(&[], &[LOG]), site.server_with(&[], &[LOG]));
    let token = one.sign_up("ada");
    know_each_other([&one, &other], &token);
    let before = waited_in_vain([&one, &other]);
    for round in 1..=200 {
        other.wait_until("it is kept", |other| other.lookup("/api/public/ada").0 == "HIT");
        change(&one, &token, round);
        assert_eq!(bio(&other), round);
    }
    for round in 201..=400 {
        bio(&one);
        change(&other, &token, round);
        assert_eq!(bio(&one), round);
    }
    assert_eq!(waited_in_vain([&one, &other]), before);
}

/// 20,000 changes, half of them on each server, with readers on both, PostgreSQL below and one Redis beside: nobody reads
/// what was acknowledged as changed before they asked.
#[test]
fn twenty_thousand_changes_and_no_stale_read() {
    let site = Site::single();
    let database = postgres::database();
    let environment = [("DATABASE_URL", database.as_str()), LOG];
    let servers = [site.server_with(&[], &environment), site.server_with(&[], &environment)];
    let users: Vec<_> = (0..4_u64)
        .map(|index| {
            let name = format!("user{index}");
            let token = servers[0].sign_up(&name);
            (name, token, AtomicU64::new(0))
        })
        .collect();
    know_each_other([&servers[0], &servers[1]], &users[0].1);
    let before = waited_in_vain([&servers[0], &servers[1]]);
    let (done, reads, hits) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for reader in 0..4_usize {
            let (users, servers, done, reads, hits) = (&users, &servers, &done, &reads, &hits);
            scope.spawn(move || {
                let server = &servers[reader % 2];
                let mut connection = server.connection();
                while !done.load(Ordering::SeqCst) {
                    for (name, _, acknowledged) in users {
                        let least = acknowledged.load(Ordering::SeqCst);
                        let (lookup, body) = connection.get(&format!("/api/public/{name}"));
                        let read = body["bio"].as_str().map_or(0, |bio| bio.parse::<u64>().unwrap());
                        assert!(read >= least, "{name}: read {read} after {least} was acknowledged");
                        reads.fetch_add(1, Ordering::Relaxed);
                        hits.fetch_add(u64::from(lookup == "HIT"), Ordering::Relaxed);
                    }
                }
            });
        }
        let writers: Vec<_> = users
            .iter()
            .enumerate()
            .map(|(index, (_, token, acknowledged))| {
                let servers = &servers;
                scope.spawn(move || {
                    let mut connections = [servers[0].connection(), servers[1].connection()];
                    for round in 1..=5_000_u64 {
                        let at = (usize::try_from(round).unwrap() + index) % 2;
                        let body = json!({ "bio": round.to_string() });
                        connections[at].put("/api/profiles/me", token, &body);
                        acknowledged.store(round, Ordering::SeqCst);
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        done.store(true, Ordering::SeqCst);
    });
    let (reads, hits) = (reads.into_inner(), hits.into_inner());
    println!("20,000 changes, {reads} reads, {hits} of them hits, none stale");
    assert_eq!(waited_in_vain([&servers[0], &servers[1]]), before);
    assert!(reads > 10_000, "{reads} reads");
}

/// Without Redis nothing is told: the log of changes is read twice a second, and nothing is a hit that was not checked against
/// it within three seconds.
#[test]
fn without_redis_a_change_is_seen_within_the_stated_time() {
    let site = Site::new(Backend::None);
    let (one, other) = (site.server(), site.server());
    let token = one.sign_up("ada");
    for round in 1..=5 {
        bio(&other);
        // It forgets it once more when it reads that ada has signed up.
        other.wait_until("it is kept", |other| other.lookup("/api/public/ada").0 == "HIT");
        change(&one, &token, round);
        assert_eq!(bio(&one), round, "at once, where it was changed");
        let began = Instant::now();
        while bio(&other) != round {
            assert!(began.elapsed() < Duration::from_secs(3), "not seen");
        }
    }
}

/// A server that does not answer is waited for once, and not again.
#[test]
fn a_server_that_hangs_does_not_hold_up_the_others() {
    let site = Site::single().impatient();
    let (one, other) = (site.server(), site.server());
    let token = one.sign_up("ada");
    know_each_other([&one, &other], &token);
    let signal = |signal: &str| {
        let pid = other.pid().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
    };
    signal("-STOP");
    let began = Instant::now();
    for round in 1..=100 {
        change(&one, &token, round);
        assert_eq!(bio(&one), round);
    }
    assert!(began.elapsed() < Duration::from_secs(7), "each waiting would take 50 s: {:?}", began.elapsed());
    signal("-CONT");
    assert_eq!(bio(&other), 100, "it does not believe what it had before it slept");
}
