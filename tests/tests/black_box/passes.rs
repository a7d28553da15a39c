//! Passes: issued by the server, presented by a device, verified at a door without a network, and revoked.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Mutex;
use std::time::SystemTime;

use sealcard_core::{TrustStore, UnixTime, UnverifiedSnapshot, Verifier};
use sealcard_tests::server::Server;
use sealcard_tests::{binary, postgres};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a device's key and a root's, and files that verifiers have fetched.
struct Door {
    folder: TempDir,
}

impl Door {
    fn new() -> Self {
        let door = Self { folder: TempDir::new().unwrap() };
        for kind in ["device", "root"] {
            let key = door.path(&format!("{kind}.key"));
            let run = binary::run(&["keygen", "--kind", kind, "--out", &key]);
            fs::write(door.path(&format!("{kind}.jwk")), run.stdout).unwrap();
        }
        door
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn holder_key(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.path("device.jwk")).unwrap()).unwrap()
    }

    fn present(&self, pass: &str) -> String {
        let run = binary::run_with_input(&["present", "--key", &self.path("device.key"), "-"], pass.as_bytes());
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stdout.trim_end().into()
    }

    /// Fetches a file from a server.
    fn fetch(&self, server: &Server, path: &str, name: &str) {
        let answer = server.get(path);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        fs::write(self.path(name), answer.body).unwrap();
    }

    /// What a verifier says that has fetched the bundle and the list, and remembers.
    fn verify(&self, text: &str) -> Result<Value, String> {
        let (root, state) = (self.path("root.jwk"), self.path("state"));
        let (bundle, list) = (self.path("bundle"), self.path("list"));
        let args = ["verify", "--root", &root, "--state", &state, "--trust", &bundle, "--revocations", &list, "-"];
        let run = binary::run_with_input(&args, text.as_bytes());
        if run.status == 0 { Ok(run.json()) } else { Err(run.error_code()) }
    }
}

#[test]
fn passes_on_sqlite() {
    let folder = TempDir::new().unwrap();
    passes(&format!("sqlite://{}/passes.db", folder.path().display()));
}

#[test]
fn passes_on_postgresql() {
    passes(&postgres::database());
}

