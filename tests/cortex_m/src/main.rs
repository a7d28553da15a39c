//! Verifies every test vector on a Cortex-M4, and measures what memory one verification takes at most.

#![no_std]
#![no_main]

extern crate alloc;

mod memory;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use sealcard_core::{LinkHost, TrustStore, UnixTime, UnverifiedSnapshot, VerifiedSnapshot, Verifier, VerifyError};

include!(concat!(env!("OUT_DIR"), "/vectors.rs"));

/// A test vector: a payload as text or as bytes, and what a verifier must say.
pub struct Vector {
    name: &'static str,
    text: Option<&'static str>,
    bytes: &'static [u8],
    now: u64,
    leeway: u32,
    trust: &'static str,
    link_host: Option<&'static str>,
    /// The display name, or the error's code.
    outcome: Result<&'static str, &'static str>,
}

/// What verifying may take at most, in bytes.
const MAX_HEAP: usize = 16 * 1024;
const MAX_STACK: usize = 24 * 1024;

#[entry]
fn main() -> ! {
    memory::start();
    let (mut heap, mut stack, mut failed) = (0, 0, 0);
    for vector in VECTORS {
        let Some(mut verifier) = verifier(vector) else {
            hprintln!("cortex-m4: {}: the trust file does not parse", vector.name);
            failed += 1;
            continue;
        };
        let mark = memory::mark();
        let verified = verify(&mut verifier, vector);
        let used = mark.used();
        (heap, stack) = (heap.max(used.heap), stack.max(used.stack));
        let outcome = verified.as_ref().map(|verified| verified.profile().display_name.as_str());
        if outcome.map_err(|error| error.code().as_str()) != vector.outcome {
            hprintln!("cortex-m4: {}: {:?} instead of {:?}", vector.name, verified.err(), vector.outcome);
            failed += 1;
        }
    }
    hprintln!(
        "cortex-m4: {} vectors, {} wrong; to verify: at most {} bytes of heap and {} of stack",
        VECTORS.len(),
        failed,
        heap,
        stack
    );
    let ok = failed == 0 && heap < MAX_HEAP && stack < MAX_STACK;
    debug::exit(if ok { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    loop {}
}

fn verifier(vector: &Vector) -> Option<Verifier> {
    let (_, set) = TRUST.iter().find(|(name, _)| *name == vector.trust)?;
    let verifier = Verifier::new(TrustStore::from_jwks(set).ok()?).with_leeway(vector.leeway);
    match vector.link_host {
        Some(host) => Some(verifier.with_link_host(LinkHost::parse(host).ok()?)),
        None => Some(verifier),
    }
}

#[inline(never)]
fn verify(verifier: &mut Verifier, vector: &Vector) -> Result<VerifiedSnapshot, VerifyError> {
    let now = UnixTime::from_secs(vector.now);
    match vector.text {
        Some(text) => verifier.verify(text, now),
        None => verifier.verify_snapshot(&UnverifiedSnapshot::from_bytes(vector.bytes)?, None, now),
    }
}

#[panic_handler]
fn panic(panic: &core::panic::PanicInfo<'_>) -> ! {
    hprintln!("{}", panic);
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}
