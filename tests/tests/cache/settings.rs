//! Switches, lives, and `sealcard warm`.

use sealcard_tests::binary;

use sealcard_tests::site::{Backend, Site};

const DEMO: &str = "/api/public/devcard-demo";

#[test]
fn switched_off_everything_answers_the_same() {
    let site = Site::single();
    let server = site.server();
    let (_, profile) = server.lookup(DEMO);
    drop(server);
    for args in [["--no-cache"].as_slice(), &["--cache", "off"], &["--cache", "profile=off"]] {
        let server = site.server_with(args, &[]);
        for _ in 0..2 {
            assert_eq!(server.lookup(DEMO), ("BYPASS".into(), profile.clone()), "{args:?}");
        }
        assert!(server.metric("cache_bypassed_total{resource=\"profile\"}") >= 2);
        let expected = if args == ["--cache", "profile=off"] { "MISS" } else { "BYPASS" };
        assert_eq!(server.get("/api/revocations").header("x-cache"), expected, "{args:?}");
        site.backend.cli(&["flushall"]);
    }
}

#[test]
fn a_life_is_what_the_settings_say() {
    let site = Site::single();
    let server = site.server_with(&["--cache", "profile=86400,revocations=7"], &[]);
    server.lookup(DEMO);
    server.get("/api/revocations");
    let ttl = |key: &str| site.backend.cli(&["ttl", key]).parse::<u32>().unwrap();
    assert!((86_395..=86_400).contains(&ttl("profile:devcard-demo")));
    assert!((1..=7).contains(&ttl("api:GET:/api/revocations")));
}

#[test]
fn wrong_settings_are_refused_with_what_to_do() {
    let refused = |args: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().to_str().unwrap();
        let run = binary::run(&[&["serve", "--listen", "127.0.0.1:0", "--data-dir", dir], args].concat());
        assert_eq!(run.error_code(), "invalid_settings", "{}", run.stderr);
        run.stderr
    };
    assert!(refused(&["--cache", "profil=3"]).contains("profile, dashboard, revocations"));
    assert!(refused(&["--cache", "profile=86401"]).contains("1 to 86400"));
    assert!(refused(&["--cache", "profile=0"]).contains("1 to 86400"));
    assert!(refused(&["--cache", "perhaps"]).contains("on, off"));
    assert!(refused(&["--redis-url", "localhost"]).contains("redis://"));
    assert!(refused(&["--app-env", "staging"]).contains("production"));
    assert!(!refused(&["--redis-url", "http://user:secret@host"]).contains("secret"));
}

/// COR-2.
#[test]
fn the_settings_that_hold_are_shown_without_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let print = |args: &[&str], environment: &[(&str, &str)]| {
        let mut command = binary::command();
        command.args(["serve", "--print-config", "--data-dir"]).arg(&data).args(args).envs(environment.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let environment = [
        ("DATABASE_URL", "postgres://ada:secret@db/cards"),
        ("REDIS_URL", "redis://ada:secret@one,redis://:secret@two:7000"),
        ("REDIS_PASSWORD", "secret"),
    ];
    let shown = print(&["--no-cache", "--redis-timeout-ms", "50"], &environment);
    assert!(!shown.contains("secret"), "{shown}");
    for line in [
        "database-url = \"postgres://ada:***@db/cards\"",
        "redis-url = \"redis://ada:***@one,redis://:***@two:7000\"",
        "redis-password = \"***\"",
        "redis-timeout-ms = 50",
        "redis-max-pause-ms = 3000",
        "cache = \"off\"",
        "listen = \"127.0.0.1:8080\"",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
    let file = folder.path().join("sealcard.toml");
    std::fs::write(&file, &shown).unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let run = binary::run(&[["serve", "--print-config"], config].concat());
    assert_eq!(run.error_code(), "invalid_settings", "no password is ***");
    std::fs::write(&file, shown.replace("***", "secret")).unwrap();
    assert_eq!(print(&config, &[]), shown, "it is a file of settings");
    assert!(!data.exists(), "nothing was done");
}

/// INV-12.
#[test]
fn a_warmed_redis_answers_the_first_visitor() {
    let site = Site::single();
    let server = site.server();
    for index in 0..30 {
        server.sign_up(&format!("user{index:02}"));
    }
    site.backend.cli(&["flushall"]);
    let warm = |args: &[&str]| {
        let mut command = binary::command();
        command.args(["warm", "--data-dir"]).arg(server.data_dir()).args(args).env("REDIS_URL", site.backend.url());
        command.env("SEALCARD_REDIS_TIMEOUT_MS", "5000");
        binary::Run::from(command.output().unwrap())
    };
    let run = warm(&["--limit", "10"]);
    assert!(run.stdout.starts_with("10 profiles in Redis, 10 of them new, "), "{} {}", run.stdout, run.stderr);
    // Servers look after these.
    site.backend.cli(&["set", "qr-service:scan-count:menu", "5"]);
    let run = warm(&[]);
    assert_eq!(site.backend.cli(&["get", "qr-service:scan-count:menu"]), "5");
    assert!(run.stdout.starts_with("31 profiles in Redis, 21 of them new, "), "{} {}", run.stdout, run.stderr);
    assert_eq!(server.lookup("/api/public/user29").0, "HIT");
    assert_eq!(server.lookup(DEMO).0, "HIT");

    // In another folder than the server's there is nobody to be found, and nothing is made.
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = binary::command();
    command.args(["warm", "--data-dir"]).arg(elsewhere.path().join("data")).env("REDIS_URL", site.backend.url());
    let run = binary::Run::from(command.output().unwrap());
    assert_eq!((run.status, run.error_code().as_str()), (1, "invalid_settings"), "{}", run.stderr);
    assert!(std::fs::read_dir(elsewhere.path()).unwrap().next().is_none());
    let run = binary::run(&["warm", "--data-dir", server.data_dir().to_str().unwrap()]);
    assert_eq!(run.error_code(), "invalid_settings");
    assert!(run.stderr.contains("REDIS_URL"));
    let Backend::Single(redis) = &site.backend else { unreachable!() };
    assert!(redis.cli(&["info", "clients"]).contains("connected_clients:2"), "warm has left");
}

#[test]
fn migrate_makes_the_tables_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    for _ in 0..2 {
        let run = binary::run(&["migrate", "--data-dir", dir]);
        assert_eq!((run.status, run.stdout.as_str()), (0, "the database is up to date\n"), "{}", run.stderr);
    }
    assert!(folder.path().join("sealcard.db").exists());
    assert!(!folder.path().join("signing-key.jwk").exists());
}
