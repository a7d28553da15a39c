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
    rust.push_str("];\npub static STORIES: &[Story] = &[\n");
    for story in read(&vectors, "offline.json").as_array().expect("an array") {
        push_story(story, &mut rust);
    }
    rust.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("vectors.rs"), rust).expect("writable");
}

fn push_story(story: &Value, rust: &mut String) {
    let roots: Vec<_> = story["roots"].as_array().into_iter().flatten().map(Value::to_string).collect();
    writeln!(
        rust,
        "    Story {{ name: {:?}, trust: {:?}, roots: &{roots:?}, leeway: {}, max_proof_age: {}, require_fresh: {}, steps: &[",
        story["name"].as_str().expect("a name"),
        story["trust"].as_str(),
        story["leeway"],
        story["maxProofAge"],
        story["requireFreshRevocations"],
    )
    .expect("a String");
    for step in story["steps"].as_array().expect("an array") {
        let kinds = [("Bundle", "bundle"), ("List", "revocations"), ("Token", "token")];
        let given = kinds.iter().find_map(|(kind, name)| Some((*kind, step[*name].as_str()?)));
        let (kind, text) = given.expect("a bundle, a list or a token");
        writeln!(
            rust,
            "        Step {{ kind: Kind::{kind}, text: {text:?}, now: {}, challenge: {:?}, expect: {:?} }},",
            step["now"],
            step["challenge"].as_str(),
            step["expect"].as_str().expect("text"),
        )
        .expect("a String");
    }
    rust.push_str("    ] },\n");
}

fn read(folder: &Path, name: &str) -> Value {
    let text = fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal")).collect()
}
