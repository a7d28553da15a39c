//! The tables as they stand at the end of `docs/FORMAT.md`: compressed with zlib, in base64.

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

/// What stands around the tables.
const START: &str = "<!-- tables: made by cargo run -p sealcard-training -->\n\n```text\n";
const END: &str = "```\n";

const LINE: usize = 120;

/// The page with these tables in it.
pub fn with_tables(page: &str, tables: &[u8]) -> String {
    let (before, _, after) = parts(page);
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(tables).expect("memory");
    let text = STANDARD.encode(zlib.finish().expect("memory"));
    let lines: Vec<_> = text.as_bytes().chunks(LINE).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("{before}{START}{}\n{END}{after}", lines.join("\n"))
}

/// The tables in the page. How they are compressed may differ, so only these are compared.
pub fn tables_in(page: &str) -> Vec<u8> {
    let (_, text, _) = parts(page);
    let text: String = text.split_whitespace().collect();
    let mut tables = Vec::new();
    let zlib = STANDARD.decode(text).expect("base64 in FORMAT.md");
    ZlibDecoder::new(zlib.as_slice()).read_to_end(&mut tables).expect("zlib in FORMAT.md");
    tables
}

fn parts(page: &str) -> (&str, &str, &str) {
    let (before, rest) = page.split_once(START).expect("FORMAT.md has a place for the tables");
    let (text, after) = rest.split_once(END).expect("the tables end");
    (before, text, after)
}
