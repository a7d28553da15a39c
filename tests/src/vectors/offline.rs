//! Stories of a verifier: bundles, lists and tokens in the order in which they reach it, and what it must say to each.

use sealcard_core::{DeviceKey, Profile, ProfileDraft, SigningKey};
use serde_json::{Value, json};

use super::forge::{self, EPOCH, NOW, field, signed_by, varint};

const BUNDLE: &[u8] = b"sealcard/v1/trust-bundle\0";
const LIST: &[u8] = b"sealcard/v1/revocation-list\0";
const PRESENTATION: &[u8] = b"sealcard/v1/presentation\0";

const DAY: u64 = 86_400;

/// What a verifier is, and what reaches it.
struct Story {
    name: String,
    /// The pinned roots, or else the trust set of this name.
    roots: Vec<SigningKey>,
    trust: Option<&'static str>,
    leeway: u32,
    max_proof_age: u32,
    require_fresh: bool,
    steps: Vec<Value>,
}

impl Story {
    /// A verifier with a JWK set.
    fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            roots: Vec::new(),
            trust: Some("example"),
            leeway: 60,
            max_proof_age: 60,
            require_fresh: false,
            steps: Vec::new(),
        }
    }

    /// A verifier that pins the root.
    fn rooted(name: impl Into<String>) -> Self {
        Self { roots: vec![root()], trust: None, ..Self::new(name) }
    }

    fn bundle(self, bytes: &[u8], now: u64, expect: &str) -> Self {
        self.step(json!({ "bundle": text(bytes), "now": now, "expect": expect }))
    }

    fn list(self, bytes: &[u8], now: u64, expect: &str) -> Self {
        self.step(json!({ "revocations": text(bytes), "now": now, "expect": expect }))
    }

    fn refused(self, token: &[u8], now: u64, code: &str) -> Self {
        self.step(json!({ "token": text(token), "now": now, "expect": code }))
    }

    fn verified(self, token: &[u8], now: u64, revocation: &str, trust: &str) -> Self {
        let binding = if token[0] == 0x12 { "device" } else { "bearer" };
        self.step(json!({
            "token": text(token), "now": now, "expect": "verified",
            "binding": binding, "revocation": revocation, "trust": trust,
        }))
    }

    fn answering(mut self, challenge: &str) -> Self {
        if let Some(step) = self.steps.last_mut() {
            step["challenge"] = json!(challenge);
        }
        self
    }

    fn step(mut self, step: Value) -> Self {
        self.steps.push(step);
        self
    }

    fn to_json(&self) -> Value {
        let roots: Vec<Value> = self
            .roots
            .iter()
            .map(|root| serde_json::from_str(&root.verifying_key().to_jwk(None)).expect("JSON"))
            .collect();
        let mut json = json!({
            "name": self.name, "leeway": self.leeway, "maxProofAge": self.max_proof_age,
            "requireFreshRevocations": self.require_fresh, "steps": self.steps,
        });
        match self.trust {
            Some(trust) => json["trust"] = json!(trust),
            None => json["roots"] = json!(roots),
        }
        json
    }
}

pub(super) fn text(bytes: &[u8]) -> String {
    format!("SC1:{}", base45::encode(bytes))
}

fn root() -> SigningKey {
    SigningKey::from_seed([0x60; 32])
}

fn next_root() -> SigningKey {
    SigningKey::from_seed([0x61; 32])
}

/// A key of the issuer's besides the usual one.
fn second_key() -> SigningKey {
    SigningKey::from_seed([0x70; 32])
}

pub(super) fn device() -> DeviceKey {
    DeviceKey::p256_from_secret(&[9; 32]).expect("a number of the group")
}

pub(super) fn other_device() -> DeviceKey {
    DeviceKey::p256_from_secret(&[10; 32]).expect("a number of the group")
}

pub(super) fn ed25519_device() -> DeviceKey {
    DeviceKey::from_ed25519(SigningKey::from_seed([11; 32]))
}

fn holder(device: &DeviceKey) -> Vec<u8> {
    let key = device.holder_key();
    match key.as_ed25519() {
        Some(key) => field(3, key.as_bytes()),
        None => field(1, &key.to_p256().expect("a P-256 key")),
    }
}

fn profile_text() -> Vec<u8> {
    let draft = ProfileDraft { username: "ada".into(), display_name: "Ada".into(), ..ProfileDraft::default() };
    forge::text_of(&Profile::parse(draft).expect("a profile"))
}

/// A snapshot of this key's, time, life and fields.
fn snapshot_by(key: &SigningKey, issued_at: u64, life: u64, fields: &[u8]) -> Vec<u8> {
    let head = [varint(issued_at - EPOCH), varint(life), varint(fields.len() as u64)].concat();
    let unsigned = [&[0x19, forge::hint(key)], &head[..], fields, &profile_text()].concat();
    signed_by(key, forge::CONTEXT, &unsigned)
}

fn snapshot(fields: &[u8]) -> Vec<u8> {
    snapshot_by(&forge::key(), NOW, 30 * DAY, fields)
}

/// A pass for a device, at a place in the revocation list.
pub(super) fn pass_of(device: &DeviceKey, index: u64) -> Vec<u8> {
    snapshot(&[holder(device), field(6, &varint(index))].concat())
}

fn pass() -> Vec<u8> {
    pass_of(&device(), 77)
}

pub(super) fn bearer() -> Vec<u8> {
    forge::short(&profile_text())
}

/// A presentation whose parts are any bytes.
pub(super) fn presented(time: &[u8], challenge: &[u8], snapshot: &[u8], device: &DeviceKey) -> Vec<u8> {
    let length = [u8::try_from(challenge.len()).expect("short")];
    let unsigned = [&[0x12], time, &length, challenge, snapshot].concat();
    let signature = device.sign(&[PRESENTATION, &unsigned].concat());
    [&unsigned[..], signature.as_bytes()].concat()
}

fn presentation_at(time: u64) -> Vec<u8> {
    presented(&varint(time - EPOCH), &[], &pass(), &device())
}

/// An issuer's key as a bundle has it.
struct Entry {
    key: SigningKey,
    purposes: u8,
    name: Vec<u8>,
    from: u64,
    signing: u64,
    max_ttl: Option<u64>,
}

