//! Turns the JSON vectors into Rust, so that the program need not parse them, and tells the linker where memory is.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde_json::Value;

fn main() {
    let folder = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo"));
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rerun-if-changed=../vectors");

    let vectors = folder.join("../vectors");
    let mut rust = String::from("pub static TRUST: &[(&str, &str)] = &[\n");
    for (name, set) in read(&vectors, "trust.json").as_object().expect("an object") {
        writeln!(rust, "    ({name:?}, {:?}),", set.to_string()).expect("a String");
    }
    rust.push_str("];\npub static VECTORS: &[Vector] = &[\n");
    for file in ["valid.json", "invalid.json"] {
        for vector in read(&vectors, file).as_array().expect("an array") {
            writeln!(
                rust,
                "    Vector {{ name: {:?}, text: {:?}, bytes: &{:?}, now: {}, leeway: {}, trust: {:?}, link_host: {:?}, outcome: {} }},",
                vector["name"].as_str().expect("a name"),
                vector["text"].as_str(),
                bytes(vector["bytes"].as_str().unwrap_or_default()),
                vector["now"],
                vector["leeway"],
                vector["trust"].as_str().expect("a name"),
                vector["linkHost"].as_str(),
                match vector["error"].as_str() {
                    Some(code) => format!("Err({code:?})"),
                    None => format!("Ok({:?})", vector["expected"]["profile"]["displayName"].as_str().expect("a name")),
                },
            )
            .expect("a String");
        }
    }
    rust.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("vectors.rs"), rust).expect("writable");
}

fn read(folder: &Path, name: &str) -> Value {
    let text = fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal")).collect()
}
