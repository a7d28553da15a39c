//! Keys rotated and withdrawn under a running server.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::time::{Duration, Instant};

use sealcard_tests::binary;
use sealcard_tests::server::Server;
use serde_json::Value;

const DEMO: &str = "/api/public/devcard-demo/qr-session";

/// The server's keys, as the command line lists them: id and state.
fn keys(server: &Server) -> Vec<(String, String)> {
    let run = binary::run(&["keys", "list", "--data-dir", &server.data_dir().display().to_string()]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    let key = |line: &str| {
        let key: Value = serde_json::from_str(line).unwrap();
        (key["keyId"].as_str().unwrap().to_owned(), key["state"].as_str().unwrap().to_owned())
    };
    run.stdout.lines().map(key).collect()
}

/// The ids of the keys that the server publishes.
fn published(server: &Server) -> Vec<String> {
    let jwks = server.get("/.well-known/jwks.json").json();
    let id = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    jwks["keys"].as_array().unwrap().iter().map(id).collect()
}

/// Waits for what a running server does by itself within seconds.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn token(server: &Server) -> String {
    server.get(DEMO).json()["token"].as_str().unwrap().to_owned()
}

fn signer(trust: &str, token: &str) -> Result<String, String> {
    let run = binary::run(&["verify", "--trust", trust, token]);
    if run.status == 0 { Ok(run.json()["keyId"].as_str().unwrap().to_owned()) } else { Err(run.error_code()) }
}

#[test]
fn a_new_key_is_published_before_it_signs_and_the_old_one_s_tokens_live_on() {
    let server = Server::start(&["--demo"]);
    let data_dir = server.data_dir().display().to_string();
    let trust = server.jwks();
    let [(first, state)] = &keys(&server)[..] else { panic!("one key") };
    assert_eq!(state, "signing");
    let old_token = token(&server);

    let rotate = |delay: &str| binary::run(&["keys", "rotate", "--data-dir", &data_dir, "--delay", delay]);
    assert_eq!(rotate("3600").status, 0);
    let next = keys(&server)[1].clone();
    assert_eq!(next.1, "next");
    until("the server publishes the next key", || published(&server) == [first.clone(), next.0.clone()]);
    assert_eq!(signer(&trust, &token(&server)), Ok(first.clone()), "it does not sign yet");
    assert_eq!(rotate("3600").error_code(), "rotation_under_way");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(format!("{data_dir}/signing-key.jwk")).unwrap());
    assert_eq!(mode & 0o777, 0o600);

    // Withdrawn before it has signed: as if it had never been.
    let withdraw = |id: &str| binary::run(&["keys", "withdraw", "--data-dir", &data_dir, id]);
    let told = withdraw(&next.0);
    assert!(told.status == 0 && told.stderr.contains("nothing is lost"), "{}", told.stderr);
    assert_eq!(keys(&server), [(first.clone(), "signing".into())]);
    assert_eq!(withdraw(&next.0).error_code(), "no_such_key");
    assert_eq!(withdraw("-XqL3").error_code(), "no_such_key", "an id may begin so");

    // With no delay, the next token is by the new key, and the old one's goes on to verify.
    assert_eq!(rotate("0").status, 0);
    let second = keys(&server)[1].0.clone();
    until("the server signs with the new key", || signer(&trust, &token(&server)) == Ok(second.clone()));
    assert_eq!(signer(&trust, &old_token), Ok(first.clone()));
    assert_eq!(keys(&server), [(first.clone(), "old".into()), (second.clone(), "signing".into())]);

    // Stolen: gone from the trust file, and with it what it signed; a new key signs.
    let stolen_token = token(&server);
    let told = withdraw(&second);
    assert!(told.stderr.contains("is refused by each verifier from its next fetch on"), "{}", told.stderr);
    until("the stolen key is gone", || !published(&server).contains(&second));
    // With two chances in 256 a key that is left shares its hint, and then the signature tells.
    until("the trust file is written", || {
        signer(&trust, &stolen_token).is_err_and(|code| ["unknown_key", "bad_signature"].contains(&code.as_str()))
    });
    let third = keys(&server).pop().unwrap().0;
    assert!(![first, &second].contains(&&third));
    assert_eq!(signer(&trust, &token(&server)), Ok(third));
    assert_eq!(signer(&trust, &old_token), Ok(first.clone()));
}