impl Entry {
    fn new(key: SigningKey) -> Self {
        Self { key, purposes: 3, name: b"Example".into(), from: NOW - DAY, signing: 100 * DAY, max_ttl: Some(30 * DAY) }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.key.verifying_key().as_bytes().to_vec();
        bytes.extend([self.purposes, u8::try_from(self.name.len()).expect("short")]);
        bytes.extend(&self.name);
        bytes.extend([varint(self.from - EPOCH), varint(self.signing)].concat());
        bytes.extend(self.max_ttl.map(varint).unwrap_or_default());
        bytes
    }
}

fn bundle_by(root: &SigningKey, epoch: u64, issued_at: u64, count: u64, entries: &[u8]) -> Vec<u8> {
    let head = [varint(epoch), varint(issued_at - EPOCH), varint(7 * DAY), varint(count)].concat();
    signed_by(root, BUNDLE, &[&[0x13, forge::hint(root)], &head[..], entries].concat())
}

/// A bundle of these keys, in the order that bundles have.
fn bundle(epoch: u64, issued_at: u64, mut entries: Vec<Entry>) -> Vec<u8> {
    entries.sort_by_key(|entry| *entry.key.verifying_key().as_bytes());
    let bytes: Vec<u8> = entries.iter().flat_map(Entry::bytes).collect();
    bundle_by(&root(), epoch, issued_at, entries.len() as u64, &bytes)
}

fn usual_bundle() -> Vec<u8> {
    bundle(1, NOW, vec![Entry::new(forge::key())])
}

fn list_by(key: &SigningKey, epoch: u64, issued_at: u64, rest: &[u8]) -> Vec<u8> {
    let head = [varint(epoch), varint(issued_at - EPOCH), varint(DAY)].concat();
    signed_by(key, LIST, &[&[0x14, forge::hint(key)], &head[..], rest].concat())
}

/// A list of indices below 128, ascending, each with seven low bits: `0` and the gap.
fn list(epoch: u64, issued_at: u64, indices: &[u8]) -> Vec<u8> {
    let mut least = 0;
    let gaps: Vec<u8> = indices
        .iter()
        .map(|index| {
            let gap = index - least;
            least = index + 1;
            gap
        })
        .collect();
    let rest = if gaps.is_empty() { vec![0] } else { [&varint(gaps.len() as u64)[..], &[7], &gaps].concat() };
    list_by(&forge::key(), epoch, issued_at, &rest)
}

/// All of them.
pub fn vectors() -> Value {
    let stories = [presentations(), holder_fields(), bundles(), revocations(), clocks(), bounds(), orders(), issuers()];
    let stories = stories.into_iter().flatten();
    Value::Array(stories.map(|story| story.to_json()).collect())
}

fn presentations() -> Vec<Story> {
    let now = varint(NOW - EPOCH);
    let good = presentation_at(NOW);
    let ok = |name: &str, token: &[u8], now: u64| Story::new(name).verified(token, now, "unknown", "unknown");
    let bad = |name: &str, token: &[u8], code: &str| Story::new(name).refused(token, NOW, code);
    let changed = |at: usize| {
        let mut token = good.clone();
        token[at] ^= 1;
        token
    };
    let ends = |signature: &[u8]| [&good[..good.len() - 64], signature].concat();
    let high_s: [u8; 64] = {
        use p256::ecdsa::Signature;
        let signature = Signature::from_slice(&good[good.len() - 64..]).expect("a signature");
        let (r, s) = signature.split_scalars();
        Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).expect("a signature").to_bytes().into()
    };
    let challenge = [0xc0, 0xff, 0xee, 0x11];
    let answer = presented(&now, &challenge, &pass(), &device());
    let of_ed25519 = presented(&now, &[], &pass_of(&ed25519_device(), 1), &ed25519_device());
    let longest = presented(&now, &[0xab; 16], &pass(), &device());
    let unsigned = &good[..good.len() - 64];
    let without_context = [unsigned, device().sign(unsigned).as_bytes()].concat();
    let as_snapshot = [unsigned, device().sign(&[forge::CONTEXT, unsigned].concat()).as_bytes()].concat();
    let borrowed = {
        // The proof of another pass of the same device.
        let other = presented(&now, &[], &pass_of(&device(), 78), &device());
        ends(&other[other.len() - 64..])
    };
    let mut forged_pass = pass();
    forged_pass[12] ^= 1;
    let strangers = snapshot_by(&SigningKey::from_seed([8; 32]), NOW, DAY, &holder(&device()));
    let present = |snapshot: &[u8]| presented(&now, &[], snapshot, &device());
    let mut stories = vec![
        ok("presentation: P-256", &good, NOW),
        ok("presentation: Ed25519", &of_ed25519, NOW),
        ok("presentation: 60 s old", &good, NOW + 60),
        ok("presentation: 60 s in the future", &presentation_at(NOW + 60), NOW),
        Story { max_proof_age: 5, ..ok("presentation: window of 5 s, 5 s old", &good, NOW + 5) },
        Story {
            max_proof_age: 5,
            ..Story::new("presentation: window of 5 s, 6 s old").refused(&good, NOW + 6, "proof_stale")
        },
        ok("presentation: pass without a revocation index", &present(&snapshot(&holder(&device()))), NOW),
        Story::new("presentation: answers a challenge")
            .verified(&answer, NOW, "unknown", "unknown")
            .answering("c0ffee11"),
        Story::new("presentation: answers a challenge of 16 bytes")
            .verified(&longest, NOW, "unknown", "unknown")
            .answering(&"ab".repeat(16)),
        Story::new("presentation: on the last second of the pass").verified(
            &presentation_at(NOW + 30 * DAY + 60),
            NOW + 30 * DAY + 60,
            "unknown",
            "unknown",
        ),
        Story::new("presentation: a second after the pass").refused(
            &presentation_at(NOW + 30 * DAY + 61),
            NOW + 30 * DAY + 61,
            "expired",
        ),
        Story::new("presentation: the pass is not valid yet").refused(
            &presentation_at(NOW - 61),
            NOW - 61,
            "not_yet_valid",
        ),
        bad("pass: without its proof", &pass(), "proof_missing"),
        bad("pass: of Ed25519, without its proof", &pass_of(&ed25519_device(), 1), "proof_missing"),
        Story::new("presentation: 61 s old").refused(&good, NOW + 61, "proof_stale"),
        Story::new("presentation: replayed the next day").refused(&good, NOW + DAY, "proof_stale"),
        bad("presentation: 61 s in the future", &presentation_at(NOW + 61), "proof_not_yet_valid"),
        bad("presentation: by another device", &presented(&now, &[], &pass(), &other_device()), "proof_invalid"),
        bad("presentation: by an Ed25519 device", &presented(&now, &[], &pass(), &ed25519_device()), "proof_invalid"),
        bad("presentation: the proof of another pass", &borrowed, "proof_invalid"),
        bad("presentation: time changed", &changed(1), "proof_invalid"),
        bad("presentation: signature changed", &changed(good.len() - 1), "proof_invalid"),
        bad("presentation: s is the high one", &ends(&high_s), "proof_invalid"),
        bad("presentation: signature of zeros", &ends(&[0; 64]), "proof_invalid"),
        bad("presentation: signature of ones", &ends(&[0xff; 64]), "proof_invalid"),
        bad("presentation: signed without a context", &without_context, "proof_invalid"),
        bad("presentation: signed as a snapshot", &as_snapshot, "proof_invalid"),
        bad("presentation: of a bearer snapshot", &present(&bearer()), "proof_invalid"),
        bad("presentation: of a presentation", &present(&good), "malformed"),
        bad("presentation: of nothing", &present(&[]), "malformed"),
        bad("presentation: of a trust bundle", &present(&usual_bundle()), "malformed"),
        bad("presentation: pass altered", &present(&forged_pass), "bad_signature"),
        bad("presentation: pass of a stranger", &present(&strangers), "unknown_key"),
        bad("presentation: time padded", &presented(&[0x80, 0x80, 0x00], &[], &pass(), &device()), "malformed"),
        bad("presentation: time of 11 bytes", &presented(&[0xff; 11], &[], &pass(), &device()), "malformed"),
        bad("presentation: nothing but its kind", &[0x12], "malformed"),
        bad("presentation: nothing but a signature", &[[0x12].as_slice(), &[0; 64]].concat(), "malformed"),
        bad("presentation: larger than any", &[0x12; 2800], "malformed"),
        Story::new("challenge: none answered").refused(&good, NOW, "wrong_challenge").answering("c0ffee11"),
        Story::new("challenge: another answered").refused(&answer, NOW, "wrong_challenge").answering("c0ffee12"),
        Story::new("challenge: the start answered").refused(&answer, NOW, "wrong_challenge").answering("c0ffee1100"),
        Story::new("challenge: answered, and none set").refused(&answer, NOW, "wrong_challenge"),
        Story::new("challenge: set, and a bearer snapshot shown")
            .refused(&bearer(), NOW, "proof_missing")
            .answering("c0ffee11"),
        Story::new("challenge: set, and a pass shown").refused(&pass(), NOW, "proof_missing").answering("c0ffee11"),
    ];
    for length in [1, 2, 3, 17, 255] {
        let token = presented(&now, &vec![7; length], &pass(), &device());
        stories.push(bad(&format!("challenge: of {length} bytes"), &token, "malformed"));
    }
    stories
}

