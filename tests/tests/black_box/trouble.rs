//! A database that is locked, read-only, full or gone: clear errors, and nothing lost.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use sealcard_tests::binary;
use sealcard_tests::server::{Answer, Server};
use serde_json::json;
use sqlx::Connection as _;
use sqlx::PgConnection;
use sqlx::sqlite::SqliteConnection;

/// Runs `sealcard serve` with the folder mounted by `mount` in a mount namespace of its own, as root or as anyone.
fn serve_on_mount(data_dir: &Path, mount: &str) -> Command {
    let script = format!("set -e; {mount}; exec \"$@\"");
    let real = binary::command();
    let mut command = Command::new("unshare");
    for (name, value) in real.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh"]).arg(real.get_program());
    command.args(["serve", "--demo", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
    command.env("DIR", data_dir);
    command
}

fn change_bio(server: &Server, token: &str, bio: &str) -> Answer {
    server.request("PUT", "/api/profiles/me", Some(token), Some(&json!({ "bio": bio })))
}

#[test]
fn while_another_program_locks_the_database_reads_go_on_and_writes_may_be_tried_again() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let file = format!("sqlite://{}", server.data_dir().join("sealcard.db").display());
    let mut other = runtime.block_on(SqliteConnection::connect(&file)).unwrap();
    runtime.block_on(sqlx::query("BEGIN IMMEDIATE").execute(&mut other)).unwrap();

    assert_eq!(server.get("/api/public/ada").status, 200);
    let began = Instant::now();
    let refused = change_bio(&server, &token, "Locked");
    assert_eq!(refused.problem(), (503, "unavailable".into()));
    assert_eq!(refused.header("retry-after"), "2");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert!(!String::from_utf8(refused.body).unwrap().contains("lock"), "nothing internal leaks");

    runtime.block_on(sqlx::query("ROLLBACK").execute(&mut other)).unwrap();
    assert_eq!(change_bio(&server, &token, "Free").status, 200);
    assert_eq!(server.get("/api/public/ada").json()["bio"], "Free");
}

#[test]
fn a_read_only_database_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Server::start_on(folder.path(), &["--demo"]).stop().success());
    let database = folder.path().join("sealcard.db");
    let before = std::fs::read(&database).unwrap();
    for read_only in ["$DIR/sealcard.db", "$DIR"] {
        let mount = format!("mount --bind \"{read_only}\" \"{read_only}\"; mount -o remount,ro,bind \"{read_only}\"");
        let run = binary::Run::from(serve_on_mount(folder.path(), &mount).output().unwrap());
        assert_eq!((run.status, run.error_code().as_str()), (1, "database_unavailable"), "{}", run.stderr);
        assert!(run.stderr.to_lowercase().contains("read"), "{}", run.stderr);
    }
    assert_eq!(std::fs::read(&database).unwrap(), before);
}

#[test]
fn on_a_full_disk_reads_go_on_and_what_was_acknowledged_stays() {
    let folder = tempfile::tempdir().unwrap();
    let command = serve_on_mount(folder.path(), "mount -t tmpfs -o size=1500k tmpfs \"$DIR\"");
    let server = Server::start_command(command, folder.path());
    let token = server.sign_up("ada");
    assert_eq!(change_bio(&server, &token, "Before").status, 200);
    let mut number = 0;
    let refused = loop {
        let account = json!({
            "username": format!("user-{number}"), "password": "correct horse", "displayName": "x".repeat(100)
        });
        let answer = server.request("POST", "/api/accounts", None, Some(&account));
        if answer.status != 201 {
            break answer;
        }
        number += 1;
        assert!(number < 20_000, "the disk does not fill");
    };
    assert_eq!(refused.problem(), (503, "unavailable".into()));
    for number in 0..number {
        assert_eq!(server.get(&format!("/api/public/user-{number}")).status, 200);
    }
    assert_eq!(server.get("/api/public/ada").json()["bio"], "Before");
    assert_eq!(server.get("/api/public/devcard-demo/qr-session").status, 200);
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_database_that_cannot_be_reached_or_read_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let start = |url: &str| {
        let dir = folder.path().to_str().unwrap();
        binary::run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--database-url", url])
    };
    let unreachable = start("postgres://sealcard:secret@127.0.0.1:1/sealcard");
    assert_eq!(unreachable.error_code(), "database_unavailable");
    assert!(unreachable.stderr.contains("--database-url: "), "{}", unreachable.stderr);
    assert!(!unreachable.stderr.contains("secret"), "{}", unreachable.stderr);
    assert_eq!(start("sqlite:///nowhere/sealcard.db").error_code(), "database_unavailable");
    assert_eq!(start("mysql://localhost/x").error_code(), "invalid_settings");
    let garbage = folder.path().join("garbage.db");
    std::fs::write(&garbage, "this is not a database, but long enough to be taken for one".repeat(100)).unwrap();
    assert_eq!(start(&format!("sqlite://{}", garbage.display())).error_code(), "database");
}