#[test]
fn a_damaged_key_file_changes_nothing_and_the_bundle_follows_the_keys() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("root.jwk"), binary::run(&["keygen", "--kind", "root", "--out", &path("root.key")]).stdout)
        .unwrap();
    let server = Server::start(&["--demo", "--root-key-file", &path("root.key")]);
    let data_dir = server.data_dir().display().to_string();
    let verify = |token: &str| {
        std::fs::write(path("bundle"), server.get("/api/trust-bundle").body).unwrap();
        let args =
            ["verify", "--root", &path("root.jwk"), "--trust", &path("bundle"), "--state", &path("state"), token];
        let run = binary::run(&args);
        if run.status == 0 { Ok(run.json()["keyId"].clone()) } else { Err(run.error_code()) }
    };
    let old = token(&server);
    let first = verify(&old).unwrap();
    let key_file = format!("{data_dir}/signing-key.jwk");
    let good = std::fs::read_to_string(&key_file).unwrap();
    std::fs::write(&key_file, "{").unwrap();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(verify(&token(&server)), Ok(first.clone()), "it goes on with the keys that it has");
    std::fs::write(&key_file, good).unwrap();

    assert_eq!(binary::run(&["keys", "rotate", "--data-dir", &data_dir, "--delay", "0"]).status, 0);
    until("a token by the new key, vouched for by the new bundle", || {
        let new = verify(&token(&server));
        new.is_ok_and(|key| key != first)
    });
    assert_eq!(verify(&old), Ok(first));

    // The signing key is stolen while the next one waits: that one signs at once, and the bundle vouches for it.
    let signing = keys(&server).pop().unwrap().0;
    assert_eq!(binary::run(&["keys", "rotate", "--data-dir", &data_dir]).status, 0);
    assert_eq!(binary::run(&["keys", "withdraw", "--data-dir", &data_dir, &signing]).status, 0);
    let (next, state) = keys(&server).pop().unwrap();
    assert_eq!(state, "signing");
    until("the next key signs, and is vouched for", || verify(&token(&server)) == Ok(next.clone().into()));

    // Another root leaves the door's memory as it is.
    std::fs::write(path("other.jwk"), binary::run(&["keygen", "--kind", "root", "--out", &path("other.key")]).stdout)
        .unwrap();
    let state = std::fs::read(path("state")).unwrap();
    let args = ["verify", "--root", &path("other.jwk"), "--state", &path("state"), "-"];
    assert_eq!(binary::run(&args).error_code(), "unknown_key");
    assert_eq!(std::fs::read(path("state")).unwrap(), state);
}