fn holder_fields() -> Vec<Story> {
    let key = device().holder_key().to_p256().expect("a P-256 key");
    let first = |byte: u8| [&[byte], &key[1..]].concat();
    let mut off_curve = key;
    // The next x above this one has no point.
    while sealcard_core::HolderKey::from_p256(&off_curve).is_ok() {
        off_curve[32] = off_curve[32].wrapping_add(1);
    }
    let bad = |name: &str, fields: &[u8]| Story::new(name).refused(&snapshot(fields), NOW, "malformed");
    let ed25519 = ed25519_device().holder_key().as_ed25519().map(|key| *key.as_bytes()).expect("an Ed25519 key");
    let mut weak = [0; 32];
    weak[0] = 1;
    vec![
        bad("holder key: not on the curve", &field(1, &off_curve)),
        bad("holder key: compact form", &field(1, &first(5))),
        bad("holder key: first byte 4", &field(1, &first(4))),
        bad("holder key: first byte 0", &field(1, &first(0))),
        bad("holder key: x beyond the prime", &field(1, &[&[2][..], &[0xff; 32]].concat())),
        bad("holder key: 32 bytes", &field(1, &key[..32])),
        bad("holder key: 34 bytes", &field(1, &[&key[..], &[0]].concat())),
        bad("holder key: uncompressed", &field(1, &[[4].as_slice(), &[7; 64]].concat())),
        bad("holder key: none", &field(1, &[])),
        bad("holder key: two", &[field(1, &key), field(3, &ed25519)].concat()),
        bad("holder key: Ed25519 of small order", &field(3, &weak)),
        bad("holder key: Ed25519 of 31 bytes", &field(3, &ed25519[..31])),
        bad("revocation index: none", &field(6, &[])),
        bad("revocation index: padded", &field(6, &[0x80, 0x00])),
        bad("revocation index: 2^32", &field(6, &varint(1 << 32))),
        bad("revocation index: and one byte more", &field(6, &[7, 0])),
        Story::new("revocation index: 2^32 - 1").verified(
            &snapshot(&field(6, &varint((1 << 32) - 1))),
            NOW,
            "unknown",
            "unknown",
        ),
    ]
}

