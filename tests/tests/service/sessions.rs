//! Who is logged in: found in Redis, with the database behind it; ended at once and everywhere.

use sealcard_tests::everywhere;
use sealcard_tests::postgres;
use sealcard_tests::server::{Answer, Server};
use sealcard_tests::site::{Backend, Site};
use serde_json::{Value, json};

everywhere! {
    a_session_lives;
    all_sessions_end;
    a_browser_has_a_cookie;
}

fn me(server: &Server, token: &str) -> u16 {
    server.request("GET", "/api/profiles/me", Some(token), None).status
}

fn has_redis(site: &Site) -> bool {
    !matches!(site.backend, Backend::None)
}

fn session_keys(site: &Site) -> Vec<String> {
    site.backend.keys().into_iter().filter(|key| key.starts_with("session:")).collect()
}

fn a_session_lives(site: Site) {
    let (server, other) = (site.server(), site.server());
    let token = server.sign_up("ada");
    assert_eq!((me(&server, &token), me(&other, &token)), (200, 200));
    assert_eq!(me(&server, "nonsense"), 401);
    let mut tampered = token.clone();
    tampered.replace_range(..1, if token.starts_with('A') { "B" } else { "A" });
    assert_eq!(me(&server, &tampered), 401);
    let sessions = server.request("GET", "/api/sessions", Some(&token), None).json();
    assert_eq!(sessions["count"], 1);
    let own = &sessions["sessions"][0];
    assert_eq!((&own["current"], &own["ipAddress"]), (&json!(true), &json!("127.0.0.1")));
    assert!(own["userAgent"].as_str().unwrap().starts_with("ureq/"));

    if has_redis(&site) {
        let cli = |args: &[&str]| site.backend.cli(args);
        let keys = session_keys(&site);
        assert_eq!(keys.len(), 1, "{keys:?}");
        assert!(!keys[0].contains(&token), "the token itself stands nowhere");
        let ttl = || cli(&["ttl", &keys[0]]).parse::<i64>().unwrap();
        assert!((86_000..=86_400).contains(&ttl()));
        let kept: Value = serde_json::from_str(&cli(&["get", &keys[0]])).unwrap();
        assert_eq!((&kept["username"], &kept["ipAddress"]), (&json!("ada"), &json!("127.0.0.1")));
        for member in ["userId", "isVerified", "createdAt", "lastActivity", "userAgent"] {
            assert!(kept.get(member).is_some(), "{kept}");
        }
        // Whoever is called otherwise now is, for whoever looks.
        let name = json!({ "username": "lovelace" });
        assert_eq!(server.request("PUT", "/api/profiles/me", Some(&token), Some(&name)).status, 200);
        assert_eq!(me(&server, &token), 200);
        let kept: Value = serde_json::from_str(&cli(&["get", &keys[0]])).unwrap();
        assert_eq!(kept["username"], "lovelace");
        // Asked once of the database, then not again, and again when Redis has lost it.
        let queries = |server: &Server| server.metric("db_queries_total{op=\"session\"}");
        let before = queries(&server);
        for _ in 0..10 {
            assert_eq!(me(&server, &token), 200);
        }
        assert_eq!(queries(&server), before);
        cli(&["del", &keys[0]]);
        server.wait_until("Redis has told that it was removed", |server| {
            assert_eq!(me(server, &token), 200);
            queries(server) > before
        });
        assert_eq!(me(&server, &token), 200);
        assert_eq!((queries(&server), session_keys(&site)), (before + 1, keys.clone()));
        // Used, it is prolonged by an hour, and to a day at most.
        cli(&["expire", &keys[0], "1000"]);
        assert_eq!(me(&server, &token), 200);
        server.wait_until("it is prolonged", |_| (4_500..=4_600).contains(&ttl()));
        cli(&["expire", &keys[0], "86000"]);
        assert_eq!(me(&server, &token), 200);
        server.wait_until("it has a day", |_| ttl() > 86_000);
        assert!(ttl() <= 86_400);
    }
    // Ended here, it is ended; on the other server as soon as that hears of it.
    let out = server.request("DELETE", "/api/sessions/current", Some(&token), None);
    assert_eq!(out.status, 204);
    assert_eq!(me(&server, &token), 401);
    assert!(session_keys(&site).is_empty());
    other.wait_until("it hears", |other| me(other, &token) == 401);
}

