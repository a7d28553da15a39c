//! Writes the shared test vectors: `cargo run -p sealcard-tests --bin vectors`. A test checks that they are current.

use std::fs;

use sealcard_tests::vectors;

fn main() {
    for (name, content) in vectors::files() {
        let path = vectors::folder().join(name);
        fs::write(&path, content).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        println!("wrote {}", path.display());
    }
}