fn bundles() -> Vec<Story> {
    let usual = usual_bundle();
    let entry = || Entry::new(forge::key());
    let with = |change: &dyn Fn(&mut Entry)| {
        let mut entry = entry();
        change(&mut entry);
        bundle(1, NOW, vec![entry])
    };
    let bad = |name: &str, bytes: &[u8], code: &str| {
        Story::rooted(format!("bundle: {name}")).bundle(bytes, NOW, code).refused(&bearer(), NOW, "unknown_key")
    };
    let trusted = |name: &str| Story::rooted(name).bundle(&usual, NOW, "applied");
    let bytes = entry().bytes();
    let mut weak = bytes.clone();
    weak[..32].copy_from_slice(&[0; 32]);
    weak[0] = 1;
    let mut flipped = usual.clone();
    flipped[5] ^= 1;
    let unsigned = &usual[..usual.len() - 64];
    let two = {
        let mut entries = [entry().bytes(), Entry::new(second_key()).bytes()];
        entries.sort();
        entries.reverse();
        entries.concat()
    };
    let one = |entries: &[u8]| bundle_by(&root(), 1, NOW, 1, entries);
    let both = Story { roots: vec![next_root(), root()], ..Story::rooted("bundle: two roots, one taking over") };
    let by_next = bundle_by(&next_root(), 2, NOW + 5, 1, &bytes);
    let later = Entry { from: NOW + 10, ..entry() };
    let second = || Entry { from: NOW + 100, ..Entry::new(second_key()) };
    let ended = Entry { signing: DAY + 99, ..entry() };
    vec![
        trusted("bundle: vouches for the issuer").verified(&bearer(), NOW, "unknown", "fresh"),
        trusted("bundle: fresh for 7 days, stale after")
            .verified(&presentation_at(NOW + 7 * DAY), NOW + 7 * DAY, "unknown", "fresh")
            .verified(&presentation_at(NOW + 7 * DAY + 1), NOW + 7 * DAY + 1, "unknown", "stale"),
        trusted("bundle: the same again").bundle(&usual, NOW + 9, "unchanged").verified(
            &bearer(),
            NOW,
            "unknown",
            "fresh",
        ),
        trusted("bundle: an older one")
            .bundle(&bundle(9, NOW, vec![entry()]), NOW, "applied")
            .bundle(&usual, NOW, "rollback")
            .verified(&bearer(), NOW, "unknown", "fresh"),
        trusted("bundle: another with the same number")
            .bundle(&bundle(1, NOW + 1, vec![]), NOW + 1, "rollback")
            .verified(&bearer(), NOW, "unknown", "fresh"),
        trusted("bundle: withdraws a key")
            .verified(&bearer(), NOW, "unknown", "fresh")
            .bundle(&bundle(2, NOW + 1, vec![Entry::new(second_key())]), NOW + 1, "applied")
            .refused(&bearer(), NOW + 1, "unknown_key"),
        trusted("bundle: withdraws all").bundle(&bundle(2, NOW + 1, vec![]), NOW + 1, "applied").refused(
            &bearer(),
            NOW + 1,
            "unknown_key",
        ),
        trusted("bundle: rotates")
            .bundle(&bundle(2, NOW, vec![ended, second()]), NOW, "applied")
            .verified(&bearer(), NOW, "unknown", "fresh")
            .refused(&snapshot_by(&second_key(), NOW + 99, DAY, &[]), NOW + 99, "not_permitted")
            .verified(&snapshot_by(&second_key(), NOW + 100, DAY, &[]), NOW + 100, "unknown", "fresh")
            .verified(&snapshot_by(&forge::key(), NOW + 99, DAY, &[]), NOW + 200, "unknown", "fresh")
            .refused(&snapshot_by(&forge::key(), NOW + 100, DAY, &[]), NOW + 200, "not_permitted"),
        both.bundle(&bundle(9, NOW, vec![entry()]), NOW, "applied")
            .bundle(&by_next, NOW + 5, "applied")
            .verified(&bearer(), NOW + 5, "unknown", "fresh")
            .bundle(&bundle(4_000_000_000, NOW + 6, vec![]), NOW + 6, "rollback")
            .verified(&bearer(), NOW + 6, "unknown", "fresh"),
        Story::rooted("bundle: none yet").refused(&bearer(), NOW, "unknown_key"),
        Story::rooted("bundle: for no snapshots")
            .bundle(&with(&|entry| (entry.purposes, entry.max_ttl) = (2, None)), NOW, "applied")
            .refused(&bearer(), NOW, "not_permitted"),
        Story::rooted("bundle: for lives of at most 600 s")
            .bundle(&with(&|entry| entry.max_ttl = Some(600)), NOW, "applied")
            .verified(&bearer(), NOW, "unknown", "fresh")
            .refused(&snapshot_by(&forge::key(), NOW, 601, &[]), NOW, "not_permitted"),
        Story::rooted("bundle: for snapshots from later on")
            .bundle(&bundle(1, NOW, vec![later]), NOW, "applied")
            .refused(&bearer(), NOW, "not_permitted"),
        Story::rooted("bundle: without a name").bundle(&with(&|entry| entry.name.clear()), NOW, "applied").verified(
            &bearer(),
            NOW,
            "unknown",
            "fresh",
        ),
        Story::rooted("bundle: 60 s from the future").bundle(&bundle(1, NOW + 60, vec![entry()]), NOW, "applied"),
        bad("61 s from the future", &bundle(1, NOW + 61, vec![entry()]), "not_yet_valid"),
        bad("by an unknown root", &bundle_by(&next_root(), 1, NOW, 1, &bytes), "unknown_key"),
        bad("altered", &flipped, "bad_signature"),
        bad("signed without a context", &signed_by(&root(), b"", unsigned), "bad_signature"),
        bad("signed as a list", &signed_by(&root(), LIST, unsigned), "bad_signature"),
        bad("signed as a snapshot", &signed_by(&root(), forge::CONTEXT, unsigned), "bad_signature"),
        bad("keys not ascending", &bundle_by(&root(), 1, NOW, 2, &two), "malformed"),
        bad("the same key twice", &bundle_by(&root(), 1, NOW, 2, &[&bytes[..], &bytes].concat()), "malformed"),
        bad("for nothing", &with(&|entry| (entry.purposes, entry.max_ttl) = (0, None)), "malformed"),
        bad("for an unknown purpose", &with(&|entry| entry.purposes = 4), "malformed"),
        bad("for both and an unknown purpose", &with(&|entry| entry.purposes = 7), "malformed"),
        bad("a name of 201 bytes", &with(&|entry| entry.name = "名".repeat(67).into()), "malformed"),
        bad("a name not in NFC", &with(&|entry| entry.name = "e\u{301}".into()), "malformed"),
        bad("a name that turns the text around", &with(&|entry| entry.name = "a\u{202e}b".into()), "malformed"),
        bad("a name not in UTF-8", &with(&|entry| entry.name = vec![0xff]), "malformed"),
        bad("a life of 0 s", &with(&|entry| entry.max_ttl = Some(0)), "malformed"),
        bad("a life of over 30 days", &with(&|entry| entry.max_ttl = Some(30 * DAY + 1)), "malformed"),
        bad("signing for 2^32 s", &with(&|entry| entry.signing = 1 << 32), "malformed"),
        bad("a weak key", &one(&weak), "malformed"),
        bad("a key cut short", &one(&bytes[..20]), "malformed"),
        bad("bytes after the keys", &one(&[&bytes[..], &[0]].concat()), "malformed"),
        bad("fewer keys than it says", &bundle_by(&root(), 1, NOW, 2, &bytes), "malformed"),
        bad("more keys than it says", &bundle_by(&root(), 1, NOW, 0, &bytes), "malformed"),
        bad("65 keys", &bundle(1, NOW, many(65)), "malformed"),
        Story::rooted("bundle: 64 keys with long names").bundle(&bundle(1, NOW, many(64)), NOW, "applied"),
        bad("number 2^32", &bundle_by(&root(), 1 << 32, NOW, 1, &bytes), "malformed"),
        bad("a snapshot", &bearer(), "unsupported_version"),
        bad("a list", &list(1, NOW, &[]), "unsupported_version"),
        bad("nothing", &[], "malformed"),
        bad("too large", &vec![0x13; 16_385], "malformed"),
        Story::new("bundle: to a verifier without a root").bundle(&usual, NOW, "unknown_key").verified(
            &bearer(),
            NOW,
            "unknown",
            "unknown",
        ),
        trusted("bundle: shown as a token").refused(&usual, NOW, "unsupported_version"),
    ]
}

