//! `qr-session` in both forms, and the public keys.

use std::time::SystemTime;

use sealcard_tests::binary::run;
use sealcard_tests::server::Server;
use serde_json::{Value, json};

use crate::demo::without_viewer_and_ids;

#[test]
fn a_session_token_tells_the_truth_about_its_life() {
    let server = Server::start(&["--demo"]);
    let answer = server.get("/api/public/devcard-demo/qr-session");
    assert_eq!(answer.header("cache-control"), "public, max-age=300, stale-while-revalidate=60");
    let body = answer.json();
    assert_eq!((&body["tokenType"], &body["expiresIn"]), (&json!("SC1"), &json!(600)));

    let verdict = run(&["verify", "--trust", &server.jwks(), body["token"].as_str().unwrap()]).json();
    assert_eq!(verdict["expiresAt"], body["expiresAt"]);
    assert_eq!(verdict["profile"], without_viewer_and_ids(server.get("/api/public/devcard-demo").json()));
    assert_eq!(server.get("/api/public/devcard-demo/qr-session").header("x-cache"), "HIT");
}

#[test]
fn the_jwt_form_is_verified_by_another_library_with_the_served_keys() {
    use jsonwebtoken::jwk::JwkSet;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};

    let server = Server::start(&["--demo", "--issuer", "RustConf"]);
    let body = server.get("/api/public/devcard-demo/qr-session?format=jwt").json();
    assert_eq!((&body["tokenType"], &body["expiresIn"]), (&json!("JWT"), &json!(600)));
    let token = body["token"].as_str().unwrap();

    let keys: JwkSet = serde_json::from_slice(&server.get("/.well-known/jwks.json").body).unwrap();
    let header = decode_header(token).unwrap();
    assert_eq!(header.typ.as_deref(), Some("sealcard-qr+jwt"));
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&["sealcard:qr"]);
    validation.set_issuer(&["RustConf"]);
    let claims = decode::<Value>(token, &key, &validation).unwrap().claims;
    assert_eq!(claims["sub"], "devcard-demo");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 600);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(claims["iat"].as_u64().unwrap()) < 10);
    assert_eq!(claims["profile"], without_viewer_and_ids(server.get("/api/public/devcard-demo").json()));

    // One key signs both forms; neither passes as the other.
    assert_eq!(run(&["verify", "--trust", &server.jwks(), token]).error_code(), "malformed");
    assert_eq!(server.get("/api/public/devcard-demo/qr-session?format=cbor").problem().0, 400);
}

#[test]
fn the_served_keys_are_a_trust_file() {
    let server = Server::start(&["--demo"]);
    let answer = server.get("/.well-known/jwks.json");
    assert!(answer.header("cache-control").starts_with("public"));
    let key = &answer.json()["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["use"]), (&json!("OKP"), &json!("Ed25519"), &json!("sig")));
    assert_eq!(key["d"], Value::Null);
    let file = server.data_dir().join("fetched.json");
    std::fs::write(&file, &answer.body).unwrap();
    let token = server.get("/api/public/devcard-demo/qr-session").json()["token"].clone();
    run(&["verify", "--trust", file.to_str().unwrap(), token.as_str().unwrap()]).json();
    let etag = answer.header("etag").to_owned();
    assert_eq!(server.raw_request("GET", "/.well-known/jwks.json", &[("if-none-match", etag)], b"").status, 304);
}

#[test]
fn a_profile_too_large_for_a_token_says_so_and_is_still_shown() {
    let server = Server::start(&[]);
    let token = server.sign_up("ada");
    // Rare characters, within the limit for text but not for a token.
    let rare: String = ('\u{4e00}'..).step_by(17).take(200).collect();
    for _ in 0..6 {
        let link = json!({ "platform": "discord", "username": rare });
        assert_eq!(server.request("POST", "/api/profiles/me/links", Some(&token), Some(&link)).status, 201);
    }
    assert_eq!(server.get("/api/public/ada/qr-session").problem(), (422, "too_large".into()));
    assert_eq!(server.get("/api/public/ada/qr").problem(), (422, "too_large".into()));
    assert_eq!(server.get("/api/public/ada").status, 200);
    let link = json!({ "platform": "discord", "username": rare });
    let refused = server.request("POST", "/api/profiles/me/links", Some(&token), Some(&link)).problem();
    assert_eq!(refused, (422, "invalid_profile".into()), "more than 4,096 bytes of text");
}
