//! Base45 (RFC 9285), with exactly one accepted spelling for every byte string.
//!
//! Two bytes become three characters, a last odd byte two. The 45 characters are those of the QR code's
//! alphanumeric mode, least significant first. Refused: characters outside the alphabet (lower case and line
//! ends too), a lone last character, a triple above 65,535 and a pair above 255. What remains is a bijection.

use alloc::string::String;
use alloc::vec::Vec;

const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// Not in the alphabet.
const NONE: u8 = u8::MAX;

/// The value of each character, or [`NONE`].
const VALUES: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut i = 0_u8;
    while i < 45 {
        #[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
        {
            values[ALPHABET[i as usize] as usize] = i;
            i += 1;
        }
    }
    values
};

/// The text is not base45 in its one accepted spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Base45Error;

/// How many characters `bytes` bytes become.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    (bytes / 2).saturating_mul(3).saturating_add((bytes % 2).saturating_mul(2))
}

pub(crate) fn encode_into(bytes: &[u8], text: &mut String) {
    text.reserve(encoded_len(bytes.len()));
    let (pairs, odd) = bytes.as_chunks::<2>();
    for pair in pairs {
        let n = u16::from_be_bytes(*pair);
        text.push(character(n % 45));
        text.push(character(n / 45 % 45));
        text.push(character(n / 2025));
    }
    if let [last] = odd {
        let n = u16::from(*last);
        text.push(character(n % 45));
        text.push(character(n / 45));
    }
}

pub(crate) fn decode(text: &[u8]) -> Result<Vec<u8>, Base45Error> {
    let (triples, tail) = text.as_chunks::<3>();
    let mut bytes = Vec::with_capacity(triples.len().saturating_mul(2).saturating_add(1));
    for [a, b, c] in triples {
        bytes.extend_from_slice(&triple(value(*a)?, value(*b)?, value(*c)?)?.to_be_bytes());
    }
    match tail {
        [] => {}
        [a, b] => bytes.push(u8::try_from(triple(value(*a)?, value(*b)?, 0)?).map_err(|_| Base45Error)?),
        _ => return Err(Base45Error),
    }
    Ok(bytes)
}

fn character(value: u16) -> char {
    // Callers pass a remainder of 45 or a quotient of at most 32, so the fallback is never taken.
    ALPHABET.get(usize::from(value)).copied().map_or('0', char::from)
}

fn value(character: u8) -> Result<u8, Base45Error> {
    match VALUES.get(usize::from(character)) {
        Some(&value) if value != NONE => Ok(value),
        _ => Err(Base45Error),
    }
}

#[expect(clippy::arithmetic_side_effects, reason = "three values below 45 make at most 91,124")]
fn triple(a: u8, b: u8, c: u8) -> Result<u16, Base45Error> {
    u16::try_from(u32::from(a) + 45 * u32::from(b) + 2025 * u32::from(c)).map_err(|_| Base45Error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    fn encode(bytes: &[u8]) -> String {
        let mut text = String::new();
        encode_into(bytes, &mut text);
        text
    }

    #[test]
    fn examples_of_rfc_9285() {
        for (bytes, text) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("", "")] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text.as_bytes()).as_deref(), Ok(bytes.as_bytes()));
        }
        assert_eq!(decode(b"QED8WEX0").as_deref(), Ok(&b"ietf!"[..]));
    }

    /// Every group of two and of three bytes from the whole byte range is either refused or the only spelling.
    #[test]
    fn every_group_of_two_or_three_characters_is_the_only_spelling_or_refused() {
        let mut pairs = 0;
        for a in 0..=u8::MAX {
            for b in 0..=u8::MAX {
                if let Ok(bytes) = decode(&[a, b]) {
                    pairs += 1;
                    assert_eq!(encode(&bytes).as_bytes(), [a, b]);
                }
            }
        }
        assert_eq!(pairs, 256, "one pair for every byte");

        let mut triples = BTreeMap::new();
        for a in 0..=u8::MAX {
            for b in 0..=u8::MAX {
                for c in 0..=u8::MAX {
                    if let Ok(bytes) = decode(&[a, b, c]) {
                        assert_eq!(bytes.len(), 2);
                        assert!(triples.insert(bytes, [a, b, c]).is_none(), "two spellings");
                    }
                }
            }
        }
        assert_eq!(triples.len(), 65_536, "one triple for every two bytes");
        for (bytes, text) in triples {
            assert_eq!(encode(&bytes).as_bytes(), text);
        }
    }

    #[test]
    fn a_lone_last_character_lower_case_and_line_ends_are_refused() {
        for text in ["0", "BB8B", "bb8", "BB8\n", "BB\n", "BB8 \u{e9}", ":::", "::", "V5"] {
            assert_eq!(decode(text.as_bytes()), Err(Base45Error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_survive_and_agree_with_another_implementation(bytes: Vec<u8>) {
            let text = encode(&bytes);
            prop_assert_eq!(&text, &base45::encode(&bytes));
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            prop_assert_eq!(decode(text.as_bytes()), Ok(bytes));
        }

        #[test]
        fn whatever_is_accepted_is_the_only_spelling(text in "[0-9A-Z $%*+./:-]{0,60}") {
            if let Ok(bytes) = decode(text.as_bytes()) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }
    }
}