/// So many keys, the usual one among them, with names of 100 bytes.
fn many(count: u8) -> Vec<Entry> {
    let others = (1..count).map(|number| SigningKey::from_seed([0x80 | number; 32]));
    let named = |key| Entry { name: vec![b'n'; 100], ..Entry::new(key) };
    others.map(named).chain([Entry::new(forge::key())]).collect()
}

fn revocations() -> Vec<Story> {
    let good = list(5, NOW + 10, &[3, 77, 100]);
    let at = NOW + 10;
    let shown = presentation_at(at);
    let ed25519 = presented(&varint(at - EPOCH), &[], &pass_of(&ed25519_device(), 78), &ed25519_device());
    let bad = |name: &str, bytes: &[u8], code: &str| {
        Story::new(format!("list: {name}")).list(bytes, at, code).verified(&shown, at, "unknown", "unknown")
    };
    let of = |rest: &[u8]| list_by(&forge::key(), 5, at, rest);
    let unsigned = &good[..good.len() - 64];
    let mut flipped = good.clone();
    flipped[4] ^= 1;
    let later_pass = snapshot_by(&forge::key(), at + 1, DAY, &[holder(&device()), field(6, &[77])].concat());
    let reused = presented(&varint(at + 1 - EPOCH), &[], &later_pass, &device());
    let strangers_list = list_by(&second_key(), 1, at, &[1, 7, 77]);
    let other_issuer = Entry { name: b"Other".into(), ..Entry::new(second_key()) };
    let two_issuers = bundle(1, NOW, vec![Entry::new(forge::key()), other_issuer]);
    let no_lists = bundle(1, NOW, vec![Entry { purposes: 1, ..Entry::new(forge::key()) }]);
    let strict = |name: &str| Story { require_fresh: true, ..Story::new(name) };
    let listed = |name: &str| Story::new(name).list(&good, at, "applied");
    let same_issuer = || Entry::new(second_key());
    vec![
        listed("list: does not hold the index").verified(&ed25519, at, "fresh", "unknown"),
        listed("list: holds the index").refused(&shown, at, "revoked"),
        listed("list: and a bearer snapshot").verified(&bearer(), at, "fresh", "unknown"),
        listed("list: stale after a day, and revokes as before")
            .verified(
                &presented(&varint(at + DAY - EPOCH), &[], &pass_of(&device(), 78), &device()),
                at + DAY,
                "fresh",
                "unknown",
            )
            .verified(
                &presented(&varint(at + DAY + 1 - EPOCH), &[], &pass_of(&device(), 78), &device()),
                at + DAY + 1,
                "stale",
                "unknown",
            )
            .refused(&presentation_at(at + 9 * DAY), at + 9 * DAY, "revoked"),
        listed("list: an older one does not bring a token back")
            .list(&list(4, NOW, &[]), at, "rollback")
            .refused(&shown, at, "revoked"),
        listed("list: another with the same number")
            .list(&list(5, NOW, &[]), at, "rollback")
            .refused(&shown, at, "revoked"),
        listed("list: the same again").list(&good, at + 5, "unchanged").refused(&shown, at, "revoked"),
        listed("list: a newer one").list(&list(6, at, &[3]), at, "applied").verified(&shown, at, "fresh", "unknown"),
        listed("list: the index of a token issued after it").verified(&reused, at + 1, "fresh", "unknown"),
        Story::new("list: of no index").list(&list(1, at, &[]), at, "applied").verified(&shown, at, "fresh", "unknown"),
        Story::new("list: index 0").list(&list(1, at, &[0]), at, "applied").refused(
            &presented(&varint(at - EPOCH), &[], &pass_of(&device(), 0), &device()),
            at,
            "revoked",
        ),
        // 77 with a parameter of 5: two ones and a zero, then 13 in five bits.
        Story::new("list: a gap with ones")
            .list(&of(&[1, 5, 0b1100_1101]), at, "applied")
            .refused(&shown, at, "revoked"),
        Story::rooted("list: of another issuer")
            .bundle(&two_issuers, NOW, "applied")
            .list(&strangers_list, at, "applied")
            .verified(&shown, at, "unknown", "fresh"),
        Story::rooted("list: of another key of the issuer")
            .bundle(&bundle(1, NOW, vec![Entry::new(forge::key()), same_issuer()]), NOW, "applied")
            .list(&strangers_list, at, "applied")
            .refused(&shown, at, "revoked"),
        Story::rooted("list: by a key that may not sign lists")
            .bundle(&no_lists, NOW, "applied")
            .list(&good, at, "not_permitted")
            .verified(&shown, at, "unknown", "fresh"),
        Story::rooted("list: by a key whose time is over")
            .bundle(&bundle(1, NOW, vec![Entry { signing: DAY + 9, ..Entry::new(forge::key()) }]), NOW, "applied")
            .list(&good, at, "not_permitted"),
        Story::rooted("list: by a key that was withdrawn counts until the next, whatever its number")
            .bundle(&bundle(1, NOW, vec![Entry::new(forge::key()), same_issuer()]), NOW, "applied")
            .list(&list_by(&second_key(), 4_000_000_000, at, &[1, 7, 77]), at, "applied")
            .bundle(&bundle(2, NOW, vec![Entry::new(forge::key())]), at, "applied")
            .refused(&shown, at, "revoked")
            .list(&list(5, at, &[]), at, "applied")
            .verified(&shown, at, "fresh", "fresh"),
        strict("policy: a fresh list").list(&list(1, at, &[]), at, "applied").verified(&shown, at, "fresh", "unknown"),
        strict("policy: a stale list").list(&list(1, at, &[]), at, "applied").refused(
            &presentation_at(at + DAY + 1),
            at + DAY + 1,
            "revocation_stale",
        ),
        strict("policy: no list").refused(&shown, at, "revocation_unknown"),
        strict("policy: no list, and nothing to revoke").verified(&bearer(), at, "unknown", "unknown"),
        bad("by a stranger", &strangers_list, "unknown_key"),
        bad("altered", &flipped, "bad_signature"),
        bad("signed as a bundle", &signed_by(&forge::key(), BUNDLE, unsigned), "bad_signature"),
        bad("signed as a snapshot", &signed_by(&forge::key(), forge::CONTEXT, unsigned), "bad_signature"),
        bad("61 s from the future", &list(5, at + 61, &[77]), "not_yet_valid"),
        bad("bits left over that are not zero", &of(&[1, 5, 0b1100_1101, 1]), "malformed"),
        bad("a bit left over that is not zero", &of(&[1, 4, 0b1111_0110, 0b1100_0000]), "malformed"),
        bad("a byte left over", &of(&[1, 7, 77, 0]), "malformed"),
        bad("bytes left over after no index", &of(&[0, 0]), "malformed"),
        bad("parameter 32", &of(&[1, 32, 0, 0, 0, 0, 0]), "malformed"),
        bad("an index of 2^32", &of(&[1, 31, 0b1100_0000, 0, 0, 0, 0]), "malformed"),
        bad("more indices than it holds", &of(&[2, 7, 77]), "malformed"),
        bad("2^32 - 1 indices", &of(&[0xff, 0xff, 0xff, 0xff, 0x0f, 7, 77]), "malformed"),
        bad("no parameter", &of(&[1]), "malformed"),
        bad("count padded", &of(&[0x81, 0x00, 7, 77]), "malformed"),
        bad("number 2^32", &list_by(&forge::key(), 1 << 32, at, &[0]), "malformed"),
        bad("a snapshot", &bearer(), "unsupported_version"),
        bad("too large", &vec![0x14; 65_537], "malformed"),
        Story::new("list: shown as a token").refused(&good, NOW, "unsupported_version"),
    ]
}

