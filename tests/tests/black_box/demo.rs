//! The main job: start, scan, stop the server, verify.

use std::fmt::Write as _;

use sealcard_tests::binary::{Run, run};
use sealcard_tests::server::Server;
use sealcard_tests::zbar;
use serde_json::{Value, json};

/// What a terminal shows, as a picture that a QR reader understands: a block is light, four pixels a module.
fn photograph(banner: &str) -> String {
    let rows: Vec<&str> = banner.lines().filter(|line| line.starts_with(['█', '▀'])).collect();
    let width = rows[0].chars().count();
    let mut picture = format!("P1\n{} {}\n", width * 4, rows.len() * 8);
    for row in rows {
        let halves: [fn(char) -> bool; 2] = [|c| "█▀".contains(c), |c| "█▄".contains(c)];
        for is_light in halves {
            let line: String = row.chars().map(|c| if is_light(c) { "0 0 0 0 " } else { "1 1 1 1 " }).collect();
            for _ in 0..4 {
                writeln!(picture, "{line}").unwrap();
            }
        }
    }
    picture
}

#[test]
fn the_code_in_the_terminal_is_verified_after_the_server_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start_on(&folder.path().join("it's my data"), &["--demo"]);
    let banner = server.banner.clone();
    let public: Value = server.get("/api/public/devcard-demo").json();
    assert!(server.stop().success());

    let picture = folder.path().join("terminal.pbm");
    std::fs::write(&picture, photograph(&banner)).unwrap();
    let text = zbar::read(&picture);

    // The line is run as it was printed, by a shell.
    let line = banner.lines().find(|line| line.contains(" verify --trust ")).unwrap();
    assert!(line.ends_with(&format!(" '{text}'")), "{line}");
    let output = std::process::Command::new("sh").args(["-c", line]).output().unwrap();
    let verdict = Run::from(output).json();
    assert_eq!(verdict["issuer"], "Sealcard");
    assert_eq!(verdict["binding"], "bearer");
    assert_eq!(verdict["profile"]["links"].as_array().unwrap().len(), 8);
    assert_eq!(verdict["profile"], without_viewer_and_ids(public));
}

#[test]
fn a_second_start_keeps_the_key_and_the_demo_user() {
    let folder = tempfile::tempdir().unwrap();
    let first = Server::start_on(folder.path(), &["--demo"]);
    let token = first.get("/api/public/devcard-demo/qr-session").json()["token"].as_str().unwrap().to_owned();
    assert!(first.stop().success());
    let second = Server::start_on(folder.path(), &["--demo"]);
    run(&["verify", "--trust", &second.jwks(), &token]).json();
    assert_eq!(second.get("/api/public/devcard-demo").json()["links"].as_array().unwrap().len(), 8);
}

#[test]
fn nobody_can_log_in_as_the_demo_user() {
    let server = Server::start(&["--demo"]);
    for password in ["", "!", "devcard-demo", "password"] {
        let login = json!({ "username": "devcard-demo", "password": password });
        let answer = server.request("POST", "/api/sessions", None, Some(&login));
        assert_eq!(answer.problem(), (401, "wrong_credentials".into()));
    }
}

/// A public profile as a token holds it.
pub(crate) fn without_viewer_and_ids(mut profile: Value) -> Value {
    for (order, link) in profile["links"].as_array_mut().unwrap().iter_mut().enumerate() {
        let link = link.as_object_mut().unwrap();
        assert_eq!(link["displayOrder"], order);
        assert_eq!(link["followed"], false);
        assert!(link["id"].is_string());
        link.retain(|key, _| ["platform", "username", "url"].contains(&key.as_str()));
    }
    profile
}
