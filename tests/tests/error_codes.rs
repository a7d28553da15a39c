//! One list of error codes in every language: the core's, the bindings', Swift's, Kotlin's and the page's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

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
            part(&page, "| Code |", "## Over HTTP alone")
                .lines()
                .filter_map(|line| Some(line.strip_prefix("| `")?.split('`').next()?.into()))
                .collect(),
        ),
    ] {
        assert_eq!(found.len(), codes.len(), "{language}: {found:?}");
        assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), codes, "{language}");
    }
}

/// The files below a folder.
fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// What only the server says, as its sources have it: the word in quotes after these.
#[test]
fn the_page_has_every_code_of_the_server() {
    let mut sources = Vec::new();
    files(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../server/src/http")), &mut sources);
    let mut said = BTreeSet::new();
    for source in sources {
        let text = fs::read_to_string(source).unwrap();
        for before in
            ["Self::new(StatusCode::", "ApiError::new(StatusCode::", "unprocessable(", "Self::new(", "invalid("]
        {
            let code = |rest: &str| {
                let rest = rest.split_once(", \"").filter(|_| before.ends_with("::")).map_or(rest, |(_, rest)| rest);
                let code = rest.trim_start().trim_start_matches('"').split('"').next()?.to_owned();
                let is_code = code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && code.len() > 3;
                is_code.then_some(code)
            };
            said.extend(text.split(before).skip(1).filter_map(code));
        }
    }
    let core: BTreeSet<String> = ErrorCode::ALL.iter().map(ToString::to_string).collect();
    let page = read("docs/ERRORS.md");
    let rows = page
        .split_once("## Over HTTP alone")
        .unwrap()
        .1
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'));
    let listed: BTreeSet<String> =
        rows.flat_map(|row| row.split('|').nth(2).unwrap().split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    assert_eq!(said.difference(&core).cloned().collect::<BTreeSet<_>>(), listed);
}
