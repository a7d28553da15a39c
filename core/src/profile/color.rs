//! The card's accent colour.

use core::fmt;

use serde::{Serialize, Serializer};

use super::ProfileProblem;

/// An sRGB colour, `#6366f1` by default. Written in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccentColor {
    /// Red, green, blue.
    pub rgb: [u8; 3],
}

impl AccentColor {
    /// `#` and six hexadecimal digits of either case.
    ///
    /// # Errors
    /// [`ProfileProblem::Color`].
    pub fn parse(text: &str) -> Result<Self, ProfileProblem> {
        let digits = text.strip_prefix('#').ok_or(ProfileProblem::Color)?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ProfileProblem::Color);
        }
        let [_, rgb @ ..] = u32::from_str_radix(digits, 16).map_err(|_| ProfileProblem::Color)?.to_be_bytes();
        Ok(Self { rgb })
    }
}

impl Default for AccentColor {
    fn default() -> Self {
        Self { rgb: [0x63, 0x66, 0xf1] }
    }
}

impl fmt::Display for AccentColor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.rgb;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl Serialize for AccentColor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn a_colour_is_hash_and_six_digits() {
        assert_eq!(AccentColor::parse("#6366F1").unwrap().to_string(), "#6366f1");
        assert_eq!(AccentColor::parse("#6366f1").unwrap(), AccentColor::default());
        for text in ["", "#", "6366f1", "#6366f", "#6366f11", "#6366g1", "#+366f1", "#ü666f"] {
            assert_eq!(AccentColor::parse(text), Err(ProfileProblem::Color), "{text}");
        }
    }
}
