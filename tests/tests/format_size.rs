//! How small tokens are on profiles that the text coder was not trained on, and that every profile survives.

use std::collections::BTreeMap;

use sealcard_core::{
    DeviceKey, ErrorCorrection, Issuer, Pass, Profile, QrSize, SigningKey, Snapshot, TrustStore, Ttl, UnixTime,
    Verifier,
};
use serde_json::Value;

const NOW: UnixTime = UnixTime::from_secs(1_800_000_000);

/// A token of every profile in a file of `core/training`, verified, as bytes over the signature and the bucket.
fn sizes(file: &str) -> Vec<(String, usize)> {
    let path = format!("{}/../core/training/{file}", env!("CARGO_MANIFEST_DIR"));
    let issuer = Issuer::new(SigningKey::from_seed([7; 32]));
    let trust = TrustStore::from_jwks(&issuer.verifying_key().to_jwks(None)).unwrap();
    let mut verifier = Verifier::new(trust);
    let lines = std::fs::read_to_string(path).unwrap();
    let size = |line: &str| {
        let profile: Profile = serde_json::from_str(line).unwrap();
        let token = issuer.issue(&Snapshot::new(profile.clone(), NOW, Ttl::from_secs(600).unwrap())).unwrap();
        assert_eq!(verifier.verify(&token.to_text(), NOW).unwrap().profile(), &profile);
        let bucket = serde_json::from_str::<Value>(line).unwrap()["bucket"].as_str().unwrap_or_default().to_owned();
        (bucket, token.as_bytes().len() - 64)
    };
    lines.lines().map(size).collect()
}

#[test]
fn every_training_profile_survives() {
    assert_eq!(sizes("profiles-english.jsonl").len(), 280);
    assert_eq!(sizes("profiles-international.jsonl").len(), 214);
}

/// Medians of bytes over the signature. The limits are what the format promises for profiles as people write them.
#[test]
fn held_out_profiles_are_as_small_as_promised() {
    let mut buckets: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (bucket, size) in sizes("held-out.jsonl") {
        buckets.entry(bucket).or_default().push(size);
    }
    for (bucket, limit) in [("minimal", 36), ("typical", 126), ("rich", 228), ("international", 206)] {
        let sizes = buckets.get_mut(bucket).unwrap();
        sizes.sort_unstable();
        let median = (sizes[(sizes.len() - 1) / 2] + sizes[sizes.len() / 2]).div_ceil(2);
        assert!(median <= limit, "{bucket}: {median} bytes, but {limit} are promised");
        println!("{bucket}: {median} of {limit}");
    }
}

/// What a phone shows of a pass for ten days: the median QR code at error correction M, of profiles as people write them.
#[test]
fn a_typical_presentation_is_as_small_as_promised() {
    let path = format!("{}/../core/training/held-out.jsonl", env!("CARGO_MANIFEST_DIR"));
    let issuer = Issuer::new(SigningKey::from_seed([7; 32]));
    let device = DeviceKey::p256_from_secret(&[9; 32]).unwrap();
    let mut versions: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let mut snapshot = Snapshot::new(serde_json::from_str(line).unwrap(), NOW, Ttl::from_secs(864_000).unwrap());
        (snapshot.holder_key, snapshot.revocation_index) = (Some(device.holder_key()), Some((1 << 20) - 1));
        let pass = Pass::from_text(&issuer.issue(&snapshot).unwrap().to_text()).unwrap();
        let text = pass.present(NOW, None).unwrap().sign(&device).unwrap().to_text();
        let bucket = serde_json::from_str::<Value>(line).unwrap()["bucket"].as_str().unwrap_or_default().to_owned();
        let version = QrSize::of_text(&text, ErrorCorrection::M).unwrap().version();
        versions.entry(bucket).or_default().push(version);
    }
    for (bucket, versions) in &mut versions {
        versions.sort_unstable();
        println!("presentation, {bucket}: V{} at M", versions[versions.len() / 2]);
    }
    let typical = &versions["typical"];
    assert!(typical[typical.len() / 2] <= 13, "{typical:?}");
}
