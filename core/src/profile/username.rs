//! The name a profile is found by.

use alloc::string::String;
use core::fmt;

use serde::Serialize;

use super::ProfileProblem;

/// 3 to 50 of `[a-zA-Z0-9_-]`, case-sensitive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Username(String);

impl Username {
    /// # Errors
    /// [`ProfileProblem::Length`] or [`ProfileProblem::UsernameCharacter`].
    pub fn parse(text: &str) -> Result<Self, ProfileProblem> {
        Self::from_signed(text.into())
    }

    /// As [`Username::parse`], for what an issuer signed.
    pub(crate) fn from_signed(text: String) -> Result<Self, ProfileProblem> {
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if let Some(character) = text.chars().find(|c| !allowed(c)) {
            return Err(ProfileProblem::UsernameCharacter { character });
        }
        // All ASCII by now: bytes are characters.
        match text.len() {
            3..=50 => Ok(Self(text)),
            actual => Err(ProfileProblem::Length { min: 3, max: 50, actual }),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_ascii_and_bounded() {
        for text in ["abc", "A_b-9", &"x".repeat(50)] {
            assert_eq!(Username::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "ab", "a b", "abé", "a/b", "abc\n", &"x".repeat(51)] {
            assert!(Username::parse(text).is_err(), "{text:?}");
        }
    }
}
