//! One list of error codes in every language: the core's, the bindings', Swift's, Kotlin's and the page's.

use std::collections::BTreeSet;
use std::fs;

use sealcard_core::ErrorCode;

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The part of a file between two lines that begin so.
fn part<'a>(file: &'a str, start: &str, end: &str) -> &'a str {
    let from = file.find(start).unwrap_or_else(|| panic!("no {start}"));
    let rest = &file[from + start.len()..];
    &rest[..rest.find(end).unwrap_or_else(|| panic!("no {end} after {start}"))]
}

/// `ProofMissing` and `proofMissing` are `proof_missing`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for (index, character) in name.char_indices() {
        if character.is_ascii_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// The names that follow these words at the beginning of lines.
fn names(part: &str, words: &str) -> Vec<String> {
    let name = |line: &str| {
        let rest = line.trim_start().strip_prefix(words)?;
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(rest.len());
        Some(snake_case(&rest[..end]))
    };
    part.lines().filter_map(name).collect()
}

#[test]
fn every_language_has_the_same_codes() {
    let codes: BTreeSet<String> = ErrorCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(codes.len(), ErrorCode::ALL.len());
    assert_eq!(sealcard_ffi::error_codes(), ErrorCode::ALL.map(|code| code.to_string()));

    let swift = read("bindings/swift/Sources/Sealcard/SealcardError.swift");
    let kotlin = read("bindings/kotlin/sealcard/src/main/kotlin/dev/sealcard/SealcardException.kt");
    let rust = read("ffi/src/error.rs");
    let page = read("docs/ERRORS.md");
    for (language, found) in [
        ("Swift", names(part(&swift, "public enum Kind", "    init("), "case ")),
        ("Kotlin", names(part(&kotlin, "sealed class", "internal companion object"), "public class ")),
        (
            "the bindings",
            names(part(&rust, "pub enum SealcardError {", "\n}\n"), "")
                .into_iter()
                .filter(|name| codes.contains(name))
                .collect(),
        ),
        (
            "the page",
            page.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.into())).collect(),
        ),
    ] {
        assert_eq!(found.len(), codes.len(), "{language}: {found:?}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), codes, "{language}");
    }
}
