//! The shared test vectors, which every language runs: tokens and trust files, good and bad, with what a verifier must say.

mod forge;
mod invalid;
mod offline;
mod pass;
mod trust;
mod valid;

use std::path::PathBuf;

use serde_json::{Value, json};

/// Where the vectors are.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"))
}

/// Every file and what it must hold.
pub fn files() -> Vec<(&'static str, String)> {
    let pretty = |value: &Value| serde_json::to_string_pretty(value).expect("JSON") + "\n";
    vec![
        ("trust.json", pretty(&trust::sets())),
        ("valid.json", pretty(&valid::vectors())),
        ("invalid.json", pretty(&invalid::vectors())),
        ("invalid-trust.json", pretty(&trust::invalid())),
        ("offline.json", pretty(&offline::vectors())),
        ("passes.json", pretty(&pass::vectors())),
    ]
}

/// A payload and the circumstances in which it is verified; what is usual is left out.
#[derive(Clone)]
struct Vector {
    name: String,
    payload: Payload,
    now: u64,
    trust: &'static str,
    leeway: u32,
    link_host: Option<&'static str>,
}

#[derive(Clone)]
enum Payload {
    Text(String),
    Bytes(Vec<u8>),
}

impl Vector {
    fn text(name: impl Into<String>, text: impl Into<String>) -> Self {
        let payload = Payload::Text(text.into());
        Self { name: name.into(), payload, now: forge::NOW, trust: "example", leeway: 60, link_host: None }
    }

    fn bytes(name: impl Into<String>, token: &[u8]) -> Self {
        Self { payload: Payload::Bytes(token.into()), ..Self::text(name, "") }
    }

    fn to_json(&self) -> Value {
        let mut json = json!({ "name": self.name, "now": self.now, "trust": self.trust, "leeway": self.leeway });
        match &self.payload {
            Payload::Text(text) => json["text"] = json!(text),
            Payload::Bytes(bytes) => json["bytes"] = json!(hex(bytes)),
        }
        if let Some(host) = self.link_host {
            json["linkHost"] = json!(host);
        }
        json
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