fn all_sessions_end(site: Site) {
    let (server, other) = (site.server(), site.server());
    let mut tokens = vec![server.sign_up("ada")];
    tokens.extend((0..2).map(|_| server.log_in("ada", "correct horse")));
    let eve = server.sign_up("eve");
    let list = |token: &str| server.request("GET", "/api/sessions", Some(token), None).json();
    assert_eq!(list(&tokens[0])["count"], 3);
    let sets = || site.backend.keys().into_iter().filter(|key| key.starts_with("sessions:user:")).collect::<Vec<_>>();
    let set_of = |count: &str| sets().into_iter().find(|key| site.backend.cli(&["scard", key]) == count);
    if has_redis(&site) {
        let set = set_of("3").expect("the set of an account");
        assert!((1..=86_400).contains(&site.backend.cli(&["ttl", &set]).parse::<i64>().unwrap()));
    }
    // One of them, by its id; nobody else's.
    let sessions = list(&tokens[0]);
    let other_one = sessions["sessions"].as_array().unwrap().iter().find(|session| session["current"] == false);
    let foreign = other_one.unwrap()["id"].as_str().unwrap().to_owned();
    let path = |id: &str| format!("/api/sessions/{id}");
    assert_eq!(server.request("DELETE", &path(&foreign), Some(&eve), None).problem().0, 404);
    assert_eq!(server.request("DELETE", &path("nothing"), Some(&tokens[0]), None).problem().0, 404);
    assert_eq!(server.request("DELETE", &path(&foreign), Some(&tokens[0]), None).status, 204);
    assert_eq!(list(&tokens[0])["count"], 2);
    assert_eq!(tokens.iter().filter(|token| me(&server, token) == 200).count(), 2);
    if has_redis(&site) {
        let set = set_of("2").expect("the set of an account");
        // What is in the set and is no session any more is taken out of it.
        site.backend.cli(&["sadd", &set, "forgotten"]);
        assert_eq!(list(&tokens[0])["count"], 2);
        assert_eq!(site.backend.cli(&["scard", &set]), "2");
    }
    assert_eq!(server.request("DELETE", "/api/sessions", Some(&tokens[0]), None).status, 204);
    assert!(tokens.iter().all(|token| me(&server, token) == 401));
    other.wait_until("it hears", |other| tokens.iter().all(|token| me(other, token) == 401));
    assert_eq!(me(&server, &eve), 200);
    if has_redis(&site) {
        assert_eq!((sets().len(), session_keys(&site).len()), (1, 1), "eve's");
    }

    // A new password ends them too.
    let tokens = [server.log_in("ada", "correct horse"), server.log_in("ada", "correct horse")];
    assert!(tokens.iter().all(|token| me(&other, token) == 200));
    let change = json!({ "currentPassword": "correct horse", "newPassword": "battery staple" });
    let changed = server.request("PUT", "/api/accounts/me/password", Some(&tokens[0]), Some(&change));
    assert_eq!(changed.status, 204);
    assert!(tokens.iter().all(|token| me(&server, token) == 401));
    other.wait_until("it hears", |other| tokens.iter().all(|token| me(other, token) == 401));
    server.log_in("ada", "battery staple");
}

/// A change with a cookie, as a browser sends it.
fn with_cookie(server: &Server, cookie: &str, method: &str, headers: &[(&str, &str)]) -> Answer {
    let mut all = vec![("cookie", format!("theme=dark; {cookie}")), ("content-type", "application/json".into())];
    all.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let body = if method == "GET" { "" } else { "{\"bio\":\"changed\"}" };
    server.raw_request(method, "/api/profiles/me", &all, body.as_bytes())
}

