//! Text that is safe to show.

use alloc::string::String;
use core::fmt;

use serde::{Serialize, Serializer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory as _};

use super::{ProfileProblem, confusable, display_safe};

/// One line of text: Unicode NFC, 1 to `MAX` characters (Unicode scalar values), no spaces around them, without control,
/// bidi-override or invisible characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayText<const MAX: usize>(String);

impl<const MAX: usize> DisplayText<MAX> {
    /// Parses what a person typed: brings it to NFC, drops the spaces around it, then checks it. Besides what a verifier
    /// refuses, characters that Unicode has not assigned yet are refused here, where a newer table is an update away.
    ///
    /// # Errors
    /// [`ProfileProblem::Empty`], [`ProfileProblem::Length`] or [`ProfileProblem::UnsafeCharacter`].
    pub fn parse(text: &str) -> Result<Self, ProfileProblem> {
        let text: String = text.trim().nfc().collect();
        let unassigned = |c: &char| c.general_category() == GeneralCategory::Unassigned;
        if let Some((index, character)) = text.chars().enumerate().find(|(_, c)| unassigned(c)) {
            return Err(ProfileProblem::UnsafeCharacter { character, index });
        }
        Self::from_signed(text)
    }

    /// Parses what an issuer signed: the rules are a fixed list, so that every verifier, however old, agrees.
    pub(crate) fn from_signed(text: String) -> Result<Self, ProfileProblem> {
        if text.is_empty() {
            return Err(ProfileProblem::Empty);
        }
        if text.trim().len() != text.len() {
            return Err(ProfileProblem::OuterSpace);
        }
        let actual = text.chars().count();
        if actual > MAX {
            return Err(ProfileProblem::Length { min: 1, max: MAX, actual });
        }
        if display_safe::is_plain(&text) {
            return Ok(Self(text));
        }
        if !display_safe::is_composed(&text) {
            return Err(ProfileProblem::NotNfc);
        }
        match display_safe::first_unsafe(&text) {
            Some((index, character)) => Err(ProfileProblem::UnsafeCharacter { character, index }),
            None => Ok(Self(text)),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text between U+2068 and U+2069, for putting it into a sentence: whatever its direction, it then leaves that of the
    /// words around it alone.
    #[must_use]
    pub fn to_isolated(&self) -> String {
        String::from_iter(["\u{2068}", &self.0, "\u{2069}"])
    }

    /// Whether a word of it mixes alphabets that look alike (Latin, Greek, Cyrillic, Armenian, Cherokee), as `pаypal` with a
    /// Cyrillic а does. Such text is accepted, for people do have such names; an app may warn.
    #[must_use]
    pub fn mixes_alphabets(&self) -> bool {
        confusable::mixes_alphabets(&self.0)
    }
}

impl<const MAX: usize> core::str::FromStr for DisplayText<MAX> {
    type Err = ProfileProblem;

    fn from_str(text: &str) -> Result<Self, ProfileProblem> {
        Self::parse(text)
    }
}

impl<const MAX: usize> fmt::Debug for DisplayText<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MAX: usize> fmt::Display for DisplayText<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MAX: usize> Serialize for DisplayText<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn typed_text_becomes_nfc_and_signed_text_must_be() {
        assert_eq!(DisplayText::<5>::parse("Zoe\u{308}").unwrap().as_str(), "Zoë");
        assert_eq!(DisplayText::<5>::from_signed("Zoe\u{308}".into()), Err(ProfileProblem::NotNfc));
        assert!(DisplayText::<3>::from_signed("Zoë".into()).is_ok());
    }

    #[test]
    fn spaces_around_typed_text_are_dropped_and_signed_text_has_none() {
        assert_eq!(DisplayText::<5>::parse(" Ada\u{3000}").unwrap().as_str(), "Ada");
        assert_eq!(DisplayText::<5>::from_signed("Ada ".into()), Err(ProfileProblem::OuterSpace));
        assert!(DisplayText::<5>::from_signed("A d a".into()).is_ok());
    }

    #[test]
    fn isolated_text_leaves_its_surroundings_alone() {
        let name = DisplayText::<9>::parse("עדה").unwrap();
        assert_eq!(name.to_isolated(), "\u{2068}עדה\u{2069}");
        assert!(!name.mixes_alphabets() && DisplayText::<9>::parse("Αda").unwrap().mixes_alphabets());
    }

    #[test]
    fn unassigned_characters_are_refused_when_typed_but_not_when_signed() {
        let unassigned = "\u{378}";
        assert!(DisplayText::<5>::parse(unassigned).is_err());
        assert!(DisplayText::<5>::from_signed(unassigned.into()).is_ok());
    }

    proptest! {
        #[test]
        fn typed_text_that_is_accepted_is_accepted_when_signed(text: String) {
            if let Ok(text) = DisplayText::<100>::parse(&text) {
                prop_assert_eq!(DisplayText::from_signed(text.as_str().into()), Ok(text));
            }
        }
    }
}