fn clocks() -> Vec<Story> {
    let young = snapshot_by(&forge::key(), NOW + 1000, DAY, &[]);
    vec![
        Story::new("clock: 60 s behind what a token proved")
            .verified(&young, NOW + 1000, "unknown", "unknown")
            .verified(&snapshot(&[]), NOW + 940, "unknown", "unknown"),
        Story::new("clock: 61 s behind what a token proved")
            .verified(&young, NOW + 1000, "unknown", "unknown")
            .refused(&snapshot(&[]), NOW + 939, "clock_behind"),
        Story::new("clock: set back so that an expired token would hold")
            .verified(&young, NOW + 1000, "unknown", "unknown")
            .refused(&bearer(), NOW + 939, "clock_behind")
            .refused(&bearer(), NOW, "clock_behind"),
        Story::rooted("clock: behind a bundle")
            .bundle(&bundle(1, NOW + 5000, vec![Entry::new(forge::key())]), NOW + 5000, "applied")
            .refused(&presentation_at(NOW), NOW, "clock_behind"),
        Story::new("clock: behind a list").list(&list(1, NOW + 5000, &[]), NOW + 5000, "applied").refused(
            &presentation_at(NOW + 4939),
            NOW + 4939,
            "clock_behind",
        ),
        Story::new("clock: behind, and a newer list").list(&list(1, NOW + 5000, &[]), NOW + 5000, "applied").list(
            &list(2, NOW, &[]),
            NOW,
            "clock_behind",
        ),
        Story::new("clock: a refused token proves no time").refused(&young, NOW, "not_yet_valid").verified(
            &bearer(),
            NOW,
            "unknown",
            "unknown",
        ),
        Story::new("clock: a holder proves no time")
            .verified(&presentation_at(NOW + 60), NOW, "unknown", "unknown")
            .verified(&bearer(), NOW - 60, "unknown", "unknown"),
    ]
}

