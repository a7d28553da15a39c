//! Bytes as text, with exactly one accepted spelling for every byte string: base45 (RFC 9285), and base41, the same with an
//! alphabet that may stand in an address.
//!
//! Two bytes become three characters, a last odd byte two, the least significant character first. Both alphabets are part
//! of the QR code's alphanumeric one. Refused: characters outside the alphabet (lower case and line ends too), a lone last
//! character, a triple above 65,535 and a pair above 255. What remains is a bijection.

use alloc::string::String;
use alloc::vec::Vec;

/// The QR code's alphanumeric characters.
pub(crate) const BASE45: Alphabet<45> = Alphabet::new(*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:");

/// Without the space and `%`, which an address cannot hold, and without `*` and `:`, which chat programs take for marks of
/// theirs. The last two characters never end a text: a dot at the end of a link would be taken for a full stop.
pub(crate) const BASE41: Alphabet<41> = Alphabet::new(*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$+-/.");

/// Not in the alphabet.
const NONE: u8 = u8::MAX;

/// `N` characters: 41 to 45, so that three of them hold two bytes.
pub(crate) struct Alphabet<const N: usize> {
    characters: [u8; N],
    /// The value of each character, or [`NONE`].
    values: [u8; 256],
}

/// The text is not in its one accepted spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BaseError;

/// How many characters `bytes` bytes become.
pub(crate) const fn encoded_len(bytes: usize) -> usize {
    (bytes / 2).saturating_mul(3).saturating_add((bytes % 2).saturating_mul(2))
}

impl<const N: usize> Alphabet<N> {
    #[expect(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "evaluated while compiling")]
    const fn new(characters: [u8; N]) -> Self {
        assert!(N >= 41 && N <= 45);
        let mut values = [NONE; 256];
        let mut i = 0;
        while i < N {
            values[characters[i] as usize] = i as u8;
            i += 1;
        }
        Self { characters, values }
    }

    pub(crate) fn encode_into(&self, bytes: &[u8], text: &mut String) {
        text.reserve(encoded_len(bytes.len()));
        let (pairs, odd) = bytes.as_chunks::<2>();
        for pair in pairs {
            self.push::<3>(u16::from_be_bytes(*pair), text);
        }
        if let [last] = odd {
            self.push::<2>(u16::from(*last), text);
        }
    }

    pub(crate) fn decode(&self, text: &[u8]) -> Result<Vec<u8>, BaseError> {
        let (triples, tail) = text.as_chunks::<3>();
        let mut bytes = Vec::with_capacity(triples.len().saturating_mul(2).saturating_add(1));
        for triple in triples {
            let number = u16::try_from(self.number(triple)?).map_err(|_| BaseError)?;
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        match tail {
            [] => {}
            [_, _] => bytes.push(u8::try_from(self.number(tail)?).map_err(|_| BaseError)?),
            _ => return Err(BaseError),
        }
        Ok(bytes)
    }

    #[expect(clippy::arithmetic_side_effects, reason = "N is not 0")]
    fn push<const CHARACTERS: usize>(&self, number: u16, text: &mut String) {
        let mut rest = usize::from(number);
        for _ in 0..CHARACTERS {
            // A remainder of N: the fallback is never taken.
            text.push(self.characters.get(rest % N).copied().map_or('0', char::from));
            rest /= N;
        }
    }

    #[expect(clippy::arithmetic_side_effects, reason = "three values below 45 make at most 91,124")]
    fn number(&self, characters: &[u8]) -> Result<usize, BaseError> {
        let mut number = 0;
        for character in characters.iter().rev() {
            match self.values.get(usize::from(*character)) {
                Some(&value) if value != NONE => number = number * N + usize::from(value),
                _ => return Err(BaseError),
            }
        }
        Ok(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    fn encode<const N: usize>(alphabet: &Alphabet<N>, bytes: &[u8]) -> String {
        let mut text = String::new();
        alphabet.encode_into(bytes, &mut text);
        text
    }

    #[test]
    fn examples_of_rfc_9285() {
        for (bytes, text) in [("AB", "BB8"), ("Hello!!", "%69 VD92EX0"), ("base-45", "UJCLQE7W581"), ("", "")] {
            assert_eq!(encode(&BASE45, bytes.as_bytes()), text);
            assert_eq!(BASE45.decode(text.as_bytes()).as_deref(), Ok(bytes.as_bytes()));
        }
        assert_eq!(BASE45.decode(b"QED8WEX0").as_deref(), Ok(&b"ietf!"[..]));
    }

    /// Every group of two and of three bytes from the whole byte range is either refused or the only spelling.
    fn every_group_is_the_only_spelling_or_refused<const N: usize>(alphabet: &Alphabet<N>) {
        let mut pairs = 0;
        for a in 0..=u8::MAX {
            for b in 0..=u8::MAX {
                if let Ok(bytes) = alphabet.decode(&[a, b]) {
                    pairs += 1;
                    assert_eq!(encode(alphabet, &bytes).as_bytes(), [a, b]);
                }
            }
        }
        assert_eq!(pairs, 256, "one pair for every byte");

        let mut triples = BTreeMap::new();
        for a in 0..=u8::MAX {
            for b in 0..=u8::MAX {
                for c in 0..=u8::MAX {
                    if let Ok(bytes) = alphabet.decode(&[a, b, c]) {
                        assert_eq!(bytes.len(), 2);
                        assert!(triples.insert(bytes, [a, b, c]).is_none(), "two spellings");
                    }
                }
            }
        }
        assert_eq!(triples.len(), 65_536, "one triple for every two bytes");
        for (bytes, text) in triples {
            assert_eq!(encode(alphabet, &bytes).as_bytes(), text);
        }
    }

    #[test]
    fn every_group_of_base45_is_the_only_spelling_or_refused() {
        every_group_is_the_only_spelling_or_refused(&BASE45);
    }

    #[test]
    fn every_group_of_base41_is_the_only_spelling_or_refused() {
        every_group_is_the_only_spelling_or_refused(&BASE41);
    }

    #[test]
    fn a_lone_last_character_lower_case_and_line_ends_are_refused() {
        for text in ["0", "BB8B", "bb8", "BB8\n", "BB\n", "BB8 \u{e9}", ":::", "::", "V5"] {
            assert_eq!(BASE45.decode(text.as_bytes()), Err(BaseError), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_survive_and_agree_with_another_implementation(bytes: Vec<u8>) {
            let text = encode(&BASE45, &bytes);
            prop_assert_eq!(&text, &base45::encode(&bytes));
            prop_assert_eq!(text.len(), encoded_len(bytes.len()));
            prop_assert_eq!(BASE45.decode(text.as_bytes()), Ok(bytes));
        }

        #[test]
        fn whatever_is_accepted_is_the_only_spelling(text in "[0-9A-Z $%*+./:-]{0,60}") {
            if let Ok(bytes) = BASE45.decode(text.as_bytes()) {
                prop_assert_eq!(encode(&BASE45, &bytes), text);
            }
        }

        #[test]
        fn bytes_survive_base41(bytes: Vec<u8>) {
            prop_assert_eq!(BASE41.decode(encode(&BASE41, &bytes).as_bytes()), Ok(bytes));
        }
    }
}
