//! Challenges: what a verifier shows so that a presentation must be made for it, now.

use alloc::string::String;
use core::fmt;

use crate::ErrorCode;

/// 4 to 16 bytes that nobody could foresee, from a secure random source.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Challenge {
    bytes: [u8; Challenge::MAX_BYTES],
    len: usize,
}

impl Challenge {
    /// The fewest bytes.
    pub const MIN_BYTES: usize = 4;
    /// The most bytes.
    pub const MAX_BYTES: usize = 16;

    /// # Errors
    /// [`ChallengeError`] for fewer than 4 or more than 16 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ChallengeError> {
        let mut challenge = Self { bytes: [0; Self::MAX_BYTES], len: bytes.len() };
        let to = challenge.bytes.get_mut(..bytes.len()).filter(|to| to.len() >= Self::MIN_BYTES);
        to.ok_or(ChallengeError)?.copy_from_slice(bytes);
        Ok(challenge)
    }

    /// Reads what [`fmt::Display`] writes: hexadecimal digits in lower case.
    ///
    /// # Errors
    /// [`ChallengeError`].
    pub fn parse(text: &str) -> Result<Self, ChallengeError> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
        let mut bytes = [0; Self::MAX_BYTES];
        let into = bytes.get_mut(..pairs.len()).filter(|_| rest.is_empty()).ok_or(ChallengeError)?;
        for ([high, low], byte) in pairs.iter().zip(into.iter_mut()) {
            let value = digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low);
            *byte = value.and_then(|value| u8::try_from(value).ok()).ok_or(ChallengeError)?;
        }
        Self::from_bytes(into)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for byte in self.as_bytes() {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(digit.into(), 16));
            }
        }
        f.write_str(&text)
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({self})")
    }
}

/// Not a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChallengeError;

impl ChallengeError {
    /// The stable code, `wrong_challenge`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::WrongChallenge
    }
}

impl fmt::Display for ChallengeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a challenge has 4 to 16 bytes, written as 8 to 32 hexadecimal digits in lower case")
    }
}

impl core::error::Error for ChallengeError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_challenge_has_4_to_16_bytes_and_one_spelling() {
        for len in 0..40 {
            let bytes = [0xa7; 40];
            let challenge = Challenge::from_bytes(&bytes[..len]);
            assert_eq!(challenge.is_ok(), (4..=16).contains(&len), "{len}");
            let text = "a7".repeat(len);
            assert_eq!(Challenge::parse(&text), challenge);
            if let Ok(challenge) = challenge {
                assert_eq!(challenge.to_string(), text);
            }
        }
        for text in ["A7a7a7a7", "a7a7a7a", "a7a7a7a7a", "a7a7a7g7", " a7a7a7a7", "a7a7a7a\u{e9}"] {
            assert_eq!(Challenge::parse(text), Err(ChallengeError), "{text}");
        }
    }
}