/// The outermost values that are accepted, and the innermost that are not.
fn bounds() -> Vec<Story> {
    let now = varint(NOW - EPOCH);
    let ok = |name: &str, token: &[u8]| Story::new(format!("bound: {name}")).verified(token, NOW, "unknown", "unknown");
    let bad = |name: &str, token: &[u8], code: &str| Story::new(format!("bound: {name}")).refused(token, NOW, code);
    // Even and odd: a device key of each sign of y.
    let odd = (1..=u8::MAX)
        .filter_map(|number| DeviceKey::p256_from_secret(&[number; 32]).ok())
        .find(|device| device.holder_key().to_p256().is_some_and(|key| key[0] == 3))
        .expect("half of all");
    let of_odd = presented(&now, &[], &pass_of(&odd, 5), &odd);
    let mut of_ed25519 = presented(&now, &[], &pass_of(&ed25519_device(), 1), &ed25519_device());
    let last = of_ed25519.len() - 1;
    of_ed25519[last] ^= 1;
    // 5 is an x of the curve; 5 and the field's prime is the same number, spelt otherwise.
    let beyond = [&hex("ffffffff00000001000000000000000000000001000000000000000000000004")[..]].concat();
    let non_canonical = [&[0xee][..], &[0xff; 30], &[0x7f]].concat();
    let mut no_point = [2; 32];
    no_point[31] = 0;
    let (largest, too_large) = (pass_of_len(2048), pass_of_len(2049));
    let usual = || Entry::new(forge::key());
    let taken = |name: &str, bytes: &[u8]| Story::rooted(format!("bound: {name}")).bundle(bytes, NOW, "applied");
    let listed = |name: &str, bytes: &[u8]| Story::new(format!("bound: {name}")).list(bytes, NOW, "applied");
    let list_of = |epoch: u64, rest: &[u8]| list_by(&forge::key(), epoch, NOW, rest);
    let strict = |name: &str| Story { leeway: 0, ..Story::new(format!("bound: leeway 0, {name}")) };
    let pass_at = presentation_at(NOW);
    vec![
        ok("a holder key with an odd y", &of_odd),
        bad("an Ed25519 device's signature changed", &of_ed25519, "proof_invalid"),
        bad(
            "a holder key's x beyond the prime, and of the curve",
            &snapshot(&field(1, &[&[2][..], &beyond].concat())),
            "malformed",
        ),
        bad("an Ed25519 holder key, not canonical", &snapshot(&field(3, &non_canonical)), "malformed"),
        bad("an Ed25519 holder key, no point", &snapshot(&field(3, &no_point)), "malformed"),
        ok("the largest pass", &presented(&now, &[], &largest, &device())),
        bad("a pass one byte too large", &presented(&now, &[], &too_large, &device()), "malformed"),
        bad("a pass of 65 bytes", &presented(&now, &[], &pass()[..65], &device()), "malformed"),
        Story::new("bound: a presentation at the end of time").refused(
            &presented(&varint(u64::MAX - EPOCH), &[], &pass(), &device()),
            NOW,
            "proof_not_yet_valid",
        ),
        bad(
            "a presentation beyond the end of time",
            &presented(&varint(u64::MAX - EPOCH + 1), &[], &pass(), &device()),
            "malformed",
        ),
        taken("a bundle's number 0", &bundle(0, NOW, vec![usual()])),
        taken("a bundle's number 2^32 - 1", &bundle((1 << 32) - 1, NOW, vec![usual()])),
        taken("a name of 200 bytes", &bundle(1, NOW, vec![Entry { name: "é".repeat(100).into(), ..usual() }])),
        taken("a longest life of 1 s", &bundle(1, NOW, vec![Entry { max_ttl: Some(1), ..usual() }])),
        taken("signing for 2^32 - 1 s", &bundle(1, NOW, vec![Entry { signing: (1 << 32) - 1, ..usual() }])).verified(
            &bearer(),
            NOW,
            "unknown",
            "fresh",
        ),
        taken("signing for 0 s", &bundle(1, NOW, vec![Entry { from: NOW, signing: 0, ..usual() }])).verified(
            &bearer(),
            NOW,
            "unknown",
            "fresh",
        ),
        Story::rooted("bound: a bundle of 65 bytes").bundle(&[&[0x13][..], &[0; 64]].concat(), NOW, "malformed"),
        Story::rooted("bound: a bundle of one byte, which says list").bundle(&[0x14], NOW, "unsupported_version"),
        listed("a list's number 0", &list_of(0, &[0])),
        listed("a list's number 2^32 - 1", &list_of((1 << 32) - 1, &[0])),
        // 2^32 - 1 with a parameter of 31: one, zero, and 31 ones.
        listed("the index 2^32 - 1 in a list", &list_of(1, &[1, 31, 0b1011_1111, 0xff, 0xff, 0xff, 0b1000_0000]))
            .refused(&presented(&now, &[], &pass_of(&device(), (1 << 32) - 1), &device()), NOW, "revoked"),
        listed("a list of the second in which the pass was issued", &list(1, NOW, &[77]))
            .refused(&pass_at, NOW, "revoked"),
        Story::new("bound: a list 60 s from the future").list(&list(1, NOW + 60, &[77]), NOW, "applied"),
        Story::new("bound: a list at 60 s behind what was proven").list(&list(1, NOW, &[]), NOW, "applied").list(
            &list(2, NOW, &[]),
            NOW - 60,
            "applied",
        ),
        strict("a proof of now").verified(&pass_at, NOW, "unknown", "unknown"),
        strict("a proof 1 s from the future").refused(&presentation_at(NOW + 1), NOW, "proof_not_yet_valid"),
        strict("a clock 1 s behind")
            .verified(&snapshot_by(&forge::key(), NOW + 10, DAY, &[]), NOW + 10, "unknown", "unknown")
            .refused(&snapshot(&[]), NOW + 9, "clock_behind"),
        strict("a list 1 s from the future").list(&list(1, NOW + 1, &[]), NOW, "not_yet_valid"),
        Story { leeway: 0, ..Story::rooted("bound: leeway 0, a bundle 1 s from the future") }.bundle(
            &bundle(1, NOW + 1, vec![usual()]),
            NOW,
            "not_yet_valid",
        ),
    ]
}

fn hex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex")).collect()
}

/// A pass of so many bytes, filled with fields that nobody knows.
fn pass_of_len(len: usize) -> Vec<u8> {
    let filled = |last: usize| {
        let fillers = (4..11).flat_map(|n| field(2 * n, &[0; 240]));
        snapshot(&[holder(&device()), fillers.collect(), field(40, &vec![0; last])].concat())
    };
    let pass = filled(len - filled(0).len());
    assert_eq!(pass.len(), len);
    pass
}

/// Two checks fail, and the first of them speaks.
fn orders() -> Vec<Story> {
    let at = NOW + 10;
    let now = varint(at - EPOCH);
    let future = snapshot_by(&forge::key(), NOW + 9000, DAY, &[]);
    let proven = || Story::new("").verified(&future, NOW + 9000, "unknown", "unknown");
    let order = |name: &str, story: Story| Story { name: format!("order: {name}"), ..story };
    let by_thief = presented(&now, &[], &pass(), &other_device());
    let revoking = || Story::new("").list(&list(1, at, &[77]), at, "applied");
    let short = snapshot_by(&forge::key(), NOW, 60, &[holder(&device()), field(6, &[77])].concat());
    let lists_only = bundle(1, NOW, vec![Entry { purposes: 2, max_ttl: None, ..Entry::new(forge::key()) }]);
    let snapshots_only = bundle(1, NOW, vec![Entry { purposes: 1, ..Entry::new(forge::key()) }]);
    let mut altered = pass();
    altered[12] ^= 1;
    let challenge = [0xc0, 0xff, 0xee, 0x11];
    let mut broken_holder = [holder(&device()), field(7, &[])].concat();
    broken_holder[2] = 9;
    let strict = Story { require_fresh: true, ..revoking() };
    let trusting = |bundle: &[u8]| Story::rooted("").bundle(bundle, NOW, "applied");
    let fifth = || trusting(&bundle(5, NOW, vec![]));
    let badly_signed = signed_by(&root(), LIST, &[&[0x13, forge::hint(&root())][..], &[0xff; 9]].concat());
    vec![
        order("permission, then proof", trusting(&lists_only)).refused(&by_thief, at, "not_permitted"),
        order("proof, then clock", proven()).refused(&by_thief, at, "proof_invalid"),
        order("clock, then validity", proven()).refused(
            &snapshot_by(&forge::key(), NOW - DAY, 60, &[]),
            at,
            "clock_behind",
        ),
        order("clock, then age of the proof", proven()).refused(&presentation_at(NOW - 100), at, "clock_behind"),
        order("validity, then age of the proof", Story::new("")).refused(
            &presented(&varint(NOW - EPOCH), &[], &short, &device()),
            NOW + 121,
            "expired",
        ),
        order("validity, then revocation", revoking()).refused(
            &presented(&varint(NOW + 121 - EPOCH), &[], &short, &device()),
            NOW + 121,
            "expired",
        ),
        order("age of the proof, then revocation", revoking()).refused(&presentation_at(NOW), at + 100, "proof_stale"),
        order("revocation, then its age", strict).refused(&presentation_at(at + 2 * DAY), at + 2 * DAY, "revoked"),
        order("signature, then missing proof", Story::new("")).refused(&altered, at, "bad_signature"),
        order("signature, then challenge", Story::new(""))
            .refused(&presented(&now, &challenge, &altered, &device()), at, "bad_signature")
            .answering("c0ffee12"),
        order("proof, then challenge", Story::new(""))
            .refused(&presented(&now, &challenge, &pass(), &other_device()), at, "proof_invalid")
            .answering("c0ffee12"),
        order("unknown field, then a broken one", Story::new("")).refused(
            &snapshot(&broken_holder),
            at,
            "unsupported_version",
        ),
        order("a bundle's signature, then its form", Story::rooted("")).bundle(&badly_signed, NOW, "bad_signature"),
        order("a bundle's form, then its time", fifth()).bundle(
            &bundle_by(&root(), 6, NOW + DAY, 1, &[0]),
            NOW,
            "malformed",
        ),
        order("a bundle's time, then its number", fifth()).bundle(&bundle(1, NOW + 61, vec![]), NOW, "not_yet_valid"),
        order("the clock, then a bundle's time", fifth()).bundle(&bundle(6, NOW, vec![]), NOW - 61, "clock_behind"),
        order("a list's form, then its signer's purpose", trusting(&snapshots_only)).list(
            &list_by(&forge::key(), 1, NOW + DAY, &[9]),
            NOW,
            "malformed",
        ),
        order("a list's signer's purpose, then its time", trusting(&snapshots_only)).list(
            &list(1, NOW + DAY, &[]),
            NOW,
            "not_permitted",
        ),
        order("a list's time, then its number", revoking()).list(&list(0, at + 61, &[]), at, "not_yet_valid"),
    ]
}

