//! What every answer says in its headers, however it was made: out of a route, out of memory, refused, or not there.

use sealcard_tests::server::{Answer, Server};
use serde_json::json;

/// What stands in every answer but those of the page of documentation, which is allowed its own scripts.
const EVERYWHERE: [(&str, &str); 4] = [
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "cross-origin"),
];

const LIMITS: [&str; 5] =
    ["ratelimit", "ratelimit-policy", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/// The same paths, each twice: what the first does not find in memory, the second does.
fn answers(server: &Server) -> Vec<(String, Answer)> {
    let token = server.sign_up("ada");
    let login = vec![("authorization", format!("Bearer {token}"))];
    let json = [login.clone(), vec![("content-type", "application/json".to_owned())]].concat();
    let of_tenant = [json.clone(), vec![("x-tenant-id", "engines".to_owned())]].concat();
    let tenant = json!({ "tenantId": "engines", "name": "Engines" }).to_string();
    let code = json!({ "qrId": "one", "targetUrl": "https://example.org/" }).to_string();
    assert_eq!(server.raw_request("POST", "/api/tenants", &json, tenant.as_bytes()).status, 201);
    assert_eq!(server.raw_request("POST", "/api/qr", &of_tenant, code.as_bytes()).status, 201);
    let etag = server.get("/api/public/ada").header("etag").to_owned();
    let known = vec![("if-none-match", etag)];
    let nothing = Vec::new();
    let asked = [
        ("GET", "/api/public/ada", &nothing, 200),
        ("HEAD", "/api/public/ada", &nothing, 200),
        ("GET", "/api/public/ada", &known, 304),
        ("GET", "/api/public/ada", &login, 200),
        ("GET", "/api/u/ada", &nothing, 200),
        ("GET", "/api/public/ada/", &nothing, 404),
        ("GET", "/api/public/nobody", &nothing, 404),
        ("GET", "/api/public/ada/qr-session", &nothing, 200),
        ("GET", "/api/public/ada/qr-session?format=jwt", &nothing, 200),
        ("GET", "/api/public/ada/nothing/qr-session", &nothing, 404),
        ("GET", "/api/public/ada/qr", &nothing, 200),
        ("GET", "/scan/one", &nothing, 302),
        ("HEAD", "/scan/one", &nothing, 302),
        ("GET", "/scan/two", &nothing, 404),
        ("POST", "/scan/one", &nothing, 405),
        ("GET", "/api/qr/one", &of_tenant, 200),
        ("GET", "/api/qr/one", &login, 401),
        ("GET", "/api/revocations", &nothing, 200),
        ("GET", "/.well-known/jwks.json", &nothing, 200),
        ("GET", "/api/profiles/me", &nothing, 401),
        ("GET", "/api/openapi.json", &nothing, 200),
        ("GET", "/nowhere", &nothing, 404),
        ("GET", "/health", &nothing, 200),
    ];
    let mut answers = Vec::new();
    for (method, path, headers, status) in asked.into_iter().chain(asked) {
        let answer = server.raw_request(method, path, headers, b"");
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        answers.push((format!("{method} {path}"), answer));
    }
    answers
}

fn check(name: &str, answer: &Answer) {
    for (header, value) in &answer.headers {
        assert!(!value.is_empty(), "{name}: {header} says nothing: {answer:?}");
        assert_eq!(answer.headers.get_all(header).iter().count(), 1, "{name}: {header} more than once");
    }
    for (header, value) in EVERYWHERE {
        assert_eq!(answer.header(header), value, "{name}: {header}");
    }
    assert!(!answer.header("cache-control").is_empty() && !answer.header("x-request-id").is_empty(), "{name}");
    if answer.status == 304 {
        assert!(answer.body.is_empty() && answer.headers.get("content-type").is_none(), "{name}: {answer:?}");
    }
}

#[test]
fn every_answer_says_what_browsers_may_do_with_it() {
    let server = Server::start(&["--rate-limits", "off"]);
    for (name, answer) in answers(&server) {
        check(&name, &answer);
        assert!(LIMITS.iter().all(|header| answer.headers.get(*header).is_none()), "{name}: {answer:?}");
    }
}

#[test]
fn every_answer_that_is_counted_says_how_many_more_there_are() {
    let server = Server::start(&["--rate-limits", "scan=4/60"]);
    sealcard_tests::clock::with_left(60, 30);
    for (name, answer) in answers_until_refused(&server) {
        check(&name, &answer);
        let [state, policy, limit, remaining, reset] = LIMITS.map(|header| answer.header(header));
        if name.ends_with("/health") {
            assert_eq!([state, policy, limit, remaining, reset], [""; 5], "{name}");
            continue;
        }
        let tier = policy.split(';').next().unwrap();
        assert_eq!(state, format!("{tier};r={remaining};t={reset}"), "{name}");
        assert_eq!(policy, format!("{tier};q={limit};w=60"), "{name}");
        assert!(remaining.parse::<u32>().unwrap() < limit.parse().unwrap(), "{name}: {answer:?}");
        assert!((1..=60).contains(&reset.parse::<u32>().unwrap()), "{name}: {answer:?}");
        assert_eq!(answer.status == 429, !answer.header("retry-after").is_empty(), "{name}: {answer:?}");
    }
}

/// Five of what there may be four of, one of what is in memory, and one that is not counted.
fn answers_until_refused(server: &Server) -> Vec<(String, Answer)> {
    let paths = ["/.well-known/jwks.json"; 5].into_iter().chain(["/api/public/nobody", "/scan/one", "/health"]);
    let answers: Vec<_> = paths.map(|path| (format!("GET {path}"), server.get(path))).collect();
    let statuses: Vec<_> = answers.iter().map(|(_, answer)| answer.status).collect();
    assert_eq!(statuses, [200, 200, 200, 200, 429, 404, 429, 200]);
    answers
}

#[test]
fn what_is_in_memory_says_how_many_more_there_are() {
    let server =
        Server::start(&["--rate-limits", "api=1000/60,auth=1000/60,profile=1000/60,session=1000/60,image=1000/60"]);
    for (name, answer) in answers(&server) {
        check(&name, &answer);
        let counted = !name.ends_with("/health");
        assert_eq!(
            LIMITS.iter().filter(|header| answer.headers.get(**header).is_some()).count() == 5,
            counted,
            "{name}"
        );
    }
}
