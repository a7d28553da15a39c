//! Accounts and sessions.

use sealcard_tests::server::Server;
use serde_json::{Value, json};

#[test]
fn sign_up_log_in_list_log_out() {
    let server = Server::start(&[]);
    let first = server.sign_up("ada");
    let second = server.log_in("ada", "correct horse");
    assert_ne!(first, second);

    let list = server.request("GET", "/api/sessions", Some(&first), None).json();
    assert_eq!(list["count"], 2);
    let current: Vec<_> =
        list["sessions"].as_array().unwrap().iter().map(|session| session["current"] == true).collect();
    assert_eq!(current.iter().filter(|current| **current).count(), 1);
    assert!(!list.to_string().contains(&first), "tokens are not shown again");

    assert_eq!(server.request("DELETE", "/api/sessions/current", Some(&first), None).status, 204);
    assert_eq!(server.request("GET", "/api/sessions", Some(&first), None).problem(), (401, "unauthorized".into()));
    assert_eq!(server.request("GET", "/api/sessions", Some(&second), None).json()["count"], 1);

    let third = server.log_in("ada", "correct horse");
    assert_eq!(server.request("DELETE", "/api/sessions", Some(&third), None).status, 204);
    for token in [&second, &third] {
        assert_eq!(server.request("GET", "/api/profiles/me", Some(token), None).status, 401);
    }
}

#[test]
fn a_new_password_ends_every_session_and_the_old_password() {
    let server = Server::start(&[]);
    let tokens = [server.sign_up("ada"), server.log_in("ada", "correct horse")];
    let change = |current: &str, new: &str| json!({ "currentPassword": current, "newPassword": new });
    let put = |body: Value| server.request("PUT", "/api/accounts/me/password", Some(&tokens[0]), Some(&body));
    assert_eq!(put(change("wrong horse", "battery staple")).problem(), (403, "wrong_password".into()));
    assert_eq!(put(change("correct horse", "short")).problem(), (422, "invalid_password".into()));
    assert_eq!(put(change("correct horse", "battery staple")).status, 204);
    for token in &tokens {
        assert_eq!(server.request("GET", "/api/sessions", Some(token), None).status, 401);
    }
    let old = json!({ "username": "ada", "password": "correct horse" });
    assert_eq!(server.request("POST", "/api/sessions", None, Some(&old)).problem(), (401, "wrong_credentials".into()));
    server.log_in("ada", "battery staple");
}

#[test]
fn a_wrong_password_and_an_unknown_user_get_the_same_answer() {
    let server = Server::start(&[]);
    server.sign_up("ada");
    let log_in = |username: &str| {
        let login = json!({ "username": username, "password": "wrong horse" });
        server.request("POST", "/api/sessions", None, Some(&login)).json()
    };
    assert_eq!(log_in("ada"), log_in("nobody"));
}

#[test]
fn accounts_that_break_a_limit_are_refused() {
    let server = Server::start(&[]);
    let sign_up = |username: &str, password: &str, name: &str| {
        let body = json!({ "username": username, "password": password, "displayName": name });
        server.request("POST", "/api/accounts", None, Some(&body))
    };
    assert_eq!(sign_up("ab", "correct horse", "A").problem(), (422, "invalid_profile".into()));
    assert_eq!(sign_up("a b", "correct horse", "A").problem(), (422, "invalid_profile".into()));
    assert_eq!(sign_up("ada", "correct horse", "").problem(), (422, "invalid_profile".into()));
    assert_eq!(sign_up("ada", "short", "A").problem(), (422, "invalid_password".into()));
    assert_eq!(sign_up("ada", &"x".repeat(257), "A").problem(), (422, "invalid_password".into()));
    assert_eq!(sign_up("ada", "correct horse", "A").status, 201);
    assert_eq!(sign_up("ada", "correct horse", "A").problem(), (409, "conflict".into()));
    assert_eq!(sign_up("Ada", "correct horse", "A").status, 201, "usernames are case-sensitive");
}

#[test]
fn a_qr_token_is_no_login_and_a_login_no_qr_token() {
    let server = Server::start(&["--demo"]);
    let session = server.sign_up("ada");
    for format in ["sc1", "jwt"] {
        let token = server.get(&format!("/api/public/ada/qr-session?format={format}")).json()["token"].clone();
        let token = token.as_str().unwrap();
        assert_eq!(
            server.request("GET", "/api/profiles/me", Some(token), None).problem(),
            (401, "unauthorized".into())
        );
    }
    for text in [session.clone(), format!("SC1:{}", session.to_uppercase())] {
        // From standard input: one in 64 begins with a hyphen.
        let run = sealcard_tests::binary::run_with_input(&["verify", "--trust", &server.jwks(), "-"], text.as_bytes());
        assert_eq!((run.status, run.error_code().as_str()), (1, "malformed"));
    }
    for authorization in ["", "Bearer", "Bearer ", "Basic YTpi", &format!("Basic {session}"), &session] {
        let answer = server.raw_request("GET", "/api/profiles/me", &[("authorization", authorization.into())], b"");
        assert_eq!(answer.status, 401, "{authorization}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[test]
fn every_private_route_wants_a_login() {
    let server = Server::start(&[]);
    for (method, path) in [
        ("GET", "/api/sessions"),
        ("DELETE", "/api/sessions"),
        ("DELETE", "/api/sessions/current"),
        ("PUT", "/api/accounts/me/password"),
        ("GET", "/api/profiles/me"),
        ("PUT", "/api/profiles/me"),
        ("POST", "/api/profiles/me/links"),
        ("PUT", "/api/profiles/me/links/reorder"),
        ("PUT", "/api/profiles/me/links/x"),
        ("DELETE", "/api/profiles/me/links/x"),
    ] {
        let body = (method != "GET" && method != "DELETE").then(|| json!({}));
        assert_eq!(server.request(method, path, None, body.as_ref()).problem(), (401, "unauthorized".into()), "{path}");
    }
}
