//! What a verification costs in Rust: a line for each kind, with its name and microseconds. `scripts/bench-apps` puts it beside
//! Swift and Kotlin, which measure the same.

use std::hint::black_box;
use std::time::Instant;

use sealcard_core::{TrustStore, UnixTime, Verifier};
use sealcard_tests::vectors;
use serde_json::Value;

fn main() {
    let read = |name: &str| -> Value {
        let text = std::fs::read_to_string(vectors::folder().join(name)).expect("a file of vectors");
        serde_json::from_str(&text).expect("JSON")
    };
    let jwks = read("trust.json")["example"].to_string();
    let find = |file: &str, name: &str, member: &str| {
        let vectors = read(file);
        let vector = vectors.as_array().expect("vectors").iter().find(|vector| vector["name"] == name);
        vector.expect("the vector")[member].as_str().expect("a text").to_owned()
    };
    let bearer = find("valid.json", "every field", "text");
    let presentation = find("passes.json", "P-256", "presentation");
    let mut verifier = Verifier::new(TrustStore::from_jwks(&jwks).expect("a JWK set"));
    let now = UnixTime::from_secs(1_800_000_000);
    for (name, text) in [("bearer", bearer), ("presentation", presentation)] {
        let mut verify = |count: u32| {
            let start = Instant::now();
            for _ in 0..count {
                black_box(verifier.verify(black_box(&text), now)).expect("a valid token");
            }
            start.elapsed().as_secs_f64() * 1e6 / f64::from(count)
        };
        verify(2_000);
        println!("{name} {:.1}", verify(5_000));
    }
}
