//! Public profiles, and changes that show at once.

use sealcard_tests::server::Server;
use serde_json::{Value, json};

const CACHE_CONTROL: &str = "public, max-age=300, stale-while-revalidate=60";

#[test]
fn a_profile_is_cached_and_the_same_under_both_paths() {
    let server = Server::start(&["--demo"]);
    let first = server.get("/api/public/devcard-demo");
    let second = server.get("/api/u/devcard-demo");
    assert_eq!((first.header("x-cache"), second.header("x-cache")), ("MISS", "HIT"));
    assert_eq!(first.body, second.body);
    for answer in [&first, &second] {
        assert_eq!(answer.header("cache-control"), CACHE_CONTROL);
        assert!(!answer.header("x-request-id").is_empty());
    }
    let profile = first.json();
    let mut keys: Vec<_> = profile.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let expected =
        ["accentColor", "avatarUrl", "bio", "company", "displayName", "links", "pronouns", "role", "username"];
    assert_eq!(keys, expected);
    let platforms: Vec<_> =
        profile["links"].as_array().unwrap().iter().map(|link| link["platform"].as_str().unwrap()).collect();
    let expected = ["github", "linkedin", "twitter", "devfolio", "portfolio", "leetcode", "discord", "email"];
    assert_eq!(platforms, expected);
    assert_eq!(profile["links"][6]["url"], Value::Null, "discord has no address");
}

#[test]
fn an_answer_that_the_client_has_is_not_sent_again() {
    let server = Server::start(&["--demo"]);
    let etag = server.get("/api/public/devcard-demo").header("etag").to_owned();
    let ask = |tag: &str| server.raw_request("GET", "/api/public/devcard-demo", &[("if-none-match", tag.into())], b"");
    for tag in [etag.as_str(), "*", &format!("W/{etag}"), &format!("\"x\", {etag}")] {
        let answer = ask(tag);
        assert_eq!((answer.status, answer.body.len(), answer.header("etag")), (304, 0, etag.as_str()), "{tag}");
    }
    assert_eq!(ask("\"other\"").status, 200);
}

#[test]
fn an_unknown_user_is_not_found() {
    let server = Server::start(&[]);
    for path in ["nobody", "nobody/qr-session", "nobody/qr", "no%20body", "%F0%9F%A6%80"] {
        let answer = server.get(&format!("/api/public/{path}"));
        assert_eq!(answer.problem(), (404, "not_found".into()), "{path}");
        assert_eq!(answer.json()["error"], "User not found");
    }
    // Not cached: the user exists as soon as somebody signs up.
    server.sign_up("nobody");
    assert_eq!(server.get("/api/public/nobody").status, 200);
}

#[test]
fn every_change_shows_in_the_next_answer() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    let put = |body: Value| server.request("PUT", "/api/profiles/me", Some(&token), Some(&body));
    for number in 0..50 {
        server.get("/api/public/ada");
        let bio = format!("Change {number}");
        assert_eq!(put(json!({ "bio": bio })).json()["bio"], bio);
        let answer = server.get("/api/public/ada");
        assert_eq!((answer.json()["bio"].as_str(), answer.header("x-cache")), (Some(bio.as_str()), "MISS"));
    }
}

#[test]
fn absent_members_stay_and_null_clears() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    let put = |body: Value| server.request("PUT", "/api/profiles/me", Some(&token), Some(&body)).json();
    put(json!({ "bio": "Bio", "role": "Role", "company": "Company", "accentColor": "#ABCDEF" }));
    let changed = put(json!({ "role": null, "company": "", "displayName": "Ada" }));
    assert_eq!(changed["bio"], "Bio");
    assert_eq!((&changed["role"], &changed["company"]), (&Value::Null, &Value::Null));
    assert_eq!((&changed["displayName"], &changed["accentColor"]), (&json!("Ada"), &json!("#abcdef")));
    assert_eq!(put(json!({ "accentColor": null }))["accentColor"], "#6366f1");
    assert_eq!(server.request("GET", "/api/profiles/me", Some(&token), None).json(), server.get("/api/u/ada").json());
}

#[test]
fn a_rename_moves_the_profile_at_once() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    server.sign_up("taken");
    server.get("/api/public/ada");
    assert_eq!(server.get("/api/public/lovelace").status, 404);
    let rename =
        |name: &str| server.request("PUT", "/api/profiles/me", Some(&token), Some(&json!({ "username": name })));
    assert_eq!(rename("taken").problem(), (409, "conflict".into()));
    assert_eq!(rename("lovelace").status, 200);
    assert_eq!(server.get("/api/public/ada").status, 404);
    let renamed = server.get("/api/public/lovelace");
    assert_eq!((renamed.header("x-cache"), &renamed.json()["username"]), ("MISS", &json!("lovelace")));
    server.log_in("lovelace", "correct horse");
}

