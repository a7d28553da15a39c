//! What a holder's phone makes of a pass: presentations, which have one spelling for one key and time, and refusals.

use sealcard_core::DeviceKey;
use serde_json::{Value, json};

use super::forge::{EPOCH, NOW, varint};
use super::offline::{bearer, device, ed25519_device, other_device, pass_of, presented, text};

pub(super) fn vectors() -> Value {
    let (p256, ed25519) = (device(), ed25519_device());
    let presentation = |now: u64, challenge: &[u8], device: &DeviceKey| {
        presented(&varint(now - EPOCH), challenge, &pass_of(device, 77), device)
    };
    let good = |name: &str, device: &DeviceKey, now: u64, challenge: &[u8]| {
        let presentation = text(&presentation(now, challenge, device));
        vector(name, device, &text(&pass_of(device, 77)), now, challenge, ("presentation", &presentation))
    };
    let bad = |name: &str, device: &DeviceKey, pass: &str, now: u64, challenge: &[u8], code: &str| {
        vector(name, device, pass, now, challenge, ("error", code))
    };
    let pass = text(&pass_of(&p256, 77));
    let by_link = link(&pass_of(&p256, 77));
    let shown_by_link = link(&presentation(NOW, &[], &p256));
    json!([
        good("P-256", &p256, NOW, &[]),
        good("Ed25519", &ed25519, NOW, &[]),
        good("P-256: a minute later", &p256, NOW + 60, &[]),
        good("P-256: the first second there is", &p256, EPOCH, &[]),
        good("P-256: a challenge of 4 bytes", &p256, NOW, &[0xa7; 4]),
        good("P-256: a challenge of 16 bytes", &p256, NOW, &[0xa7; 16]),
        good("Ed25519: a challenge of 8 bytes", &ed25519, NOW, &[0, 1, 2, 3, 252, 253, 254, 255]),
        vector("P-256: a link stays one", &p256, &by_link, NOW, &[], ("presentation", &shown_by_link)),
        bad("a challenge of 3 bytes", &p256, &pass, NOW, &[0xa7; 3], "wrong_challenge"),
        bad("a challenge of 17 bytes", &p256, &pass, NOW, &[0xa7; 17], "wrong_challenge"),
        bad("before 2026", &p256, &pass, EPOCH - 1, &[], "not_yet_valid"),
        bad("in 1970", &p256, &pass, 0, &[], "not_yet_valid"),
        bad("another device's key", &other_device(), &pass, NOW, &[], "proof_invalid"),
        bad("a key of the other kind", &ed25519, &pass, NOW, &[], "proof_invalid"),
        bad("bound to no device", &p256, &text(&bearer()), NOW, &[], "proof_invalid"),
        bad("a presentation already", &p256, &text(&presentation(NOW, &[], &p256)), NOW, &[], "proof_invalid"),
        bad("no token", &p256, "hello", NOW, &[], "malformed"),
        bad("no text", &p256, "", NOW, &[], "malformed"),
        bad("cut short", &p256, &pass[..pass.len() - 3], NOW, &[], "malformed"),
        bad(
            "a later version",
            &p256,
            &text(&[&[0x21], &pass_of(&p256, 77)[1..]].concat()),
            NOW,
            &[],
            "unsupported_version"
        ),
    ])
}

/// A token in a link: two bytes become three characters of base41.
fn link(token: &[u8]) -> String {
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$+-/.";
    let mut text = String::from("https://card.example.org/s#");
    for pair in token.chunks(2) {
        let mut number = pair.iter().fold(0, |number, byte| number * 256 + usize::from(*byte));
        for _ in 0..=pair.len() {
            text.push(char::from(alphabet[number % 41]));
            number /= 41;
        }
    }
    text
}

fn vector(
    name: &str,
    device: &DeviceKey,
    pass: &str,
    now: u64,
    challenge: &[u8],
    (outcome, value): (&str, &str),
) -> Value {
    let key: Value = serde_json::from_str(&device.to_jwk()).expect("a JWK");
    let hex: String = challenge.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut vector = json!({ "name": name, "key": key, "pass": pass, "now": now });
    vector[outcome] = json!(value);
    if !challenge.is_empty() {
        vector["challenge"] = json!(hex);
    }
    vector
}
