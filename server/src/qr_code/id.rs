//! The names of tenants and of their codes.

use std::fmt;

use getrandom::Error as NoRandomness;
use thiserror::Error;

/// The most characters of an id.
pub const MAX_ID: usize = 64;

/// What ids that are made here consist of: as QR codes and people like it, without what looks alike.
const ALPHABET: &[u8; 32] = b"23456789abcdefghijkmnpqrstuvwxyz";

/// How many characters an id that is made here has after its beginning: 60 bits of chance.
const MADE: usize = 12;

/// The id of a tenant or a code: 1 to [`MAX_ID`] letters, digits, `_` and `-`, so that it means nothing to an address, nor to
/// Redis's patterns.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(String);

/// A text that is no id.
#[derive(Debug, Error)]
#[error("an id has 1 to {MAX_ID} letters, digits, _ and -")]
pub struct IdError;

impl Id {
    /// # Errors
    /// [`IdError`].
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if Self::is_one(text) { Ok(Self(text.into())) } else { Err(IdError) }
    }

    /// Whether a text is an id.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        (1..=MAX_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    }

    /// A new one for a code, like `qr_7k2m9wz4c3hd`.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn random() -> Result<Self, NoRandomness> {
        let mut bytes = [0; MADE];
        getrandom::fill(&mut bytes)?;
        let of_alphabet = |byte: u8| ALPHABET.get(usize::from(byte & 31)).copied().map_or('2', char::from);
        Ok(Self("qr_".chars().chain(bytes.into_iter().map(of_alphabet)).collect()))
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain_and_of_limited_length() {
        for right in ["a", "tenant_acme", "QR-1", &"x".repeat(MAX_ID)] {
            assert_eq!(Id::parse(right).unwrap().as_str(), right);
        }
        for wrong in ["", "a b", "a:b", "a*", "ä", "{a}", "a/b", "a.b", &"x".repeat(MAX_ID + 1)] {
            assert!(Id::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_made_one_is_one() {
        let (one, other) = (Id::random().unwrap(), Id::random().unwrap());
        assert_ne!(one, other);
        assert_eq!(Id::parse(one.as_str()).unwrap(), one);
        assert_eq!(one.as_str().len(), 15);
    }
}
