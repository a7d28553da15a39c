//! Makes the text coder's tables from the training texts: `cargo run -p sealcard-training`.
//!
//! Writes `core/src/wire/text/tables.rs` and the end of `docs/FORMAT.md`; with `--check` only compares. The same texts give
//! the same tables, byte for byte: nothing here depends on hashes, threads or floating point.

mod corpus;
mod format;
mod quantize;
mod table;
mod tree;

use std::fs;
use std::path::Path;

/// How many entries the tables may have.
const MAX_ENTRIES: usize = 10_000;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut trees = tree::Trees::grow(&corpus::read(folder));
    trees.prune(MAX_ENTRIES);
    let tables = table::Tables::of(&trees);
    let (rust, bytes) = (tables.to_rust(), tables.to_bytes());
    let rust_file = folder.join("../src/wire/text/tables.rs");
    let page_file = folder.join("../../docs/FORMAT.md");
    let page = fs::read_to_string(&page_file).expect("docs/FORMAT.md is there");
    if std::env::args().any(|argument| argument == "--check") {
        let current = fs::read_to_string(&rust_file).expect("the tables are there");
        let same = current == rust && format::tables_in(&page) == bytes;
        assert!(same, "the tables are not what the training texts give: cargo run -p sealcard-training");
    } else {
        fs::write(&rust_file, rust).expect("the tables can be written");
        fs::write(&page_file, format::with_tables(&page, &bytes)).expect("docs/FORMAT.md can be written");
    }
    println!("{} entries in {} contexts, {} bytes", trees.entries(), trees.contexts(), bytes.len());
}