#[test]
fn a_token_file_that_is_not_there_or_too_short_is_refused_by_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("operator");
    let start = || {
        let (dir, file) = (folder.path().to_str().unwrap(), token.to_str().unwrap());
        binary::run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--admin-token-file", file])
    };
    let refused = |code: &str| {
        let run = start();
        assert_eq!((run.status, run.error_code().as_str()), (1, code), "{}", run.stderr);
        assert!(run.stderr.contains("--admin-token-file: "), "{}", run.stderr);
    };
    refused("io");
    std::fs::write(&token, "t".repeat(31)).unwrap();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    refused("key_file_permissions");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    refused("invalid_settings");
    std::fs::write(&token, "t".repeat(32)).unwrap();
    let (dir, file) = (folder.path(), token.to_str().unwrap());
    assert_eq!(Server::start_on(dir, &["--admin-token-file", file]).get("/health").status, 200);
}

/// The client hangs up while its change waits for a row that another program has locked; then the lock goes, and the
/// change is committed although nobody waits for its answer.
#[test]
fn a_change_whose_client_has_gone_still_clears_the_cache() {
    let database = sealcard_tests::postgres::database();
    let server = Server::start(&["--database-url", &database]);
    let token = server.sign_up("ada");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut other = runtime.block_on(PgConnection::connect(&database)).unwrap();
    runtime.block_on(sqlx::query("BEGIN").execute(&mut other)).unwrap();
    runtime.block_on(sqlx::query("SELECT id FROM accounts FOR UPDATE").execute(&mut other)).unwrap();
    assert_eq!(server.get("/api/public/ada").json()["bio"], serde_json::Value::Null);

    let body = json!({ "bio": "Changed" }).to_string();
    let mut stream = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
    let head = format!(
        "PUT /api/profiles/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: \
         application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Asked on a connection of its own: within a transaction the statistics stand still.
    let mut observer = runtime.block_on(PgConnection::connect(&database)).unwrap();
    let began = Instant::now();
    loop {
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let waiting: i64 = runtime.block_on(sqlx::query_scalar(waiting).fetch_one(&mut observer)).unwrap();
        if waiting > 0 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "the change does not wait for the lock");
    }
    drop(stream);
    runtime.block_on(sqlx::query("ROLLBACK").execute(&mut other)).unwrap();

    let began = Instant::now();
    while server.get("/api/public/ada").json()["bio"] != "Changed" {
        assert!(began.elapsed() < Duration::from_secs(10), "the old value is still served");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    binary::run(&["keygen", "--out", &path("issuer.key")]).json();
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for args in [
        vec!["keygen".into(), "--out".into(), path("other.key")],
        vec!["qr".into(), "SC1:".into()],
        vec!["serve".into(), "--listen".into(), "127.0.0.1:0".into(), "--data-dir".into(), path("data")],
    ] {
        let output = binary::command().args(&args).stdout(full()).output().unwrap();
        let run = binary::Run::from(output);
        assert_eq!((run.status, run.error_code().as_str()), (1, "io"), "{args:?}");
    }
}