fn passes(database_url: &str) {
    let door = Door::new();
    let folder = TempDir::new().unwrap();
    let root_key = door.path("root.key");
    let (admin, admin_file) = ("operator-".repeat(4), door.path("admin-token"));
    fs::write(&admin_file, format!("{admin}\n")).unwrap();
    let start = ["--database-url", database_url, "--root-key-file", &root_key, "--admin-token-file", &admin_file];
    let refused =
        binary::run(&[&["serve", "--listen", "127.0.0.1:0", "--data-dir", &door.path("data")][..], &start].concat());
    assert_eq!(refused.error_code(), "key_file_permissions");
    fs::set_permissions(&admin_file, fs::Permissions::from_mode(0o600)).unwrap();
    let args = [&start[..], &["--max-pass-ttl", "864000"]].concat();
    let server = Server::start_on(folder.path(), &args);
    let (ada, eve) = (server.sign_up("ada"), server.sign_up("eve"));
    let ask = |session: &str, body: Value| server.request("POST", "/api/profiles/me/pass", Some(session), Some(&body));
    let pass = |session: &str| {
        let answer = ask(session, json!({ "holderKey": door.holder_key(), "ttl": 864_000 }));
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let body = answer.json();
        assert_eq!((&body["tokenType"], &body["expiresIn"]), (&json!("SC1"), &json!(864_000)));
        body["token"].as_str().unwrap().to_owned()
    };
    let revoke = |session: &str, body: Value| server.request("POST", "/api/tokens/revoke", Some(session), Some(&body));

    // Who may ask, and for what.
    let good = json!({ "holderKey": door.holder_key(), "ttl": 60 });
    assert_eq!(server.request("POST", "/api/profiles/me/pass", None, Some(&good)).problem().0, 401);
    assert_eq!(server.request("POST", "/api/tokens/revoke", None, Some(&json!({ "all": true }))).problem().0, 401);
    let device_file = fs::read_to_string(door.path("device.key")).unwrap();
    let private: Value = serde_json::from_str(&device_file).unwrap();
    for (body, code) in [
        (json!({ "ttl": 60 }), "invalid_request"),
        (json!({ "holderKey": {}, "ttl": 60 }), "invalid_key"),
        (json!({ "holderKey": private, "ttl": 60 }), "invalid_key"),
        (json!({ "holderKey": door.holder_key(), "ttl": 0 }), "invalid_ttl"),
        (json!({ "holderKey": door.holder_key(), "ttl": 864_001 }), "invalid_ttl"),
        (json!({ "holderKey": door.holder_key(), "ttl": -1 }), "invalid_request"),
    ] {
        assert_eq!(ask(&ada, body.clone()).problem(), (422, code.into()), "{body}");
    }
    assert_eq!(
        ask(&ada, json!({ "holderKey": door.holder_key() })).json()["expiresIn"],
        604_800,
        "a week, if not said"
    );

    // At the door, without a network.
    let (first, second, eves) = (pass(&ada), pass(&ada), pass(&eve));
    door.fetch(&server, "/api/trust-bundle", "bundle");
    door.fetch(&server, "/api/revocations", "list");
    let verified = door.verify(&door.present(&first)).unwrap();
    assert_eq!(verified["profile"]["username"], "ada");
    assert_eq!((&verified["event"], &verified["issuer"]), (&Value::Null, &json!("Sealcard")));
    assert_eq!(
        (&verified["binding"], &verified["revocation"], &verified["trust"]),
        (&json!("device"), &json!("fresh"), &json!("fresh"))
    );
    assert_eq!(door.verify(&first), Err("proof_missing".into()));

    // Only one's own can be revoked, and only passes.
    assert_eq!(revoke(&eve, json!({ "token": first })).problem(), (404, "not_found".into()));
    let bearer = server.get("/api/public/ada/qr-session").json()["token"].clone();
    assert_eq!(revoke(&ada, json!({ "token": bearer })).problem(), (422, "not_revocable".into()));
    for body in [json!({}), json!({ "all": false }), json!({ "all": true, "token": first })] {
        assert_eq!(revoke(&ada, body).problem(), (422, "invalid_request".into()));
    }
    assert_eq!(revoke(&ada, json!({ "token": "hello" })).problem(), (422, "malformed".into()));

    // A lost phone: by the presentation that it showed, or by the pass.
    let epoch = server.get("/api/revocations");
    assert_eq!(revoke(&ada, json!({ "token": door.present(&first) })).json()["revoked"], 1);
    assert_eq!(revoke(&ada, json!({ "token": first })).json()["revoked"], 1, "again does no harm");
    assert!(door.verify(&door.present(&first)).is_ok(), "the door has not heard of it");
    let etag = server.get("/api/revocations");
    assert_ne!(etag.body, epoch.body);
    let known = ("if-none-match", etag.header("etag").to_owned());
    assert_eq!(server.raw_request("GET", "/api/revocations", &[known], b"").status, 304);
    assert_eq!(etag.header("cache-control"), "public, max-age=60");
    door.fetch(&server, "/api/revocations", "list");
    assert_eq!(door.verify(&door.present(&first)), Err("revoked".into()));
    assert!(door.verify(&door.present(&second)).is_ok());

    // All of one's own before now; what comes after holds.
    assert_eq!(revoke(&ada, json!({ "all": true })).json()["revoked"], 3);
    let after = pass(&ada);
    door.fetch(&server, "/api/revocations", "list");
    assert_eq!(door.verify(&door.present(&second)), Err("revoked".into()));
    assert!(door.verify(&door.present(&eves)).is_ok());
    assert!(door.verify(&door.present(&after)).is_ok());

    // The operator revokes anyone's pass, or all of a user's; an owner does not name another.
    let grace = server.sign_up("grace");
    let graces = [pass(&grace), pass(&grace)];
    let named = json!({ "all": true, "username": "grace" });
    assert_eq!(revoke(&ada, named.clone()).problem(), (422, "invalid_request".into()));
    assert_eq!(revoke(&admin, json!({ "token": graces[0] })).json()["revoked"], 1);
    assert_eq!(revoke(&admin, json!({ "all": true })).problem(), (422, "invalid_request".into()));
    assert_eq!(revoke(&admin, json!({ "all": true, "username": "nobody" })).problem().0, 404);
    assert_eq!(revoke(&admin, named).json()["revoked"], 2);
    assert_eq!(revoke("operator", json!({ "token": graces[0] })).problem().0, 401);
    assert_eq!(server.request("GET", "/api/profiles/me", Some(&admin), None).status, 401, "it is no login");
    door.fetch(&server, "/api/revocations", "list");
    assert!(graces.iter().all(|pass| door.verify(&door.present(pass)) == Err("revoked".into())));

    // An older list does not count with whoever remembers a newer one.
    fs::write(door.path("list"), epoch.body).unwrap();
    assert_eq!(door.verify(&door.present(&second)), Err("revoked".into()));
    assert!(door.verify(&door.present(&eves)).is_ok());

    // Nobody fills the list alone, and what revokes nothing signs nothing.
    let passes = (0..100).map(|_| ask(&eve, json!({ "holderKey": door.holder_key(), "ttl": 60 })).status);
    assert_eq!(passes.filter(|status| *status == 201).count(), 99);
    assert_eq!(ask(&eve, json!({ "holderKey": door.holder_key() })).problem(), (409, "too_many_passes".into()));
    let list = server.get("/api/revocations").body;
    assert_eq!(revoke(&ada, json!({ "token": first })).json()["revoked"], 1);
    assert_eq!(revoke(&eve, json!({ "token": first })).problem().0, 404);
    assert_eq!(server.get("/api/revocations").body, list);

    // A restart forgets nothing, and the numbers go on.
    drop(server);
    let server = Server::start_on(folder.path(), &args);
    door.fetch(&server, "/api/revocations", "list");
    door.fetch(&server, "/api/trust-bundle", "bundle");
    assert_eq!(door.verify(&door.present(&second)), Err("revoked".into()));
    assert!(door.verify(&door.present(&after)).is_ok());
}

