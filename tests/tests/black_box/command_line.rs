//! `keygen`, `issue`, `verify` and `inspect`: good input, bad input, exit codes.

use std::path::{Path, PathBuf};

use sealcard_tests::binary::{run, run_with_input};
use serde_json::{Value, json};

/// A folder with an issuer's key files.
struct Issuer {
    folder: tempfile::TempDir,
}

impl Issuer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Self { folder };
        let jwk = run(&["keygen", "--out", &issuer.key(), "--issuer", "RustConf"]).json();
        std::fs::write(issuer.path("trust.json"), json!({ "keys": [jwk] }).to_string()).unwrap();
        issuer
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn key(&self) -> String {
        self.path("issuer.key").display().to_string()
    }

    fn trust(&self) -> String {
        self.path("trust.json").display().to_string()
    }

    fn issue(&self, profile: &Value) -> String {
        self.issue_with(profile, &[])
    }

    fn issue_with(&self, profile: &Value, more: &[&str]) -> String {
        let key = self.key();
        let args = [&["issue", "--key", &key, "--profiles", "-"], more].concat();
        let run = run_with_input(&args, profile.to_string().as_bytes());
        assert_eq!(run.status, 0, "{}", run.stderr);
        run.stdout.trim_end().to_owned()
    }

    fn try_issue(&self, json: &[u8]) -> sealcard_tests::binary::Run {
        run_with_input(&["issue", "--key", &self.key(), "--profiles", "-"], json)
    }

    fn verify_code(&self, text: &str) -> String {
        let run = run(&["verify", "--trust", &self.trust(), text]);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""));
        run.error_code()
    }
}

fn ada() -> Value {
    json!({
        "username": "ada", "displayName": "Ada Lovelace", "bio": "First of all.", "pronouns": null, "role": "Analyst",
        "company": null, "avatarUrl": null, "accentColor": "#6366f1",
        "links": [{ "platform": "github", "username": "ada", "url": "https://github.com/ada" }]
    })
}

