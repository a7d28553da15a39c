//! The training texts as the coder's events.

use std::fs;
use std::path::Path;

use sealcard_core::Profile;
use sealcard_core::training::event::{self, Event};
use sealcard_core::training::symbol::start;

/// Every profile and text, each as its events.
pub fn read(folder: &Path) -> Vec<Vec<Event>> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut events = Vec::new();
    for name in ["profiles-english.jsonl", "profiles-international.jsonl"] {
        for (number, line) in text(name).lines().enumerate() {
            let profile: Profile =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}, line {}: {error}", number + 1));
            events.push(event::of_profile(&profile));
        }
    }
    for (name, start) in [
        ("names.txt", start::DISPLAY_NAME),
        ("roles.txt", start::ROLE),
        ("companies.txt", start::COMPANY),
        ("bios.txt", start::BIO),
    ] {
        events.extend(text(name).lines().map(|line| event::of_text(line, start)));
    }
    // By themselves, handles say nothing about how often a handle is made of the name: they begin in no context.
    for (name, start) in [("handles.txt", None), ("mails.txt", None), ("addresses.txt", Some(start::URL))] {
        events.extend(text(name).lines().map(|line| event::of_handle(line, start)));
    }
    events
}