/// Whose list it is, what raises the floor, and what a stolen key can do.
fn issuers() -> Vec<Story> {
    let at = NOW + 10;
    let shown = presentation_at(at);
    let both = |epoch| bundle(epoch, NOW, vec![Entry::new(forge::key()), Entry::new(second_key())]);
    let renamed = bundle(2, at, vec![Entry { name: b"Example 2".into(), ..Entry::new(forge::key()) }]);
    let nameless = |key| Entry { name: Vec::new(), ..Entry::new(key) };
    let two_nameless = bundle(1, NOW, vec![nameless(forge::key()), nameless(second_key())]);
    let last_word = list_by(&second_key(), (1 << 32) - 1, at, &[0]);
    let demoted = bundle(2, at, vec![Entry::new(forge::key()), Entry { purposes: 1, ..Entry::new(second_key()) }]);
    let revoking = |epoch, at| list(epoch, at, &[77]);
    let young = snapshot_by(&forge::key(), NOW + 1000, DAY, &[]);
    let rooted = |name: &str, bundle: &[u8]| Story::rooted(name).bundle(bundle, NOW, "applied");
    vec![
        rooted("issuer: renamed, and its list with it", &usual_bundle())
            .list(&revoking(5, at), at, "applied")
            .bundle(&renamed, at, "applied")
            .refused(&shown, at, "revoked")
            .list(&list(4, at, &[]), at, "rollback"),
        rooted("issuer: gone from the bundle, and its list with it", &usual_bundle())
            .list(&revoking(5, at), at, "applied")
            .bundle(&bundle(2, at, vec![]), at, "applied")
            .bundle(&bundle(3, at, vec![Entry::new(forge::key())]), at, "applied")
            .verified(&shown, at, "unknown", "fresh"),
        rooted("issuer: one number for all keys of one name", &both(1))
            .list(&revoking(9, at), at, "applied")
            .list(&list_by(&second_key(), 8, at, &[0]), at, "rollback")
            .refused(&shown, at, "revoked"),
        rooted("issuer: keys without a name are of one", &two_nameless)
            .list(&list_by(&second_key(), 1, at, &[1, 7, 77]), at, "applied")
            .refused(&shown, at, "revoked"),
        rooted("stolen key: a list of an older date does not count, whatever its number", &both(1))
            .list(&revoking(5, at), at, "applied")
            .list(&list_by(&second_key(), (1 << 32) - 1, at - 1, &[0]), at, "rollback")
            .refused(&shown, at, "revoked"),
        rooted("stolen key: withdrawn, and an old list of the good key's is no way back", &both(1))
            .list(&last_word, at, "applied")
            .bundle(&bundle(2, at, vec![Entry::new(forge::key())]), at, "applied")
            .list(&revoking(1, at - 1), at, "rollback")
            .list(&revoking(6, at), at, "applied")
            .refused(&shown, at, "revoked"),
        rooted("stolen key: may sign no more lists, and its number counts no more", &both(1))
            .list(&last_word, at, "applied")
            .bundle(&demoted, at, "applied")
            .list(&revoking(6, at), at, "applied")
            .refused(&shown, at, "revoked"),
        rooted(
            "list: by a key before its time",
            &bundle(1, NOW, vec![Entry { from: at + 1, ..Entry::new(forge::key()) }]),
        )
        .list(&list(1, at, &[]), at, "not_permitted"),
        rooted(
            "list: in the first and last second of its key",
            &bundle(1, NOW, vec![Entry { from: at, signing: 0, ..Entry::new(forge::key()) }]),
        )
        .list(&list(1, at, &[]), at, "applied"),
        Story::new("floor: does not fall")
            .verified(&young, NOW + 1000, "unknown", "unknown")
            .verified(&snapshot(&[]), NOW + 1000, "unknown", "unknown")
            .list(&list(1, NOW, &[]), NOW + 1000, "applied")
            .refused(&snapshot(&[]), NOW + 500, "clock_behind"),
        Story::new("floor: is not the time of verifying")
            .list(&list(1, NOW, &[]), NOW + 5000, "applied")
            .list(&list(1, NOW, &[]), NOW + 5000, "unchanged")
            .verified(&snapshot(&[]), NOW + 5000, "fresh", "unknown")
            .verified(&snapshot(&[]), NOW + 5, "fresh", "unknown"),
        Story::new("floor: a list that is refused does not raise it")
            .list(&list(9, NOW, &[]), NOW, "applied")
            .list(&list(1, NOW + 5000, &[]), NOW + 5000, "rollback")
            .verified(&snapshot(&[]), NOW + 5, "fresh", "unknown"),
        rooted("floor: a bundle that is refused does not raise it", &bundle(9, NOW, vec![Entry::new(forge::key())]))
            .bundle(&bundle(1, NOW + 5000, vec![]), NOW + 5000, "rollback")
            .verified(&snapshot(&[]), NOW + 5, "unknown", "fresh"),
    ]
}
