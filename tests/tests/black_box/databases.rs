//! One story, told to each database.

use sealcard_tests::postgres;
use sealcard_tests::server::Server;
use serde_json::{Value, json};

#[test]
fn the_story_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    story(&format!("sqlite://{}/story.db", folder.path().display()));
}

#[test]
fn the_story_on_postgresql() {
    story(&postgres::database());
}

fn story(database_url: &str) {
    let args = ["--demo", "--database-url", database_url];
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_on(folder.path(), &args);
    let token = server.sign_up("ada");
    let call = |method: &str, path: &str, body: Value| server.request(method, path, Some(&token), Some(&body));
    let sign_up_again = json!({ "username": "ada", "password": "correct horse", "displayName": "Ada" });
    assert_eq!(server.request("POST", "/api/accounts", None, Some(&sign_up_again)).problem(), (409, "conflict".into()));
    let text = json!({
        "displayName": "Ада Лавлейс 🦀", "bio": "'; DROP TABLE accounts; --", "pronouns": "she/her",
        "role": "Analyst", "company": "名前", "avatarUrl": "https://example.org/a.png", "accentColor": "#010203"
    });
    let changed = call("PUT", "/api/profiles/me", text.clone()).json();
    for (field, value) in text.as_object().unwrap() {
        assert_eq!(&changed[field], value);
    }
    let add = |name: &str| {
        let link = call("POST", "/api/profiles/me/links", json!({ "platform": "github", "username": name })).json();
        link["id"].as_str().unwrap().to_owned()
    };
    let ids = [add("one"), add("two"), add("three")];
    let bob = server.sign_up("bob");
    let follow =
        |method: &str, id: &str| server.request(method, &format!("/api/links/{id}/follow"), Some(&bob), None).status;
    let followed = || {
        let links = server.request("GET", "/api/public/ada", Some(&bob), None).json()["links"].clone();
        let followed = links.as_array().unwrap().iter().filter(|link| link["followed"] == true);
        followed.map(|link| link["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for id in [&ids[0], &ids[1], &ids[1]] {
        assert_eq!(follow("PUT", id), 204, "as often as one likes");
    }
    assert_eq!(followed(), [ids[0].clone(), ids[1].clone()]);
    for unknown in ["6f1de1c3-6a0c-4b7d-9f58-000000000000", "%00", "x"] {
        assert_eq!((follow("PUT", unknown), follow("DELETE", unknown)), (404, 404), "{unknown}");
    }
    assert_eq!(call("PUT", "/api/profiles/me/links/reorder", json!({ "ids": [ids[2], ids[0], ids[1]] })).status, 200);
    assert_eq!(server.request("DELETE", &format!("/api/profiles/me/links/{}", ids[0]), Some(&token), None).status, 204);
    assert_eq!(followed(), [ids[1].clone()], "moved and still followed; removed and not");
    assert_eq!((follow("DELETE", &ids[1]), follow("DELETE", &ids[1])), (204, 204));
    assert_eq!(followed(), [""; 0]);
    assert_eq!(call("PUT", "/api/profiles/me", json!({ "username": "devcard-demo" })).problem().0, 409);

    // Twenty edits at once, each adding one link: none is lost.
    std::thread::scope(|threads| {
        for number in 0..20 {
            let call = &call;
            threads.spawn(move || {
                let link = json!({ "platform": "discord", "username": format!("n{number}") });
                assert_eq!(call("POST", "/api/profiles/me/links", link).status, 201);
            });
        }
    });
    let before = server.get("/api/public/ada").json();
    assert_eq!(before["links"].as_array().unwrap().len(), 22);
    assert_eq!((&before["links"][0]["id"], &before["links"][1]["id"]), (&json!(ids[2]), &json!(ids[1])));
    assert!(server.stop().success());

    let server = Server::start_on(folder.path(), &args);
    assert_eq!(server.get("/api/public/ada").json(), before, "all is still there after a restart");
    assert_eq!(server.request("GET", "/api/profiles/me", Some(&token), None).status, 200, "sessions too");

    // Logins with the old password that are on their way while it changes do not outlive the change.
    let old = json!({ "username": "ada", "password": "correct horse" });
    let change = json!({ "currentPassword": "correct horse", "newPassword": "battery staple" });
    std::thread::scope(|threads| {
        let log_in = || server.request("POST", "/api/sessions", None, Some(&old));
        let logins: Vec<_> = (0..20).map(|_| threads.spawn(log_in)).collect();
        assert_eq!(server.request("PUT", "/api/accounts/me/password", Some(&token), Some(&change)).status, 204);
        for login in logins {
            let login = login.join().unwrap();
            if login.status == 201 {
                let session = login.json()["token"].as_str().unwrap().to_owned();
                assert_eq!(server.request("GET", "/api/profiles/me", Some(&session), None).status, 401);
            }
        }
    });
    assert_eq!(server.request("GET", "/api/profiles/me", Some(&token), None).status, 401);
    server.log_in("ada", "battery staple");
    for name in ["%00", "a%00b", "x", "%F0%9F%A6%80"] {
        assert_eq!(server.get(&format!("/api/public/{name}")).status, 404, "{name}");
    }
    let nul = json!({ "username": "\0", "password": "correct horse" });
    assert_eq!(server.request("POST", "/api/sessions", None, Some(&nul)).problem(), (401, "wrong_credentials".into()));
    assert_eq!(server.get("/health").json()["database"], "ok");
}
