//! The server's key file and data directory, in every bad state.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use sealcard_tests::binary::{Run, command, run};
use sealcard_tests::server::Server;

fn serve(data_dir: &Path) -> Run {
    let dir = data_dir.to_str().unwrap();
    run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", dir])
}

/// A data directory that a server has used.
fn used() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(Server::start_on(folder.path(), &[]).stop().success());
    folder
}

#[test]
fn the_first_start_makes_a_private_key() {
    let folder = used();
    let mode = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("signing-key.jwk"), 0o600);
    let jwks = std::fs::read_to_string(folder.path().join("jwks.json")).unwrap();
    assert!(!jwks.contains("\"d\""), "the private half stays private");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = used();
    let key = folder.path().join("signing-key.jwk");
    for mode in [0o640, 0o604, 0o644, 0o620] {
        std::fs::set_permissions(&key, PermissionsExt::from_mode(mode)).unwrap();
        let refused = serve(folder.path());
        assert_eq!(refused.error_code(), "key_file_permissions");
        assert!(refused.stderr.contains("chmod 600"), "{}", refused.stderr);
    }
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    Server::start_on(folder.path(), &[]);
}

#[test]
fn a_damaged_key_is_refused_and_left_as_it_is() {
    let folder = used();
    let key = folder.path().join("signing-key.jwk");
    let whole = std::fs::read(&key).unwrap();
    for damaged in [&b""[..], b"\xff\xff", b"{}", &whole[..whole.len() / 2]] {
        std::fs::write(&key, damaged).unwrap();
        assert_eq!(serve(folder.path()).error_code(), "invalid_key");
        assert_eq!(std::fs::read(&key).unwrap(), damaged, "never overwritten");
    }
    std::fs::write(&key, &whole).unwrap();
    Server::start_on(folder.path(), &[]);
}

#[test]
fn a_missing_key_is_not_silently_replaced() {
    let folder = used();
    let key = folder.path().join("signing-key.jwk");
    std::fs::remove_file(&key).unwrap();
    let refused = serve(folder.path());
    assert_eq!(refused.error_code(), "signing_key_missing");
    assert!(!key.exists());
    std::fs::remove_file(folder.path().join("signing-key.public.jwk")).unwrap();
    Server::start_on(folder.path(), &[]);
    assert!(key.exists());
}

#[test]
fn a_key_file_of_one_s_own_must_exist() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("issuer.key").display().to_string();
    let dir = folder.path().join("data").display().to_string();
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", &dir, "--signing-key-file", &key];
    assert_eq!(run(&args).error_code(), "io");
    let jwk = run(&["keygen", "--out", &key]).json();
    let server = Server::start(&["--signing-key-file", &key]);
    assert_eq!(server.get("/.well-known/jwks.json").json()["keys"][0]["kid"], jwk["kid"]);
}

#[test]
fn a_key_file_of_one_s_own_leaves_the_folder_s_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("issuer.key").display().to_string();
    run(&["keygen", "--out", &key]).json();
    let data = folder.path().join("data");
    assert!(Server::start_on(&data, &["--signing-key-file", &key]).stop().success());
    assert!(Server::start_on(&data, &[]).stop().success(), "there never was a key of its own");
    assert!(data.join("signing-key.jwk").exists());
}

#[test]
fn two_servers_on_one_data_directory_see_each_other_s_changes() {
    let one = Server::start(&[]);
    let other = Server::start_on(one.data_dir(), &[]);
    let token = one.sign_up("ada");
    assert_eq!(other.get("/api/public/ada").header("x-cache"), "MISS");
    // It forgets it once more when it reads that ada has signed up.
    other.wait_until("it is kept", |other| other.get("/api/public/ada").header("x-cache") == "HIT");
    let change = serde_json::json!({ "displayName": "Ada Lovelace" });
    assert_eq!(one.request("PUT", "/api/profiles/me", Some(&token), Some(&change)).status, 200);
    assert_eq!(one.get("/api/public/ada").json()["displayName"], "Ada Lovelace", "at once");
    // The bound that docs/CACHING.md states, for servers that have nothing but the database in common.
    let changed = Instant::now();
    loop {
        let asked = changed.elapsed();
        if other.get("/api/public/ada").json()["displayName"] == "Ada Lovelace" {
            break;
        }
        assert!(asked < Duration::from_secs(3), "never later than this: {asked:?}");
    }
}

