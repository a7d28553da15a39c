//! QR pictures, read back by a reader that is not ours.

use sealcard_tests::binary::{run, run_with_input};
use sealcard_tests::server::Server;
use sealcard_tests::zbar;

#[test]
fn the_png_is_read_at_every_usual_size_and_has_it() {
    let server = Server::start(&["--demo"]);
    let folder = tempfile::tempdir().unwrap();
    for size in [200, 400, 512, 1024, 2048] {
        let answer = server.get(&format!("/api/public/devcard-demo/qr?format=png&size={size}"));
        assert_eq!((answer.status, answer.header("content-type")), (200, "image/png"));
        let reader = png::Decoder::new(std::io::Cursor::new(&answer.body)).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (size, size));
        let picture = folder.path().join(format!("{size}.png"));
        std::fs::write(&picture, &answer.body).unwrap();
        let verdict = run(&["verify", "--trust", &server.jwks(), &zbar::read(&picture)]).json();
        assert_eq!(verdict["profile"]["username"], "devcard-demo");
    }
}

/// A link is two segments in its QR code, bytes and alphanumeric; a reader hands over one text.
#[test]
fn a_link_goes_through_a_qr_code_as_it_is_and_as_large_as_the_budget_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let jwk = run(&["keygen", "--out", &path("key")]).stdout;
    std::fs::write(path("trust.json"), jwk).unwrap();
    let profile = br#"{"username":"ada","displayName":"Ada Lovelace","bio":"First of all."}"#;
    let issue = ["issue", "--key", &path("key"), "--profiles", "-", "--link-host", "card.example.org"];
    let link = run_with_input(&issue, profile).stdout.trim_end().to_owned();
    assert_eq!(run(&["qr", &link, "--out", &path("link.png")]).status, 0);
    assert_eq!(zbar::read(&folder.path().join("link.png")), link);
    let verify = ["verify", "--trust", &path("trust.json"), "--link-host", "card.example.org", &link];
    assert_eq!(run(&verify).json()["profile"]["username"], "ada");

    let budget = &run(&["inspect", &link]).json()["size"]["link"]["qr"]["L"];
    let lines = run(&["qr", &link]).stdout.lines().count() as u64;
    assert_eq!(lines, (budget["modules"].as_u64().unwrap() + 8).div_ceil(2), "two rows of modules a line");
}

#[test]
fn sizes_outside_1_to_2048_are_refused() {
    let server = Server::start(&["--demo"]);
    let at = |size: &str| server.get(&format!("/api/public/devcard-demo/qr?size={size}"));
    for size in ["0", "2049", "4294967296", "-1", "big", ""] {
        assert_eq!(at(size).problem(), (400, "malformed_request".into()), "{size}");
    }
    for size in ["1", "2048"] {
        assert_eq!(at(size).status, 200, "{size}");
    }
    assert_eq!(server.get("/api/public/devcard-demo/qr?format=gif").problem().0, 400);
    assert_eq!(server.get("/api/public/nobody/qr").problem(), (404, "not_found".into()));
}

#[test]
fn the_svg_has_the_size_asked_for() {
    let server = Server::start(&["--demo"]);
    let answer = server.get("/api/u/devcard-demo/qr?format=svg&size=300");
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    let svg = String::from_utf8(answer.body).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("width=\"300\" height=\"300\""));
}

#[test]
fn the_command_draws_what_a_reader_reads() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("card.png");
    let out = file.to_str().unwrap();
    let text = "SC1:HELLO WORLD";
    for args in [&["qr", text, "--format", "png", "--out", out][..], &["qr", text, "--out", out]] {
        assert_eq!(run(args).status, 0);
        assert_eq!(zbar::read(&file), text, "the format is in the file's name");
        std::fs::remove_file(&file).unwrap();
    }

    let svg = run_with_input(&["qr", "-", "--format", "svg"], format!("{text}\n").as_bytes());
    assert!(svg.stdout.starts_with("<svg "));
    let plain = run(&["qr", text]).stdout;
    assert!(plain.contains('█') && !plain.contains('\x1b'), "no colours in a pipe");
    assert_eq!(run(&["qr", &"A".repeat(5000)]).error_code(), "too_large");
    assert_eq!(run(&["qr", text, "--size", "0"]).status, 2);
    assert_eq!(run(&["qr", text, "--out", "/nowhere/card.txt"]).error_code(), "io");
    assert_eq!(run(&["qr", text, "--out", "/nowhere/card.jpg"]).error_code(), "usage");
}
