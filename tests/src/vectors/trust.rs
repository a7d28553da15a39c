//! Trust files: those that the vectors refer to, and those that must be refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use sealcard_core::{SigningKey, VerifyingKey};
use serde_json::{Value, json};

use super::forge;

/// The name that a trust file gives the key of the vectors.
pub fn issuer_of(trust: &str) -> Option<&'static str> {
    (trust != "nameless").then_some("Example")
}

/// Another key with the same hint.
pub fn twin() -> SigningKey {
    let hint = forge::hint(&forge::key());
    (0_u32..).map(numbered).find(|key| forge::hint(key) == hint).expect("one in 256")
}

fn numbered(number: u32) -> SigningKey {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    SigningKey::from_seed(seed)
}

fn jwk(key: &VerifyingKey, issuer: Option<&str>) -> Value {
    serde_json::from_str(&key.to_jwk(issuer)).expect("JSON")
}

fn jwk_of_bytes(bytes: &[u8]) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(bytes) })
}

/// The trust files by name.
pub fn sets() -> Value {
    let own = jwk(&forge::key().verifying_key(), Some("Example"));
    let many = (0..63).map(|number| jwk(&numbered(number).verifying_key(), None)).chain([own.clone()]);
    let mut other_keys =
        vec![json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }), json!({ "kty": "EC", "crv": "P-256" })];
    other_keys.push(json!({ "kty": "OKP", "crv": "X25519", "x": "AA" }));
    let mut encryption = jwk_of_bytes(&[1; 32]);
    encryption["use"] = json!("enc");
    other_keys.extend([encryption, json!({ "kty": "RSA", "d": "AQAB" })]);
    let mut nulls = own.clone();
    for member in ["use", "d", "alg", "keys"] {
        nulls[member] = Value::Null;
    }
    other_keys.push(nulls);
    other_keys.push(json!({ "crv": "Ed25519", "x": "AA" }));
    other_keys.push(json!({ "kty": 5, "kid": [], "x": {} }));
    let mut odd_members = jwk(&numbered(1).verifying_key(), None);
    (odd_members["kid"], odd_members["alg"], odd_members["key_ops"]) = (json!(5), json!([]), json!({}));
    other_keys.push(odd_members);
    json!({
        "example": { "keys": [own] },
        "single": own,
        "otherKeysBesides": { "keys": other_keys },
        "nameless": { "keys": [jwk(&forge::key().verifying_key(), None)] },
        "twins": { "keys": [jwk(&twin().verifying_key(), Some("Twin")), own] },
        "twinOnly": { "keys": [jwk(&twin().verifying_key(), Some("Twin"))] },
        "stranger": { "keys": [jwk(&SigningKey::from_seed([8; 32]).verifying_key(), Some("Stranger"))] },
        "many": { "keys": many.collect::<Vec<_>>() },
    })
}

