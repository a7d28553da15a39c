//! Makes the text coder's tables from the training texts: `cargo run -p sealcard-training`.
//!
//! Writes `core/src/wire/text/tables.rs`; with `--check` only compares. The same texts give the same tables, byte for
//! byte: nothing here depends on hashes, threads or floating point.

mod corpus;
mod quantize;
mod table;
mod tree;

use std::path::Path;

/// How many entries the tables may have.
const MAX_ENTRIES: usize = 10_000;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trees = tree::Trees::grow(&corpus::read(folder));
    trees.prune(MAX_ENTRIES);
    let tables = table::write(&trees);
    let file = folder.join("../src/wire/text/tables.rs");
    if std::env::args().any(|argument| argument == "--check") {
        let current = std::fs::read_to_string(&file).expect("the tables are there");
        assert!(current == tables, "the tables are not what the training texts give: cargo run -p sealcard-training");
    } else {
        std::fs::write(&file, tables).expect("the tables can be written");
    }
    println!("{} entries in {} contexts", trees.entries(), trees.contexts());
}