#[test]
fn links_are_added_changed_moved_and_removed() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    let call = |method: &str, path: &str, body: Value| {
        server.request(method, &format!("/api/profiles/me/links{path}"), Some(&token), Some(&body))
    };
    let shown = || {
        let links = server.get("/api/public/ada").json()["links"].clone();
        let names: Vec<_> =
            links.as_array().unwrap().iter().map(|link| link["username"].as_str().unwrap().to_owned()).collect();
        names.join(" ")
    };
    let ids: Vec<String> = ["one", "two", "three"]
        .iter()
        .map(|name| {
            let added = call("POST", "", json!({ "platform": "github", "username": name }));
            assert_eq!(added.status, 201);
            let link = added.json();
            assert_eq!(link["url"], format!("https://github.com/{name}"));
            assert_eq!(link["followed"], false);
            link["id"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(shown(), "one two three");

    let changed = call("PUT", &format!("/{}", ids[1]), json!({ "username": "zwei" })).json();
    assert_eq!((&changed["id"], &changed["url"]), (&json!(ids[1]), &json!("https://github.com/zwei")));
    assert_eq!(shown(), "one zwei three");

    assert_eq!(call("PUT", "/reorder", json!({ "ids": [ids[2], ids[0], ids[1]] })).status, 200);
    assert_eq!(shown(), "three one zwei");
    let order: Vec<_> = (0..3).map(|at| json!({ "id": ids[at], "displayOrder": at })).collect();
    assert_eq!(call("PUT", "/reorder", json!({ "links": order })).status, 200);
    assert_eq!(shown(), "one zwei three");
    assert_eq!(call("PUT", "/reorder", json!({ "ids": [ids[0]] })).problem(), (422, "invalid_order".into()));

    assert_eq!(server.request("DELETE", &format!("/api/profiles/me/links/{}", ids[0]), Some(&token), None).status, 204);
    assert_eq!(shown(), "zwei three");
    assert_eq!(call("PUT", &format!("/{}", ids[0]), json!({ "username": "x" })).problem(), (404, "not_found".into()));

    // Another account cannot touch them.
    let other = server.sign_up("eve");
    let theft = server.request("DELETE", &format!("/api/profiles/me/links/{}", ids[1]), Some(&other), None);
    assert_eq!(theft.problem(), (404, "not_found".into()));
    assert_eq!(shown(), "zwei three");
}

#[test]
fn refused_changes_say_why_and_change_nothing() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    let before = server.request("GET", "/api/profiles/me", Some(&token), None).json();
    let refused = |method: &str, path: &str, body: Value, says: &str| {
        let answer = server.request(method, &format!("/api/profiles/me{path}"), Some(&token), Some(&body));
        assert_eq!(answer.problem(), (422, "invalid_profile".into()), "{body}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(says), "{detail}");
    };
    refused("PUT", "", json!({ "bio": "x".repeat(301) }), "bio: 301 characters, but at most 300");
    refused("PUT", "", json!({ "bio": "fine", "displayName": "\u{202e}" }), "displayName: character 1 is U+202E");
    refused("PUT", "", json!({ "username": "a" }), "username");
    refused("PUT", "", json!({ "username": null }), "username");
    refused("PUT", "", json!({ "displayName": null }), "displayName: empty");
    let link = |url: &str| json!({ "platform": "custom", "username": "x", "url": url });
    refused("POST", "/links", link("javascript:alert(1)"), "links[0].url: only https, mailto and tel");
    refused("POST", "/links", json!({ "platform": "github", "username": "a b" }), "links[0].username");
    assert_eq!(server.request("GET", "/api/profiles/me", Some(&token), None).json(), before);
}

#[test]
fn an_address_of_one_s_own_survives_changes_that_do_not_touch_it() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    let call = |method: &str, path: &str, body: Value| {
        server.request(method, &format!("/api/profiles/me/links{path}"), Some(&token), Some(&body)).json()
    };
    let url = "https://ada.dev/blog";
    let link = call("POST", "", json!({ "platform": "custom", "username": "My blog", "url": url }));
    let path = format!("/{}", link["id"].as_str().unwrap());
    let renamed = call("PUT", &path, json!({ "username": "My new blog" }));
    assert_eq!((&renamed["username"], &renamed["url"]), (&json!("My new blog"), &json!(url)));
    assert_eq!(call("PUT", &path, json!({}))["url"], url);
    let cleared = call("PUT", &path, json!({ "platform": "discord", "username": "ada", "url": null }));
    assert_eq!(cleared["url"], Value::Null);
    let derived = call("PUT", &path, json!({ "platform": "github" }));
    assert_eq!(derived["url"], "https://github.com/ada");
    assert_eq!(call("PUT", &path, json!({ "username": "lovelace" }))["url"], "https://github.com/lovelace");
}

#[test]
fn the_demo_user_s_name_is_kept_for_it() {
    let server = Server::start(&[]);
    let account = json!({ "username": "devcard-demo", "password": "correct horse", "displayName": "Mallory" });
    assert_eq!(server.request("POST", "/api/accounts", None, Some(&account)).problem(), (409, "conflict".into()));
    let token = server.sign_up("mallory");
    let rename = json!({ "username": "devcard-demo" });
    assert_eq!(server.request("PUT", "/api/profiles/me", Some(&token), Some(&rename)).problem().0, 409);
}

#[test]
fn a_profile_has_at_most_32_links() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    let add = || {
        let link = json!({ "platform": "discord", "username": "ada" });
        server.request("POST", "/api/profiles/me/links", Some(&token), Some(&link))
    };
    for _ in 0..32 {
        assert_eq!(add().status, 201);
    }
    assert_eq!(add().problem(), (422, "invalid_profile".into()));
}
