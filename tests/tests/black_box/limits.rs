//! Requests that are too large, too slow or not understood.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use sealcard_tests::server::Server;
use serde_json::json;

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.base.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// All that comes until the server closes the connection; waiting for it longer than 30 s fails.
fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("the server closes the connection");
    text
}

#[test]
fn a_body_has_at_most_64_kib() {
    let server = Server::start(&[]);
    let body = |size: usize| {
        let filler = "x".repeat(size - json!({ "username": "ada", "password": "" }).to_string().len());
        json!({ "username": "ada", "password": filler })
    };
    let at_limit = server.request("POST", "/api/sessions", None, Some(&body(64 * 1024)));
    assert_eq!(at_limit.problem(), (401, "wrong_credentials".into()));
    let over = server.request("POST", "/api/sessions", None, Some(&body(64 * 1024 + 1)));
    assert_eq!(over.problem(), (413, "body_too_large".into()));
}

#[test]
fn what_is_not_understood_gets_a_problem() {
    let server = Server::start(&[]);
    let post = |content_type: &str, body: &str| {
        server.raw_request("POST", "/api/sessions", &[("content-type", content_type.into())], body.as_bytes())
    };
    assert_eq!(post("application/json", "{").problem(), (400, "malformed_request".into()));
    assert_eq!(post("application/json", "{}").problem(), (422, "invalid_request".into()));
    assert_eq!(post("application/json", "[\"ada\",\"correct horse\"]").problem(), (422, "invalid_request".into()));
    assert_eq!(post("text/plain", "{}").problem(), (415, "unsupported_media_type".into()));
    assert_eq!(server.get("/api/nothing").problem(), (404, "not_found".into()));
    assert_eq!(server.request("PATCH", "/health", None, None).problem(), (405, "method_not_allowed".into()));
    assert_eq!(server.get("/api/public/%ff").problem().0, 400);
}

#[test]
fn request_ids_are_kept_if_plain_and_replaced_if_not() {
    let server = Server::start(&[]);
    let ask = |id: &str| {
        let answer = server.raw_request("GET", "/health", &[("x-request-id", id.into())], b"");
        answer.header("x-request-id").to_owned()
    };
    assert_eq!(ask("trace-1.2_3"), "trace-1.2_3");
    for id in ["a b", "\"quoted\"", &"x".repeat(65)] {
        assert_eq!(ask(id).len(), 36, "{id}");
    }
}

#[test]
fn headers_that_never_end_are_cut_off() {
    let server = Server::start(&[]);
    let mut stream = connect(&server);
    stream.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n").unwrap();
    let text = answer(stream);
    assert!(text.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
}

#[test]
fn a_body_that_never_ends_is_answered_with_408() {
    let server = Server::start(&[]);
    let mut stream = connect(&server);
    let head =
        "POST /api/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
    stream.write_all(head.as_bytes()).unwrap();
    let mut start = [0; 12];
    stream.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 408");
}

#[test]
fn a_request_in_flight_is_finished_before_the_server_stops() {
    let server = Server::start(&["--demo"]);
    let body = json!({ "username": "nobody", "password": "wrong horse" }).to_string();
    let (first, rest) = body.split_at(10);
    let mut stream = connect(&server);
    let head = format!(
        "POST /api/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{first}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The server answers others meanwhile, so it has seen the request above.
    assert_eq!(server.get("/health").status, 200);
    let address = server.base.clone();
    let stopping = std::thread::spawn(move || server.stop());
    // It has stopped listening, but not answering.
    while TcpStream::connect(address.strip_prefix("http://").unwrap()).is_ok() {
        std::thread::yield_now();
    }
    stream.write_all(rest.as_bytes()).unwrap();
    assert!(answer(stream).starts_with("HTTP/1.1 401"));
    assert!(stopping.join().unwrap().success());
}

#[test]
fn logs_are_json_lines_with_the_request_s_id_and_no_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = sealcard_tests::binary::command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(folder.path());
    command.stderr(std::fs::File::create(&log).unwrap());
    let server = Server::start_command(command, folder.path());
    let token = server.sign_up("ada");
    let headers = [("x-request-id", "find-me".into()), ("authorization", format!("Bearer {token}"))];
    server.raw_request("GET", "/api/profiles/me?secret=1", &headers, b"");
    assert!(server.stop().success());

    let text = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = lines.iter().find(|line| line["request"]["id"] == "find-me").expect("the request is logged");
    assert_eq!((&line["status"], &line["request"]["path"]), (&json!(200), &json!("/api/profiles/me")));
    assert!(lines.iter().all(|line| line["timestamp"].is_string() && line["level"].is_string()));
    for secret in [token.as_str(), "correct horse", "secret=1"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_eq!(lines.last().unwrap()["message"], "stopped");
}
