//! The core's cost as ratios to raw Ed25519, measured in the same run: `cargo bench -p sealcard-tests --bench core`.
//!
//! Rounds of all measurements are interleaved and the medians compared, so that whatever else the machine does touches
//! them alike. Every round runs at another depth of the stack: where its temporaries lie decides how fast the same curve
//! arithmetic is, by up to a fifth, and anything before it (an environment variable will do) moves them.

mod peers;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use p256::ecdsa::signature::Verifier as _;
use sealcard_core::qr::QrMatrix;
use sealcard_core::{
    DeviceKey, ErrorCorrection, Issuer, Pass, Profile, QrSize, RevocationList, Snapshot, TrustAnchor, TrustStore, Ttl,
    UnixTime, Verifier,
};
use sealcard_tests::profiles;

const ROUNDS: usize = 401;
const CALLS: u32 = 50;
const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);
const SEED: [u8; 32] = [7; 32];

fn main() {
    println!("| profile | bytes | characters | QR version | decode + verify | encode + sign |");
    println!("|---|---|---|---|---|---|");
    for (name, profile) in [
        ("minimal", profiles::minimal()),
        ("typical", profiles::typical()),
        ("international", profiles::international()),
    ] {
        measure(name, &profile);
    }
    println!("\nRatios: decode + verify to raw `verify_strict` with a parsed key, encode + sign to raw sign.\n");
    present();
    compare();
}

/// Presentations, against what no verifier can do without: one Ed25519 and one device signature.
fn present() {
    println!("| presentation of the typical profile | bytes | QR version at M | verify | present |");
    println!("|---|---|---|---|---|");
    let p256 = DeviceKey::p256_from_secret(&[9; 32]).expect("a number of the group");
    let ed25519 = DeviceKey::from_ed25519(sealcard_core::SigningKey::from_seed([9; 32]));
    let listed = RevocationList::new(1, NOW, 86_400, (0..1_000).map(|n| n * 1_000 + 1).collect());
    for (name, device, list) in
        [("P-256", &p256, None), ("P-256, a list of 1,000", &p256, Some(&listed)), ("Ed25519", &ed25519, None)]
    {
        let issuer = Issuer::new(sealcard_core::SigningKey::from_seed(SEED));
        let mut snapshot = Snapshot::new(profiles::typical(), NOW, Ttl::from_secs(864_000).expect("in range"));
        (snapshot.holder_key, snapshot.revocation_index) = (Some(device.holder_key()), Some(1_000_000));
        let pass = Pass::from_text(&issuer.issue(&snapshot).expect("it fits").to_text()).expect("a pass");
        let make = || pass.present(NOW, None).expect("in time").sign(device).expect("its device");
        let (token, text) = (make(), make().to_text());
        let mut verifier =
            Verifier::new(TrustStore::new(vec![TrustAnchor::new(None, issuer.verifying_key())]).expect("one key"));
        if let Some(list) = list {
            let list = list.sign(issuer.signing_key()).expect("it fits").to_text();
            verifier.update_revocation_list(&list, NOW).expect("a good list");
        }
        let raw_public = SigningKey::from_bytes(&SEED).verifying_key();
        let raw_signature = SigningKey::from_bytes(&SEED).sign(b"the snapshot");
        let (p256_key, p256_signature) = raw_p256();
        let [raw_ed25519, raw_p256, verify, present] = medians([
            &mut || raw_verify_once(&raw_public, b"the snapshot", &raw_signature),
            &mut || p256_key.verify(black_box(b"the presentation"), black_box(&p256_signature)).expect("valid"),
            &mut || {
                black_box(verifier.verify(black_box(&text), NOW).expect("valid"));
            },
            &mut || {
                black_box(make());
            },
        ]);
        let raw = raw_ed25519 + if name == "Ed25519" { raw_ed25519 } else { raw_p256 };
        let size = QrSize::of_text(&text, ErrorCorrection::M).expect("it fits");
        println!(
            "| {name} | {} | {} | {:.2} ({verify:.0} / {raw:.0} µs) | {present:.0} µs |",
            token.as_bytes().len(),
            size.version(),
            verify / raw,
        );
    }
    println!("\nRatio: to one raw `verify_strict` and one raw verification of the device's signature.\n");
}

fn raw_p256() -> (p256::ecdsa::VerifyingKey, p256::ecdsa::Signature) {
    let key = p256::ecdsa::SigningKey::from_slice(&[9; 32]).expect("a number of the group");
    (*key.verifying_key(), key.sign(b"the presentation"))
}