#[test]
fn the_database_is_private_in_a_folder_that_is_not() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let server = Server::start_on(folder.path(), &[]);
    server.sign_up("ada");
    for name in ["sealcard.db", "sealcard.db-wal", "sealcard.db-shm"] {
        let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
}

#[test]
fn a_taken_port_is_refused_before_anything_is_touched() {
    let server = Server::start(&[]);
    let address = server.base.strip_prefix("http://").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let untouched = folder.path().join("data");
    let refused = run(&["serve", "--listen", address, "--data-dir", untouched.to_str().unwrap()]);
    assert_eq!(refused.error_code(), "address_in_use");
    assert!(refused.stderr.contains("--listen"), "{}", refused.stderr);
    assert!(!untouched.exists());
}

#[test]
fn settings_come_from_flag_then_environment_then_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("sealcard.toml");
    std::fs::write(&config, "issuer = \"File\"\n").unwrap();
    let issuer = |flag: Option<&str>, environment: Option<&str>| {
        let data_dir = tempfile::tempdir().unwrap();
        let mut command = command();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir.path());
        command.env("SEALCARD_CONFIG", &config).args(flag);
        if let Some(name) = environment {
            command.env("SEALCARD_ISSUER", name);
        }
        let server = Server::start_command(command, data_dir.path());
        server.get("/.well-known/jwks.json").json()["keys"][0]["iss"].as_str().unwrap().to_owned()
    };
    assert_eq!(issuer(None, None), "File");
    assert_eq!(issuer(None, Some("Environment")), "Environment");
    assert_eq!(issuer(Some("--issuer=Flag"), Some("Environment")), "Flag");
    std::fs::write(&config, "isuer = \"File\"\n").unwrap();
    let refused = run(&["serve", "--config", config.to_str().unwrap()]);
    assert_eq!(refused.error_code(), "invalid_settings");
    assert!(refused.stderr.contains("isuer"), "{}", refused.stderr);
    for log in ["in=fo=x", "loud", "info,loud"] {
        assert_eq!(run(&["serve", "--log", log]).error_code(), "invalid_settings", "{log}");
    }
    for listen in ["8080", "localhost", "nonsense:port"] {
        assert_ne!(run(&["serve", "--listen", listen]).status, 0, "{listen}");
    }
    assert_eq!(run(&["serve", "--issuer", "\u{202e}"]).error_code(), "invalid_settings");
}

#[test]
fn the_example_environment_lists_every_setting_and_is_accepted() {
    let example = include_str!("../../../.env.example");
    let lines = example.lines().map(|line| line.strip_prefix('#').unwrap_or(line));
    let is_setting = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    let settings: Vec<_> = lines.filter_map(|line| line.split_once('=')).filter(|(name, _)| is_setting(name)).collect();

    let help = run(&["serve", "--help"]).stdout;
    let in_help: Vec<_> =
        help.split("[env:").skip(1).map(|rest| rest.trim_start().split(['=', ']']).next().unwrap()).collect();
    let in_example: Vec<_> = settings.iter().map(|(name, _)| *name).collect();
    assert_eq!(in_example, in_help);

    let container = concat!(include_str!("../../../compose.yaml"), include_str!("../../../Containerfile"));
    let words = container.split(|c: char| !(c.is_ascii_uppercase() || c == '_'));
    let settings_in_container: Vec<_> =
        words.filter(|word| ["SEALCARD_", "REDIS_", "DATABASE_", "APP_"].iter().any(|p| word.starts_with(p))).collect();
    assert!(settings_in_container.len() >= 5, "{settings_in_container:?}");
    for name in settings_in_container {
        assert!(in_help.contains(&name), "{name} is no setting");
    }

    let folder = tempfile::tempdir().unwrap();
    let mut command = command();
    for (name, value) in settings.iter().filter(|(_, value)| !value.starts_with("/etc/")) {
        command.env(name, value);
    }
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path());
    Server::start_command(command, folder.path());
}