/// Texts of trust files that are refused, with the code.
pub fn invalid() -> Value {
    let mut vectors = Vec::new();
    let mut push = |name: &str, trust: &str, error: &str| {
        vectors.push(json!({ "name": name, "trust": trust, "error": error }));
    };
    let set = |keys: Vec<Value>| json!({ "keys": keys }).to_string();
    let own = || jwk(&forge::key().verifying_key(), Some("Example"));
    let changed = |member: &str, value: Value| {
        let mut key = own();
        key[member] = value;
        set(vec![key])
    };

    for (name, text) in [
        ("nothing", ""),
        ("not JSON", "SC1:"),
        ("an array", "[]"),
        ("a number", "1"),
        ("keys are no array", r#"{"keys":{}}"#),
        ("a key is no object", r#"{"keys":["x"]}"#),
        ("no key", r#"{"keys":[]}"#),
        ("no key of a known type", r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#),
    ] {
        push(name, text, "invalid_trust");
    }
    push("the same key twice", &set(vec![own(), own()]), "invalid_trust");
    push("a private key", &changed("d", json!("AAAA")), "invalid_trust");
    push("only a key for encryption", &changed("use", json!("enc")), "invalid_trust");
    push(
        "65 keys",
        &set((0..65).map(|number| jwk(&numbered(number).verifying_key(), None)).collect()),
        "invalid_trust",
    );
    push("no x", &set(vec![json!({ "kty": "OKP", "crv": "Ed25519" })]), "invalid_key");
    for (name, bytes) in [("x of 31 bytes", 31), ("x of 33 bytes", 33), ("x of no bytes", 0)] {
        push(name, &set(vec![jwk_of_bytes(&vec![1; bytes])]), "invalid_key");
    }
    let x = URL_SAFE_NO_PAD.encode(forge::key().verifying_key().as_bytes());
    push("x with padding", &changed("x", json!(format!("{x}="))), "invalid_key");
    push("x with bits to spare", &changed("x", json!(x.replace("iw", "ix"))), "invalid_key");
    push("x in the other base64", &changed("x", json!(x.replace('-', "+"))), "invalid_key");
    push("an empty issuer's name", &changed("iss", json!("")), "invalid_key");
    push("an issuer's name that is a number", &changed("iss", json!(1)), "invalid_key");
    push("an issuer's name with spaces around it", &changed("iss", json!(" Example ")), "invalid_key");
    push("an issuer's name that is not NFC", &changed("iss", json!("e\u{301}")), "invalid_key");
    push("x that is a number", &changed("x", json!(1)), "invalid_key");
    push("a key that is an array", r#"{"keys":[["OKP","Ed25519"]]}"#, "invalid_trust");
    push("only a key whose use is a number", &changed("use", json!(1)), "invalid_trust");
    push("no member", "{}", "invalid_trust");
    let mut wins = own();
    wins["keys"] = json!([]);
    push("keys beside a key", &wins.to_string(), "invalid_trust");
    push("a byte-order mark", &format!("\u{feff}{}", set(vec![own()])), "invalid_trust");
    push("an issuer's name of 101 characters", &changed("iss", json!("x".repeat(101))), "invalid_key");
    push("an issuer's name that is not safe to show", &changed("iss", json!("a\u{202e}b")), "invalid_key");

    for (number, point) in EIGHT_TORSION.iter().enumerate() {
        let name = format!("small order, canonical {number}");
        push(&name, &set(vec![jwk_of_bytes(point.compress().as_bytes())]), "weak_key");
    }
    for (name, bytes) in not_canonical_of_small_order() {
        push(&format!("small order, not canonical: {name}"), &set(vec![jwk_of_bytes(&bytes)]), "weak_key");
    }
    for (name, bytes) in not_canonical() {
        push(&format!("not canonical: {name}"), &set(vec![jwk_of_bytes(&bytes)]), "invalid_key");
    }
    let key = CompressedEdwardsY(*forge::key().verifying_key().as_bytes()).decompress().expect("a key");
    for (number, torsion) in EIGHT_TORSION.iter().enumerate().skip(1) {
        let mixed = (key + torsion).compress();
        push(&format!("mixed order {number}"), &set(vec![jwk_of_bytes(mixed.as_bytes())]), "invalid_key");
    }
    let off_curve = (0_u8..).map(|first| [&[first][..], &[0; 31]].concat()).find(|bytes| decompress(bytes).is_none());
    push("off the curve", &set(vec![jwk_of_bytes(&off_curve.expect("half of all"))]), "invalid_key");
    Value::Array(vectors)
}

fn decompress(bytes: &[u8]) -> Option<curve25519_dalek::EdwardsPoint> {
    CompressedEdwardsY(bytes.try_into().ok()?).decompress()
}

/// 2^255 − 19 + `more`, as 32 bytes with the sign bit as given.
fn field_prime_plus(more: u8, sign: bool) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xed + more;
    bytes[31] = if sign { 0xff } else { 0x7f };
    bytes
}

/// Encodings of points of small order that are not the points' own.
fn not_canonical_of_small_order() -> Vec<(&'static str, [u8; 32])> {
    let mut one = [0; 32];
    (one[0], one[31]) = (1, 0x80);
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    vec![
        ("1 with the sign bit", one),
        ("-1 with the sign bit", minus_one),
        ("p", field_prime_plus(0, false)),
        ("p with the sign bit", field_prime_plus(0, true)),
        ("p + 1", field_prime_plus(1, false)),
        ("p + 1 with the sign bit", field_prime_plus(1, true)),
    ]
}

/// Encodings of other points whose y is not reduced.
fn not_canonical() -> Vec<(String, [u8; 32])> {
    let encodings = (2..19).flat_map(|more| [false, true].map(|sign| (more, sign)));
    let names = encodings.map(|(more, sign)| {
        (format!("p + {more}{}", if sign { " with the sign bit" } else { "" }), field_prime_plus(more, sign))
    });
    names.filter(|(_, bytes)| decompress(bytes).is_some()).collect()
}