#[test]
fn an_offline_root_vouches_for_each_key_in_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("root.jwk"), binary::run(&["keygen", "--kind", "root", "--out", &path("root.key")]).stdout)
        .unwrap();
    let mut jwk = binary::run(&["keygen", "--out", &path("issuer.key")]).json();
    let profile = r#"{"username":"ada","displayName":"Ada"}"#;
    let token =
        binary::run_with_input(&["issue", "--key", &path("issuer.key"), "--profiles", "-"], profile.as_bytes()).stdout;
    let verdict_of = |keys: &str| {
        let sign = ["trust-bundle", "--root-key", &path("root.key"), "--keys", &path(keys), "--epoch", "1"];
        let signed = binary::run(&sign);
        if signed.status != 0 {
            return signed.error_code();
        }
        std::fs::write(path("bundle"), signed.stdout).unwrap();
        let run = binary::run(&["verify", "--root", &path("root.jwk"), "--trust", &path("bundle"), token.trim_end()]);
        if run.status == 0 { "ok".into() } else { run.error_code() }
    };
    let mut verdict = |nbf: Option<u64>, exp: Option<u64>| {
        (jwk["nbf"], jwk["exp"]) = (nbf.into(), exp.into());
        for (name, json) in [("set", serde_json::json!({ "keys": [jwk] })), ("single", jwk.clone())] {
            std::fs::write(path(name), json.to_string()).unwrap();
        }
        let verdicts = ["set", "single"].map(verdict_of);
        assert_eq!(verdicts[0], verdicts[1]);
        verdicts[0].clone()
    };
    let soon = u64::from(u32::MAX);
    assert_eq!(verdict(None, None), "ok");
    assert_eq!(verdict(Some(1_767_225_600), Some(soon)), "ok");
    assert_eq!(verdict(Some(soon), None), "invalid_trust", "its time ends before it begins");
    assert_eq!(verdict(Some(soon), Some(soon + 9)), "not_permitted");
    assert_eq!(verdict(Some(1_767_225_600), Some(1_767_225_700)), "not_permitted");
    let with = |member: &str, value: Value| {
        let mut jwk = jwk.clone();
        (jwk["nbf"], jwk["exp"], jwk[member]) = (Value::Null, Value::Null, value);
        std::fs::write(path("set"), serde_json::json!({ "keys": [jwk] }).to_string()).unwrap();
        verdict_of("set")
    };
    assert_eq!(with("maxTtl", 600.into()), "ok");
    assert_eq!(with("maxTtl", 599.into()), "not_permitted");
    assert_eq!(with("maxTtl", 0.into()), "invalid_ttl");
    assert_eq!(with("purposes", serde_json::json!(["snapshots"])), "ok");
    assert_eq!(with("purposes", serde_json::json!(["revocation-lists"])), "not_permitted");
    assert_eq!(with("purposes", serde_json::json!([])), "invalid_trust");
    assert_eq!(with("purposes", serde_json::json!(["everything"])), "invalid_trust");
}

/// What is repaired by its mode alone is the same file of the same time.
#[test]
fn a_key_file_that_is_repaired_is_taken() {
    let (folder, elsewhere) = (tempfile::TempDir::new().unwrap(), tempfile::TempDir::new().unwrap());
    let server = Server::start_on(folder.path(), &[]);
    let key_file = folder.path().join("signing-key.jwk");
    let copy = elsewhere.path().join("signing-key.jwk");
    std::fs::copy(&key_file, &copy).unwrap();
    let path = elsewhere.path().display().to_string();
    assert_eq!(binary::run(&["keys", "rotate", "--data-dir", &path]).status, 0);
    let draft = folder.path().join("draft");
    std::fs::copy(&copy, &draft).unwrap();
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::rename(&draft, &key_file).unwrap();
    let refusals = || server.log().matches("the signing keys cannot be read").count();
    until("it is refused", || refusals() == 1);
    assert_eq!(published(&server).len(), 1);
    std::fs::set_permissions(&key_file, std::fs::Permissions::from_mode(0o600)).unwrap();
    until("it is taken", || published(&server).len() == 2);
    assert_eq!(refusals(), 1, "said once");
}

/// The operator may be root, and the server somebody else: the files stay the server's.
#[test]
fn whoever_rotates_the_files_stay_whose_they_were() {
    let folder = tempfile::TempDir::new().unwrap();
    let data_dir = folder.path().join("data");
    let path = data_dir.display().to_string();
    assert!(Server::start_on(&data_dir, &[]).stop().success());
    let root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    // Nobody's, as far as we know.
    let owner = if root { 54_321 } else { std::fs::metadata(&data_dir).unwrap().uid() };
    if root {
        let _ = std::fs::remove_file(data_dir.join("signing-key.jwk.lock"));
        for entry in std::fs::read_dir(&data_dir).unwrap() {
            chown(entry.unwrap().path(), Some(owner), Some(owner)).unwrap();
        }
        chown(&data_dir, Some(owner), Some(owner)).unwrap();
    }
    assert_eq!(binary::run(&["keys", "rotate", "--data-dir", &path]).status, 0);
    for file in ["signing-key.jwk", "signing-key.jwk.lock"] {
        assert_eq!(std::fs::metadata(data_dir.join(file)).unwrap().uid(), owner, "{file}");
    }
}