/// Two servers with one key and one database: whoever signs, the numbers grow, and no two lists have the same.
#[test]
fn two_servers_sign_one_series_of_lists() {
    let door = Door::new();
    let database = postgres::database();
    let (key, root) = (door.path("issuer.key"), door.path("root.key"));
    binary::run(&["keygen", "--out", &key]);
    let args = ["--database-url", &database, "--signing-key-file", &key, "--root-key-file", &root];
    let servers = [Server::start(&args), Server::start(&args)];
    let session = servers[0].sign_up("ada");
    let [one, two] = &servers;
    assert_eq!(one.get("/api/revocations").body, two.get("/api/revocations").body);
    assert_eq!(one.get("/api/trust-bundle").body, two.get("/api/trust-bundle").body);
    door.fetch(one, "/api/trust-bundle", "bundle");
    let trust = String::from_utf8(one.get("/.well-known/jwks.json").body).unwrap();
    // Every list that either served, by its number.
    let lists = Mutex::new(BTreeMap::new());
    let fetch = |server: &Server| {
        let text = String::from_utf8(server.get("/api/revocations").body).unwrap();
        let mut verifier = Verifier::new(TrustStore::from_jwks(&trust).unwrap());
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        verifier.update_revocation_list(&text, UnixTime::from_secs(now)).unwrap();
        let list = verifier.revocation_lists().next().unwrap().clone();
        let known = lists.lock().unwrap().entry(list.epoch()).or_insert(text.clone()).clone();
        assert_eq!(known, text, "two lists with one number");
        list
    };
    let issue = |server: &Server| {
        let body = json!({ "holderKey": door.holder_key(), "ttl": 600 });
        let pass = server.request("POST", "/api/profiles/me/pass", Some(&session), Some(&body)).json();
        pass["token"].as_str().unwrap().to_owned()
    };
    let passes: Vec<_> = (0..96).map(|number| issue(&servers[number % 2])).collect();
    // Eight at a time revoke one after the other, here and there: what was acknowledged stands in the next list of either.
    std::thread::scope(|threads| {
        for (number, passes) in passes.chunks(12).enumerate() {
            let (fetch, session) = (&fetch, &session);
            let (here, there) = if number % 2 == 0 { (one, two) } else { (two, one) };
            threads.spawn(move || {
                for pass in passes {
                    let body = json!({ "token": pass });
                    let answer = here.request("POST", "/api/tokens/revoke", Some(session), Some(&body));
                    assert_eq!(answer.status, 200);
                    let index =
                        UnverifiedSnapshot::from_text(pass).unwrap().unverified_snapshot().unwrap().revocation_index;
                    let index = index.unwrap();
                    assert!(
                        fetch(there).contains(index) && fetch(here).contains(index),
                        "revoked, and not in the list"
                    );
                }
            });
        }
    });
    assert_eq!(fetch(one).len(), 96);
    door.fetch(two, "/api/revocations", "list");
    assert_eq!(door.verify(&door.present(&passes[95])), Err("revoked".into()));
}

#[test]
fn a_bundle_signed_elsewhere_is_served_and_without_a_root_there_is_none() {
    let door = Door::new();
    let server = Server::start(&[]);
    assert_eq!(server.get("/api/trust-bundle").problem(), (404, "not_found".into()));
    let jwks = server.jwks();
    let sign = ["trust-bundle", "--root-key", &door.path("root.key"), "--keys", &jwks, "--epoch", "7"];
    let bundle = binary::run(&sign).stdout;
    fs::write(door.path("signed"), &bundle).unwrap();
    let data_dir = server.data_dir().to_owned();
    let copy = TempDir::new().unwrap();
    fs::copy(data_dir.join("signing-key.jwk"), copy.path().join("signing-key.jwk")).unwrap();
    drop(server);

    let server = Server::start_on(copy.path(), &["--demo", "--trust-bundle-file", &door.path("signed")]);
    assert_eq!(server.get("/api/trust-bundle").body, bundle.trim_end().as_bytes());
    door.fetch(&server, "/api/trust-bundle", "bundle");
    door.fetch(&server, "/api/revocations", "list");
    let token = server.get("/api/public/devcard-demo/qr-session").json()["token"].as_str().unwrap().to_owned();
    assert_eq!(door.verify(&token).unwrap()["binding"], "bearer");

    // A new one counts at once.
    let sign = ["trust-bundle", "--root-key", &door.path("root.key"), "--keys", &server.jwks(), "--epoch", "8"];
    let newer = binary::run(&sign).stdout;
    fs::write(door.path("signed"), &newer).unwrap();
    assert_eq!(server.get("/api/trust-bundle").body, newer.trim_end().as_bytes());

    fs::write(door.path("signed"), "SC1:HELLO").unwrap();
    assert_eq!(server.get("/api/trust-bundle").problem(), (500, "internal".into()));
    let mut command = binary::command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--trust-bundle-file", &door.path("signed"), "--data-dir"]);
    let output = command.arg(door.path("data")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("malformed"), "{output:?}");
}
