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

use sealcard_core::{Issuer, Profile, ProfileDraft, SigningKey, Snapshot, TrustStore, Ttl, UnixTime, Verifier};

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
    bare::write(&format!("no_std: ok; {issuing} bytes allocated to issue, {verifying} to verify\n"));
    Ok(())
}
