//! The core's cost as ratios to raw Ed25519, measured in the same run: `cargo bench -p sealcard-tests --bench core`.
//!
//! Rounds of all measurements are interleaved and the medians compared, so that whatever else the machine does touches
//! them alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sealcard_core::qr::QrMatrix;
use sealcard_core::{Issuer, Profile, Snapshot, TrustAnchor, TrustStore, Ttl, UnixTime, Verifier};
use sealcard_tests::profiles;

const ROUNDS: usize = 101;
const CALLS: u32 = 200;
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
    println!("\nRatios: decode + verify to raw `verify_strict` with a parsed key, encode + sign to raw sign.");
}

fn measure(name: &str, profile: &Profile) {
    let issuer = Issuer::new(sealcard_core::SigningKey::from_seed(SEED));
    let snapshot = Snapshot::new(profile.clone(), NOW, Ttl::from_secs(600).expect("in range"));
    let token = issuer.issue(&snapshot).expect("it fits");
    let text = token.to_text();
    let anchor = TrustAnchor { issuer: None, key: issuer.verifying_key() };
    let verifier = Verifier::new(TrustStore::new(vec![anchor]).expect("one key"));

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
        "| {name} | {} | {} | {} | {:.2} ({:.1} µs to {:.1} µs) | {:.2} ({:.1} µs to {:.1} µs) |",
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
    for _ in 0..ROUNDS {
        for (call, times) in calls.iter_mut().zip(&mut times) {
            let began = Instant::now();
            for _ in 0..CALLS {
                call();
            }
            times.push(began.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        micros(times[ROUNDS / 2])
    })
}

fn micros(round: Duration) -> f64 {
    round.as_secs_f64() * 1e6 / f64::from(CALLS)
}
