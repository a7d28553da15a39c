//! Verifies every test vector on a Cortex-M4, lives through every story, and measures what memory one verification takes at
//! most.

#![no_std]
#![no_main]

extern crate alloc;

mod memory;

use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hprintln};
use sealcard_core::{
    Challenge, LinkHost, RevocationPolicy, TrustStore, UnixTime, UnverifiedSnapshot, Update, VerifiedSnapshot,
    Verifier, VerifyError, VerifyingKey,
};

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

/// A verifier, and what reaches it.
pub struct Story {
    name: &'static str,
    trust: Option<&'static str>,
    roots: &'static [&'static str],
    leeway: u32,
    max_proof_age: u32,
    require_fresh: bool,
    steps: &'static [Step],
}

pub struct Step {
    kind: Kind,
    text: &'static str,
    now: u64,
    challenge: Option<&'static str>,
    expect: &'static str,
}

pub enum Kind {
    Bundle,
    List,
    Token,
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
    failed += stories();
    let ok = failed == 0 && heap < MAX_HEAP && stack < MAX_STACK;
    debug::exit(if ok { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    loop {}
}

/// Lives through the stories; returns how many ended otherwise than they should.
fn stories() -> usize {
    let mut wrong = 0;
    for story in STORIES {
        let Some(mut verifier) = verifier_of(story) else {
            hprintln!("cortex-m4: {}: no verifier", story.name);
            wrong += 1;
            continue;
        };
        for step in story.steps {
            let said = outcome(&mut verifier, step);
            if said != step.expect {
                hprintln!("cortex-m4: {}: {} instead of {}", story.name, said, step.expect);
                wrong += 1;
            }
        }
    }
    hprintln!("cortex-m4: {} stories, {} steps wrong", STORIES.len(), wrong);
    wrong
}

fn verifier_of(story: &Story) -> Option<Verifier> {
    let verifier = match story.trust {
        Some(trust) => {
            let (_, set) = TRUST.iter().find(|(name, _)| *name == trust)?;
            Verifier::new(TrustStore::from_jwks(set).ok()?)
        }
        None => {
            let roots = story.roots.iter().map(|root| VerifyingKey::from_jwk(root).ok()).collect::<Option<_>>();
            Verifier::with_roots(roots?).ok()?
        }
    };
    let policy = if story.require_fresh { RevocationPolicy::RequireFresh } else { RevocationPolicy::Accept };
    let verifier = verifier.with_leeway(story.leeway).with_max_proof_age(story.max_proof_age);
    Some(verifier.with_revocation_policy(policy))
}

fn outcome(verifier: &mut Verifier, step: &Step) -> &'static str {
    let now = UnixTime::from_secs(step.now);
    let update = match step.kind {
        Kind::Bundle => verifier.update_trust_bundle(step.text, now),
        Kind::List => verifier.update_revocation_list(step.text, now),
        Kind::Token => {
            let verified = match step.challenge.and_then(|challenge| Challenge::parse(challenge).ok()) {
                Some(challenge) => verifier.verify_answer(step.text, &challenge, now),
                None => verifier.verify(step.text, now),
            };
            return verified.map_or_else(|error| error.code().as_str(), |_| "verified");
        }
    };
    match update {
        Ok(Update::Applied) => "applied",
        Ok(Update::Unchanged) => "unchanged",
        Err(error) => error.code().as_str(),
    }
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
