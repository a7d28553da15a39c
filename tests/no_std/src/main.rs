//! Issues and verifies with no std and no libc, which the core promises to need neither of: this program brings its own
//! entry point, memory and panic handler, for Linux on x86-64. If anything below links std, the compiler stops with
//! "duplicate lang item `panic_impl`" and names the culprit.

#![no_std]
#![no_main]

extern crate alloc;
#[cfg(feature = "with-std")]
extern crate std;

mod bare;

use alloc::format;
use alloc::vec::Vec;

use sealcard_core::{
    DeviceKey, Issuer, Pass, Profile, ProfileDraft, RevocationList, SigningKey, Snapshot, TrustAnchor, TrustBundle,
    TrustStore, Ttl, UnixTime, Verifier,
};

/// A pass, its presentation, the list that revokes it and the bundle that vouches for its issuer.
fn present(issuer: &Issuer, profile: Profile, now: UnixTime) -> Result<(), &'static str> {
    let device = DeviceKey::p256_from_secret(&[9; 32]).map_err(|_| "no device key")?;
    let mut snapshot = Snapshot::new(profile, now, Ttl::MAX);
    (snapshot.holder_key, snapshot.revocation_index) = (Some(device.holder_key()), Some(77));
    let pass = issuer.issue(&snapshot).map_err(|_| "no pass")?.to_text();
    let unsigned = Pass::from_text(&pass).map_err(|_| "not a pass")?;
    let unsigned = unsigned.present(now, None).map_err(|_| "no presentation")?;
    let shown = unsigned.sign(&device).map_err(|_| "not signed by the device")?.to_text();

    let root = SigningKey::from_seed([8; 32]);
    let mut anchor = TrustAnchor::new(None, issuer.verifying_key());
    (anchor.grant.not_before, anchor.grant.not_after) = (now, now.saturating_add(60));
    let bundle = TrustBundle::new(1, now, 60, Vec::from([anchor])).map_err(|_| "no bundle")?;
    let bundle = bundle.sign(&root).map_err(|_| "the bundle is not signed")?.to_text();
    let list = RevocationList::new(1, now, 60, Vec::from([77]));
    let list = list.sign(issuer.signing_key()).map_err(|_| "the list is not signed")?.to_text();

    let mut verifier = Verifier::with_roots(Vec::from([root.verifying_key()])).map_err(|_| "no root")?;
    verifier.update_trust_bundle(&bundle, now).map_err(|_| "the bundle is not taken")?;
    verifier.verify(&shown, now).map_err(|_| "the presentation is not verified")?;
    verifier.update_revocation_list(&list, now).map_err(|_| "the list is not taken")?;
    if verifier.verify(&shown, now).is_ok() { Err("a revoked pass was accepted") } else { Ok(()) }
}

fn main() -> Result<(), &'static str> {
    let now = UnixTime::from_secs(1_800_000_000);
    let draft = ProfileDraft {
        username: "devcard-demo".into(),
        display_name: "Алекс Chen 🦀".into(),
        bio: Some("No operating system was asked.".into()),
        ..ProfileDraft::default()
    };
    let profile = Profile::parse(draft).map_err(|_| "the profile does not parse")?;
    let issuer = Issuer::new(SigningKey::from_seed([7; 32]));
    let ttl = Ttl::from_secs(600).map_err(|_| "the life is out of range")?;
    let text = issuer.issue(&Snapshot::new(profile.clone(), now, ttl)).map_err(|_| "not issued")?.to_text();

    let issuing = bare::heap_used();
    let trust = TrustStore::from_jwks(&issuer.verifying_key().to_jwks(None)).map_err(|_| "the keys do not parse")?;
    let mut verifier = Verifier::new(trust);
    let before = bare::heap_used();
    let verified = verifier.verify(&text, now).map_err(|_| "not verified")?;
    let verifying = bare::heap_used().saturating_sub(before);
    if verified.profile() != &profile {
        return Err("another profile came back");
    }
    if verifier.verify(&text, now.saturating_add(10_000)).is_ok() {
        return Err("an expired token was accepted");
    }
    let changed = text.replace('0', "1");
    if verifier.verify(&changed, now).is_ok() {
        return Err("a changed token was accepted");
    }
    present(&issuer, profile, now)?;
    bare::write(&format!("no_std: ok; {issuing} bytes allocated to issue, {verifying} to verify\n"));
    Ok(())
}
