//! Reading arguments, files and standard input, in bounded pieces.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, Read as _};
use std::path::Path;

use sealcard_core::{ErrorCode, MAX_TEXT_BYTES};

use super::CliError;

/// The largest trust file that is read.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// What stands for standard input.
pub(super) const STDIN: &str = "-";

/// A whole small file, or, for `-`, standard input.
pub(super) fn small_file(path: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let input: io::Result<Box<dyn io::Read>> = match path.as_os_str() == STDIN {
        true => Ok(Box::new(io::stdin().lock())),
        false => File::open(path).map(|file| Box::new(file) as _),
    };
    input
        .and_then(|input| input.take(MAX_FILE_BYTES.saturating_add(1)).read_to_string(&mut text))
        .map_err(|error| CliError::file(path, &error))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        return Err(CliError::new("io", format!("{}: larger than {MAX_FILE_BYTES} bytes", path.display())));
    }
    Ok(text)
}

/// An argument as text. What is not UTF-8 becomes something that no token contains.
pub(super) fn text(argument: &OsString) -> String {
    argument.to_string_lossy().into_owned()
}

/// What a text that is no token looks like instead, to help whoever pasted the wrong thing.
pub(super) fn hint(text: &str) -> &'static str {
    let start = text.trim_start();
    if start.starts_with('{') {
        ". It looks like JSON: give only the value of `token`"
    } else if start.starts_with("eyJ") {
        ". It looks like a JWT: sealcard verifies SC1 tokens"
    } else if start.starts_with("QR-Code:") {
        ". Leave out the reader's `QR-Code:`"
    } else if text.trim() != text && text.trim().starts_with("SC1:") {
        ". It has spaces before or after it, which are not part of a token"
    } else if !text.is_empty() && text.len() < 256 && Path::new(text).is_file() {
        ". It is the name of a file: use `- < FILE`"
    } else if start.starts_with("http") {
        ". It looks like a link: a token's has the form https://HOST/s#…, in capitals after the #"
    } else if text.starts_with("sc1:") {
        ". Tokens are in capitals: something changed the case"
    } else {
        ""
    }
}

/// An argument as text, or, for `-`, one line of standard input.
pub(super) fn text_or_stdin(argument: &OsString) -> Result<String, CliError> {
    if argument != STDIN {
        return Ok(text(argument));
    }
    match payload_lines(io::stdin().lock()).next() {
        Some(line) => line.map_err(CliError::stdio),
        None => Err(CliError::core(ErrorCode::Malformed, "there is no text in the input")),
    }
}

/// The lines of payload texts, without their line ends. A line too long to be a token is cut, and skipped to its end:
/// it stays too long to be one.
pub(super) fn payload_lines(mut input: impl BufRead) -> impl Iterator<Item = io::Result<String>> {
    let limit = MAX_TEXT_BYTES as u64;
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        match input.by_ref().take(limit.saturating_add(3)).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Err(error) => Some(Err(error)),
            Ok(_) => {
                if line.last() != Some(&b'\n')
                    && let Err(error) = input.skip_until(b'\n')
                {
                    return Some(Err(error));
                }
                let line = String::from_utf8_lossy(&line);
                let line = line.strip_suffix('\n').unwrap_or(&line);
                Some(Ok(line.strip_suffix('\r').unwrap_or(line).to_owned()))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_keep_their_places() {
        let long = "A".repeat(MAX_TEXT_BYTES * 3);
        let exact = "B".repeat(MAX_TEXT_BYTES);
        let input = format!("one\r\n{long}\n\n{exact}\r\nlast");
        let lines: Vec<_> = payload_lines(input.as_bytes()).map(Result::unwrap).collect();
        assert_eq!(lines.len(), 5);
        assert_eq!((lines[0].as_str(), lines[2].as_str(), lines[4].as_str()), ("one", "", "last"));
        assert!(lines[1].len() > MAX_TEXT_BYTES);
        assert_eq!(lines[3], exact);
        assert_eq!(payload_lines(&b"\xff\n"[..]).next().unwrap().unwrap(), "\u{fffd}");
    }
}