fn unix_seconds(iso8601: &Value) -> u64 {
    let output = std::process::Command::new("date").args(["-d", iso8601.as_str().unwrap(), "+%s"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

#[test]
fn an_issued_profile_comes_back_from_verifying() {
    let issuer = Issuer::new();
    let verdict = run(&["verify", "--trust", &issuer.trust(), &issuer.issue(&ada())]).json();
    assert_eq!(verdict["profile"], ada());
    assert_eq!(verdict["issuer"], "RustConf");
    assert_eq!(verdict["revocation"], "unknown");
    let trust: Value = serde_json::from_str(&std::fs::read_to_string(issuer.trust()).unwrap()).unwrap();
    assert_eq!(verdict["keyId"], trust["keys"][0]["kid"]);
    let life = unix_seconds(&verdict["expiresAt"]) - unix_seconds(&verdict["issuedAt"]);
    assert_eq!(life, 600);
}

#[test]
fn lines_in_are_lines_out_in_their_order() {
    let issuer = Issuer::new();
    let names = ["Ada", "Загадка", "名前"];
    let lines: Vec<_> =
        names.iter().map(|name| json!({ "username": "ada", "displayName": name }).to_string()).collect();
    let issued = issuer.try_issue(lines.join("\n").as_bytes());
    assert_eq!(issued.stdout.lines().count(), 3);

    let input = format!("{}garbage\n", issued.stdout);
    let verified = run_with_input(&["verify", "--trust", &issuer.trust(), "-"], input.as_bytes());
    assert_eq!((verified.status, verified.error_code()), (1, "malformed".into()));
    let verdicts: Vec<Value> = verified.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let shown: Vec<_> = verdicts.iter().map(|verdict| verdict["profile"]["displayName"].as_str()).collect();
    assert_eq!(shown, [Some("Ada"), Some("Загадка"), Some("名前"), None]);
    assert_eq!(verdicts[3]["error"]["code"], "malformed");
}

#[test]
fn an_unknown_platform_survives_as_text() {
    let issuer = Issuer::new();
    let mut profile = ada();
    profile["links"] = json!([
        { "platform": "someNewThing", "username": "ada", "url": "https://new.example/ada" },
        { "platform": "Нечто", "username": "ада", "url": null },
    ]);
    assert_eq!(run(&["verify", "--trust", &issuer.trust(), &issuer.issue(&profile)]).json()["profile"], profile);
}

#[test]
fn a_changed_character_anywhere_is_refused() {
    let issuer = Issuer::new();
    let text = issuer.issue(&ada());
    let changed = |at: usize| {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let lines: Vec<_> = (0..text.len()).map(changed).collect();
    let verified = run_with_input(&["verify", "--trust", &issuer.trust(), "-"], lines.join("\n").as_bytes());
    assert_eq!(verified.status, 1);
    assert_eq!(verified.stdout.lines().count(), text.len());
    for line in verified.stdout.lines() {
        let verdict: Value = serde_json::from_str(line).unwrap();
        let code = verdict["error"]["code"].as_str().unwrap();
        assert!(["malformed", "unsupported_version", "unknown_key", "bad_signature"].contains(&code), "{line}");
    }
    // Near the end only the signature is touched.
    assert_eq!(issuer.verify_code(&changed(text.len() - 10)), "bad_signature");
}

#[test]
fn text_that_is_no_token_is_malformed() {
    let issuer = Issuer::new();
    let text = issuer.issue(&ada());
    let body = text.len() - "SC1:".len();
    // Base45 is cut in groups of three characters; one left over is no group.
    let cut = |rest: usize| &text[..text.len() - (body - rest) % 3 - 3];
    for bad in [
        "",
        "SC1:",
        "hello",
        "é",
        "\u{202e}",
        cut(1),
        &text[1..],
        &text.to_lowercase(),
        &format!(" {text}"),
        &format!("{text}\n"),
        &"SC1:0".repeat(2048),
        &"A".repeat(10_240),
    ] {
        assert_eq!(issuer.verify_code(bad), "malformed", "{bad}");
    }
    for longer_or_shorter in [cut(0).to_owned(), format!("{text} "), format!("{text}000")] {
        let code = issuer.verify_code(&longer_or_shorter);
        assert!(code == "bad_signature" || code == "malformed", "{code}: {longer_or_shorter}");
    }
    let not_utf8 = run_with_input(&["verify", "--trust", &issuer.trust(), "-"], b"\xff\xfe\n");
    assert_eq!(not_utf8.error_code(), "malformed");
    let endless = run_with_input(&["verify", "--trust", &issuer.trust(), "-"], &vec![b'A'; 5_000_000]);
    assert_eq!((endless.error_code().as_str(), endless.stdout.lines().count()), ("malformed", 1));
}

#[test]
fn no_input_at_all_is_not_success() {
    let issuer = Issuer::new();
    assert_eq!(run(&["verify", "--trust", &issuer.trust(), "-"]).error_code(), "malformed");
    assert_eq!(run(&["qr", "-"]).error_code(), "malformed");
    assert_eq!(run(&["inspect", "-"]).error_code(), "malformed");
}

#[test]
fn a_wrong_paste_gets_a_hint() {
    let issuer = Issuer::new();
    let text = issuer.issue(&ada());
    for (pasted, hint) in [
        (format!("{{\"token\":\"{text}\"}}"), "JSON"),
        ("eyJhbGciOiJFZERTQSJ9.e30.AA".into(), "JWT"),
        (format!("QR-Code:{text}"), "QR-Code:"),
        (format!(" {text}"), "spaces"),
        (text.to_lowercase(), "capitals"),
        (issuer.trust(), "file"),
    ] {
        let refused = run(&["verify", "--trust", &issuer.trust(), &pasted]);
        assert_eq!(refused.error_code(), "malformed");
        assert!(refused.stderr.contains(hint), "{}", refused.stderr);
    }
}

#[test]
fn another_issuer_s_token_is_refused() {
    let (one, other) = (Issuer::new(), Issuer::new());
    // With one chance in 256 the two keys share their hint, and then the signature tells.
    let code = one.verify_code(&other.issue(&ada()));
    assert!(code == "unknown_key" || code == "bad_signature", "{code}");
}

#[test]
fn time_is_checked_to_the_second() {
    let issuer = Issuer::new();
    let text = issuer.issue(&ada());
    let verdict = run(&["verify", "--trust", &issuer.trust(), &text]).json();
    let (from, to) = (unix_seconds(&verdict["issuedAt"]), unix_seconds(&verdict["expiresAt"]));
    let check = |leeway: &str, now: u64| {
        let run = run(&["verify", "--trust", &issuer.trust(), "--leeway", leeway, "--now", &now.to_string(), &text]);
        if run.status == 0 { "ok".into() } else { run.error_code() }
    };
    for (leeway, now, outcome) in [
        ("60", from - 61, "not_yet_valid"),
        ("60", from - 60, "ok"),
        ("60", to + 60, "ok"),
        ("60", to + 61, "expired"),
        ("0", from - 1, "not_yet_valid"),
        ("0", from, "ok"),
        ("0", to, "ok"),
        ("0", to + 1, "expired"),
        ("60", 0, "not_yet_valid"),
        ("60", u64::MAX, "expired"),
    ] {
        assert_eq!(check(leeway, now), outcome, "leeway {leeway}, now {now}");
    }
    let default = run(&["verify", "--trust", &issuer.trust(), "--now", &(to + 61).to_string(), &text]);
    assert_eq!(default.error_code(), "expired");
}

#[test]
fn a_bad_trust_file_is_refused_with_its_reason() {
    let issuer = Issuer::new();
    let text = issuer.issue(&ada());
    let trust: Value = serde_json::from_str(&std::fs::read_to_string(issuer.trust()).unwrap()).unwrap();
    let with = |member: &str, value: Value| {
        let mut trust = trust.clone();
        trust["keys"][0][member] = value;
        trust.to_string()
    };
    let private = std::fs::read_to_string(issuer.key()).unwrap();
    let d = serde_json::from_str::<Value>(&private).unwrap()["d"].clone();
    for (content, code) in [
        (String::new(), "invalid_trust"),
        ("not json".into(), "invalid_trust"),
        ("{\"keys\":[]}".into(), "invalid_trust"),
        (with("kty", json!("RSA")), "invalid_trust"),
        (with("use", json!("enc")), "invalid_trust"),
        (with("d", d), "invalid_trust"),
        (json!({ "keys": [trust["keys"][0], trust["keys"][0]] }).to_string(), "invalid_trust"),
        (with("x", json!("AA")), "invalid_key"),
        (with("x", json!(null)), "invalid_key"),
        (with("x", json!("not base64url!")), "invalid_key"),
        // The neutral element; its non-canonical twin; 2, which is no point.
        (with("x", json!("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), "weak_key"),
        (with("x", json!("7v_______________________________________38")), "weak_key"),
        (with("x", json!("AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), "invalid_key"),
        (with("iss", json!("\u{202e}Evil")), "invalid_key"),
    ] {
        let file = issuer.path("bad.json");
        std::fs::write(&file, &content).unwrap();
        let run = run(&["verify", "--trust", file.to_str().unwrap(), &text]);
        assert_eq!((run.status, run.error_code().as_str()), (1, code), "{content}");
    }
    assert_eq!(run(&["verify", "--trust", "/nowhere", &text]).error_code(), "io");
    assert_eq!(run(&["verify", "--trust", "/dev/zero", &text]).error_code(), "io");
}

#[test]
fn a_single_jwk_is_a_trust_file_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let jwk = run(&["keygen", "--out", &path("key")]).stdout;
    std::fs::write(path("jwk"), jwk).unwrap();
    let issued = run_with_input(&["issue", "--key", &path("key"), "--profiles", "-"], ada().to_string().as_bytes());
    let verdict = run(&["verify", "--trust", &path("jwk"), issued.stdout.trim_end()]).json();
    assert_eq!(verdict["issuer"], Value::Null);
}

#[test]
fn a_profile_that_breaks_a_limit_is_refused_and_nothing_is_issued() {
    let issuer = Issuer::new();
    let with = |field: &str, value: Value| {
        let mut profile = ada();
        profile[field] = value;
        profile
    };
    let link = |url: &str| with("links", json!([{ "platform": "custom", "username": "x", "url": url }]));
    for (profile, says) in [
        (with("username", json!("ab")), "username: 2 characters"),
        (with("displayName", json!("x".repeat(101))), "displayName: 101 characters"),
        (with("bio", json!("x".repeat(301))), "bio: 301 characters"),
        (with("bio", json!("a\u{0}b")), "bio: character 2 is U+0000"),
        (with("bio", json!("two\nlines")), "bio: character 4 is U+000A"),
        (with("displayName", json!("\u{202e}evil")), "displayName: character 1 is U+202E"),
        (with("company", json!("A\u{200b}B")), "company: character 2 is U+200B"),
        (with("role", json!("\u{2066}x\u{2069}")), "role: character 1 is U+2066"),
        (with("accentColor", json!("red")), "accentColor: not a colour"),
        (with("avatarUrl", json!("http://example.org/a.png")), "avatarUrl: only https"),
        (link("javascript:alert(1)"), "links[0].url: only https, mailto and tel"),
        (link("data:text/html,x"), "links[0].url: only https, mailto and tel"),
        (link("https://user@example.org"), "links[0].url: an address must not contain a user name"),
    ] {
        let run = issuer.try_issue(profile.to_string().as_bytes());
        assert_eq!((run.status, run.stdout.as_str(), run.error_code().as_str()), (1, "", "invalid_profile"));
        assert!(run.stderr.contains(says), "{says}: {}", run.stderr);
    }

    let bad = json!({ "username": "no", "displayName": "x" });
    let mixed = [ada(), bad.clone(), ada(), bad].map(|profile| profile.to_string()).join("\n");
    let run = issuer.try_issue(mixed.as_bytes());
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("profile 2: ") && run.stderr.contains("profile 4: "), "{}", run.stderr);

    for (input, code) in [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("[1]", "invalid_json"),
        (r#"["ada","Ada",null,null,null,null,null,null,[]]"#, "invalid_json"),
        ("{}", "invalid_json"),
    ] {
        assert_eq!(issuer.try_issue(input.as_bytes()).error_code(), code, "{input}");
    }
}

#[test]
fn a_life_outside_the_limits_is_refused() {
    let issuer = Issuer::new();
    let profiles = issuer.path("ada.json");
    std::fs::write(&profiles, ada().to_string()).unwrap();
    let issue =
        |ttl: &str| run(&["issue", "--key", &issuer.key(), "--profiles", profiles.to_str().unwrap(), "--ttl", ttl]);
    for ttl in ["0", "2592001"] {
        assert_eq!(issue(ttl).error_code(), "invalid_ttl");
    }
    for ttl in ["1", "2592000"] {
        assert_eq!(issue(ttl).status, 0);
    }
}

#[test]
fn a_profile_too_large_for_any_token_is_refused() {
    let issuer = Issuer::new();
    let mut profile = ada();
    // Rare characters, within the limit for text but not for a token.
    let rare: String = ('\u{4e00}'..).step_by(17).take(200).collect();
    profile["links"] = json!(vec![json!({ "platform": "discord", "username": rare }); 6]);
    let refused = issuer.try_issue(profile.to_string().as_bytes());
    assert_eq!(refused.error_code(), "too_large");
    assert!(refused.stderr.contains("links[5] "), "{}", refused.stderr);
    let file = issuer.path("large.json");
    std::fs::write(&file, profile.to_string()).unwrap();
    let budget = run(&["inspect", "--profile", file.to_str().unwrap()]).json();
    assert!(budget["size"]["bytes"].as_u64() > Some(2048));
    std::fs::write(&file, "{").unwrap();
    assert_eq!(run(&["inspect", "--profile", file.to_str().unwrap()]).error_code(), "invalid_json");
    std::fs::write(&file, r#"{"username":"a b","displayName":"x"}"#).unwrap();
    assert_eq!(run(&["inspect", "--profile", file.to_str().unwrap()]).error_code(), "invalid_profile");
    let piped = run_with_input(&["inspect", "--profile", "-"], ada().to_string().as_bytes()).json();
    assert_eq!(piped["costs"][0]["field"], "bio");
}

#[test]
fn inspect_shows_claims_marked_unverified() {
    let issuer = Issuer::new();
    let text = issuer.issue(&ada());
    let report = run(&["inspect", &text]).json();
    assert_eq!(report["UNVERIFIED"]["profile"], ada());
    assert_eq!(report["size"]["text"]["characters"], text.len());
    let version = report["size"]["text"]["qr"]["M"]["version"].as_u64().unwrap();
    assert_eq!(report["size"]["text"]["qr"]["M"]["modules"], 17 + 4 * version);
    assert_eq!(report["size"]["link"], Value::Null);
    assert_eq!(run_with_input(&["inspect", "-"], format!("{text}\n").as_bytes()).json(), report);
    assert_eq!(run(&["inspect", "nonsense"]).error_code(), "malformed");
}

#[test]
fn the_budget_is_the_same_before_signing_and_after() {
    let issuer = Issuer::new();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), ada().to_string()).unwrap();
    let before =
        run(&["inspect", "--profile", file.path().to_str().unwrap(), "--link-host", "card.example.org"]).json();
    let link = issuer.issue_with(&ada(), &["--link-host", "card.example.org"]);
    let after = run(&["inspect", &link]).json();
    assert_eq!((&before["size"], &before["costs"]), (&after["size"], &after["costs"]));
    assert_eq!(after["size"]["link"]["characters"], link.len());
    assert!(
        after["size"]["link"]["qr"]["M"]["version"].as_u64() >= after["size"]["text"]["qr"]["M"]["version"].as_u64()
    );
}

#[test]
fn a_link_is_a_token_for_the_verifier_of_its_host_only() {
    let issuer = Issuer::new();
    let link = issuer.issue_with(&ada(), &["--link-host", "card.example.org"]);
    assert!(link.starts_with("https://card.example.org/s#"), "{link}");
    let trust = issuer.trust();
    let verify = |host: &str| run(&["verify", "--trust", &trust, "--link-host", host, &link]);
    assert_eq!(verify("card.example.org").json()["profile"], ada());
    assert_eq!(verify("evil.example.org").error_code(), "malformed");
    assert_eq!(issuer.verify_code(&link), "malformed");
    let other = link.replace("card.example.org", "evil.example.org");
    assert_eq!(
        run(&["verify", "--trust", &trust, "--link-host", "card.example.org", &other]).error_code(),
        "malformed"
    );
    assert_eq!(run(&["issue", "--key", "x", "--profiles", "-", "--link-host", "https://a.b"]).status, 2);
}

#[test]
fn labels_are_signed_and_shown() {
    let issuer = Issuer::new();
    let text = issuer.issue_with(&ada(), &["--card", "work", "--event", "RustConf 2026"]);
    let verdict = run(&["verify", "--trust", &issuer.trust(), &text]).json();
    assert_eq!((&verdict["card"], &verdict["event"]), (&json!("work"), &json!("RustConf 2026")));
    let plain = run(&["verify", "--trust", &issuer.trust(), &issuer.issue(&ada())]).json();
    assert_eq!((&plain["card"], &plain["event"]), (&Value::Null, &Value::Null));
    let long = "x".repeat(33);
    assert_eq!(run(&["issue", "--key", "x", "--profiles", "-", "--card", &long]).status, 2);
}

#[test]
fn a_code_larger_than_asked_for_is_refused_with_what_costs_how_much() {
    let issuer = Issuer::new();
    let text = issuer.issue(&ada());
    let version = run(&["inspect", &text]).json()["size"]["text"]["qr"]["M"]["version"].as_u64().unwrap();
    let issue = |max: u64| {
        let max = max.to_string();
        let args = ["issue", "--key", &issuer.key(), "--profiles", "-", "--max-qr-version", &max];
        run_with_input(&args, ada().to_string().as_bytes())
    };
    assert_eq!(issue(version).status, 0);
    let refused = issue(version - 1);
    assert_eq!(refused.error_code(), "too_large");
    assert!(refused.stderr.contains("bytes by part: ") && refused.stderr.contains("links[0] "), "{}", refused.stderr);
}

#[test]
fn wrong_usage_exits_with_2_and_help_teaches() {
    for args in [&["verify"][..], &["frobnicate"], &["issue", "--key"], &["verify", "--trust", "x", "--now", "soon"]] {
        assert_eq!(run(args).status, 2, "{args:?}");
    }
    for command in ["serve", "keygen", "issue", "verify", "inspect", "qr"] {
        let help = run(&[command, "--help"]);
        assert_eq!(help.status, 0);
        assert!(help.stdout.contains("Usage: sealcard"), "{}", help.stdout);
    }
    assert!(run(&["--version"]).stdout.starts_with("sealcard "));
}

#[test]
fn a_key_file_is_private_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt as _;
    let issuer = Issuer::new();
    let mode = std::fs::metadata(issuer.key()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(issuer.key()).unwrap();
    assert_eq!(run(&["keygen", "--out", &issuer.key()]).error_code(), "file_exists");
    assert_eq!(std::fs::read(issuer.key()).unwrap(), before);
    assert_eq!(run(&["keygen", "--out", "/nowhere/key"]).error_code(), "io");
    let left = std::fs::read_dir(Path::new(&issuer.key()).parent().unwrap()).unwrap().count();
    assert_eq!(left, 2, "the key and the trust file, no drafts");
}