/// Sizes on the held-out profiles, times on the typical one: characters and QR version at M are medians of each bucket.
fn compare() {
    const BUCKETS: [&str; 4] = ["minimal", "typical", "rich", "international"];
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/training/held-out.jsonl");
    let mut profiles: BTreeMap<String, Vec<Profile>> = BTreeMap::new();
    for line in std::fs::read_to_string(path).expect("the held-out profiles").lines() {
        let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let bucket = value["bucket"].as_str().expect("a bucket").to_owned();
        profiles.entry(bucket).or_default().push(serde_json::from_str(line).expect("a profile"));
    }
    println!("| format | {} | decode + verify | encode + sign |", BUCKETS.join(" | "));
    println!("|---|---|---|---|---|---|---|");
    let profile = profiles::typical();
    for peer in peers::all() {
        let text = (peer.issue)(&profile);
        let [verify, sign] = medians([&mut || (peer.verify)(black_box(&text)), &mut || {
            black_box((peer.issue)(black_box(&profile)));
        }]);
        let sizes = BUCKETS.map(|bucket| {
            let texts: Vec<_> = profiles[bucket].iter().map(|profile| (peer.issue)(profile)).collect();
            let version = |text: &String| QrSize::of_text(text, ErrorCorrection::M).map_or(41, |size| size.version());
            let characters = median(texts.iter().map(String::len).collect());
            format!("{characters} ch, V{}", median(texts.iter().map(version).collect()))
        });
        println!("| {} | {} | {verify:.0} µs | {sign:.0} µs |", peer.name, sizes.join(" | "));
    }
}

fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

fn measure(name: &str, profile: &Profile) {
    let issuer = Issuer::new(sealcard_core::SigningKey::from_seed(SEED));
    let snapshot = Snapshot::new(profile.clone(), NOW, Ttl::from_secs(600).expect("in range"));
    let token = issuer.issue(&snapshot).expect("it fits");
    let text = token.to_text();
    let anchor = TrustAnchor::new(None, issuer.verifying_key());
    let mut verifier = Verifier::new(TrustStore::new(vec![anchor]).expect("one key"));

    let raw_key = SigningKey::from_bytes(&SEED);
    let raw_public = raw_key.verifying_key();
    let message = &token.as_bytes()[..token.as_bytes().len() - 64];
    let raw_signature = raw_key.sign(message);

    let [raw_verify, verify, raw_sign, sign] = medians([
        &mut || raw_verify_once(&raw_public, message, &raw_signature),
        &mut || {
            black_box(verifier.verify(black_box(&text), NOW).expect("valid"));
        },
        &mut || {
            black_box(raw_key.sign(black_box(message)));
        },
        &mut || {
            black_box(issuer.issue(black_box(&snapshot)).expect("it fits").to_text());
        },
    ]);
    println!(
        "| {name} | {} | {} | {} | {:.2} ({:.1} / {:.1} µs) | {:.2} ({:.1} / {:.1} µs) |",
        token.as_bytes().len(),
        text.len(),
        QrMatrix::new(&text).expect("it fits").version(),
        verify / raw_verify,
        verify,
        raw_verify,
        sign / raw_sign,
        sign,
        raw_sign,
    );
}

/// Not inlined: its cost depends on where the compiler puts it.
#[inline(never)]
fn raw_verify_once(key: &VerifyingKey, message: &[u8], signature: &Signature) {
    key.verify_strict(black_box(message), black_box(signature)).expect("valid");
}

/// The median microseconds of a call of each.
fn medians<const N: usize>(mut calls: [&mut dyn FnMut(); N]) -> [f64; N] {
    let mut times = [const { Vec::new() }; N];
    for round in 0..ROUNDS {
        for (call, times) in calls.iter_mut().zip(&mut times) {
            at_depth(round, &mut || {
                let began = Instant::now();
                for _ in 0..CALLS {
                    call();
                }
                times.push(began.elapsed());
            });
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        micros(times[ROUNDS / 2])
    })
}

/// Calls from so many frames further down the stack, each of about a hundred bytes.
#[inline(never)]
fn at_depth(frames: usize, call: &mut dyn FnMut()) {
    let frame = black_box([0_u8; 64]);
    if frames == 0 {
        call();
    } else {
        at_depth(frames - 1, call);
    }
    black_box(frame);
}

fn micros(round: Duration) -> f64 {
    round.as_secs_f64() * 1e6 / f64::from(CALLS)
}