fn a_browser_has_a_cookie(site: Site) {
    let server = site.server();
    server.sign_up("ada");
    let login = json!({ "username": "ada", "password": "correct horse", "cookie": true });
    let answer = server.request("POST", "/api/sessions", None, Some(&login));
    assert_eq!(answer.status, 201);
    assert!(answer.json().get("token").is_none(), "scripts do not see it");
    let set = answer.header("set-cookie").to_owned();
    let (cookie, attributes) = set.split_once("; ").unwrap();
    assert!(cookie.starts_with("__Host-session="));
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=86400");

    assert_eq!(with_cookie(&server, cookie, "GET", &[]).status, 200);
    let host = server.base.strip_prefix("http://").unwrap().to_owned();
    let own = format!("http://{host}");
    for (headers, status) in [
        ([].as_slice(), 403),
        (&[("sec-fetch-site", "cross-site")], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("sec-fetch-site", "none")], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("sec-fetch-site", "cross-site"), ("origin", &own)], 403),
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("origin", &own)], 200),
    ] {
        let answer = with_cookie(&server, cookie, "PUT", headers);
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 403 {
            assert_eq!(answer.problem().1, "cross_site");
        }
    }
    // A bearer token needs none of that, whatever cookie comes along.
    let token = server.log_in("ada", "correct horse");
    let bearer = [("authorization", format!("Bearer {token}")), ("sec-fetch-site", "cross-site".to_owned())];
    assert_eq!(server.raw_request("GET", "/api/sessions", &bearer, b"").json()["count"], 3);
    // Logged out, the cookie is taken back, and means nothing.
    let headers = [("cookie", cookie.to_owned()), ("sec-fetch-site", "same-origin".to_owned())];
    let out = server.raw_request("DELETE", "/api/sessions/current", &headers, b"");
    assert_eq!(out.status, 204);
    assert!(
        out.header("set-cookie").starts_with("__Host-session=; ") && out.header("set-cookie").ends_with("Max-Age=0")
    );
    assert_eq!(with_cookie(&server, cookie, "GET", &[]).status, 401);
}

/// The oldest end when there are too many.
#[test]
fn an_account_has_a_hundred_sessions_at_most() {
    let site = Site::single();
    let server = site.server();
    let first = server.sign_up("ada");
    let second = server.log_in("ada", "correct horse");
    for _ in 0..98 {
        server.log_in("ada", "correct horse");
    }
    assert_eq!((me(&server, &first), me(&server, &second)), (200, 200));
    let last = server.log_in("ada", "correct horse");
    assert_eq!(server.request("GET", "/api/sessions", Some(&last), None).json()["count"], 100);
    // Several begin in the same second: one of those that are the oldest.
    assert_eq!(me(&server, &last), 200);
}

/// A session is renewed in the database when it was used for a while, and its end is what the database says.
#[test]
fn a_session_ends_when_nobody_uses_it() {
    let site = Site::new(Backend::Single(sealcard_tests::redis::Redis::start())).with_postgres();
    let server = site.server();
    let (used, unused) = (server.sign_up("ada"), server.sign_up("eve"));
    let sql = |query: &str| postgres::query(site.database.as_ref().unwrap(), query);
    // As if half an hour had passed.
    sql("UPDATE sessions SET expires_at = expires_at - 1800");
    site.backend.cli(&["flushall"]);
    let left = "SELECT COUNT(*) FROM sessions WHERE expires_at > extract(epoch FROM now()) + 86300";
    server.wait_until("it is renewed", |server| {
        assert_eq!(me(server, &used), 200);
        sql(left) == "1"
    });
    // Nobody used the other for a day.
    sql(
        "UPDATE sessions SET expires_at = extract(epoch FROM now())::bigint - 1 WHERE expires_at < extract(epoch FROM now()) + 86300",
    );
    site.backend.cli(&["flushall"]);
    assert_eq!((me(&server, &used), me(&server, &unused)), (200, 401));
}

#[test]
fn without_redis_logins_go_on() {
    let mut site = Site::single();
    let server = site.server();
    let before = server.sign_up("ada");
    site.redis().kill();
    assert_eq!(me(&server, &before), 200);
    let during = server.log_in("ada", "correct horse");
    assert_eq!(me(&server, &during), 200);
    assert_eq!(server.request("DELETE", "/api/sessions/current", Some(&before), None).status, 204);
    assert_eq!(me(&server, &before), 401);
    site.redis().resume_after_kill();
    server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
    assert_eq!((me(&server, &before), me(&server, &during)), (401, 200));
}

/// Redis comes back with what it had: a session that was ended meanwhile stays ended.
#[test]
fn an_old_copy_revives_no_session() {
    let mut site = Site::new(Backend::Single(sealcard_tests::redis::Redis::start_with(&["--save", "3600 1"])));
    let server = site.server();
    let token = server.sign_up("ada");
    assert_eq!(me(&server, &token), 200);
    assert_eq!(site.backend.cli(&["save"]), "OK");
    site.redis().kill();
    assert_eq!(server.request("DELETE", "/api/sessions/current", Some(&token), None).status, 204);
    site.redis().resume_after_kill();
    server.wait_until("Redis is used", |server| server.get("/health").json()["redis"] == "ok");
    assert_eq!(me(&server, &token), 401);
    assert_eq!(me(&site.server(), &token), 401, "nor on a server that has just started");
}
