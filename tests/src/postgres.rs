//! A throw-away PostgreSQL server, one for all the tests of a process.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::ports::free_port;
use crate::relay::Relay;

/// Makes a cluster in `$1` and serves it on port `$2` until standard input ends, which it does when the tests do,
/// however they end. PostgreSQL refuses to run as root, so root becomes the user `postgres`.
const SCRIPT: &str = r#"
set -eu
as() { if [ "$(id -u)" = 0 ]; then exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"; else exec "$@"; fi; }
if [ "$(id -u)" = 0 ]; then chown postgres "$1"; fi
(as "$3/initdb" -D "$1/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 --no-sync) >/dev/null
(as "$3/postgres" -D "$1/data" -k "$1" -p "$2" -c listen_addresses=127.0.0.1 -c fsync=off -c log_min_messages=fatal) &
cat >/dev/null
kill -INT $!
wait
rm -rf "$1"
"#;

struct Postgres {
    port: u16,
    _shell: Child,
}

/// A new empty database: its `postgres://` address.
pub fn database() -> String {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let server = SERVER.get_or_init(start);
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let url = |name: &str| format!("postgres://postgres@127.0.0.1:{}/{name}", server.port);
    execute(&url("postgres"), &format!("CREATE DATABASE {name}"));
    url(&name)
}

/// A new database that can be taken away: what stands before it, and its address.
pub fn away_able() -> (Relay, String) {
    let url = database();
    let (before, rest) = url.split_once("127.0.0.1:").expect("its own address");
    let (port, name) = rest.split_once('/').expect("a name");
    let relay = Relay::to(port.parse().expect("a port"));
    let url = format!("{before}127.0.0.1:{}/{name}", relay.port);
    (relay, url)
}

/// Runs SQL on a database.
pub fn execute(url: &str, sql: &str) {
    let done = Command::new(bin_folder().join("psql")).args(["-q", "-c", sql, url]).status().expect("psql runs");
    assert!(done.success(), "{sql}");
}

/// What a query says, as text.
pub fn query(url: &str, sql: &str) -> String {
    let output = Command::new(bin_folder().join("psql")).args(["-qAt", "-c", sql, url]).output().expect("psql runs");
    assert!(output.status.success(), "{sql}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

#[expect(clippy::zombie_processes, reason = "the shell ends with the tests, whatever they do")]
fn start() -> Postgres {
    let bin = bin_folder();
    let folder = tempfile::Builder::new().prefix("sealcard-pg-").tempdir().expect("a temporary folder").keep();
    let port = free_port();
    let shell = Command::new("sh")
        .args(["-c", SCRIPT, "sh"])
        .arg(&folder)
        .arg(port.to_string())
        .arg(&bin)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("sh runs");
    let began = Instant::now();
    loop {
        let ready = Command::new(bin.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status()
            .expect("pg_isready runs");
        if ready.success() {
            return Postgres { port, _shell: shell };
        }
        assert!(began.elapsed() < Duration::from_secs(30), "PostgreSQL does not start");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn bin_folder() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.retain(|folder| folder.join("initdb").exists());
    folders.sort();
    folders.pop().expect("PostgreSQL is missing: run scripts/test, or apt-get install postgresql")
}
