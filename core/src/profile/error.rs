//! What is wrong with a profile: which field, and why.

use alloc::borrow::Cow;
use alloc::format;
use core::fmt;

use crate::ErrorCode;

/// A field that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileError {
    /// The field's JSON path, like `bio` or `links[2].url`.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub problem: ProfileProblem,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProfileProblem {
    /// Nothing, or nothing but spaces.
    Empty,
    /// Too few or too many characters (Unicode scalar values after NFC).
    Length {
        /// The fewest allowed.
        min: usize,
        /// The most allowed.
        max: usize,
        /// How many there are.
        actual: usize,
    },
    /// Too many bytes of UTF-8.
    Bytes {
        /// The most allowed.
        max: usize,
        /// How many there are.
        actual: usize,
    },
    /// Too many entries in a list.
    TooMany {
        /// The most allowed.
        max: usize,
        /// How many there are.
        actual: usize,
    },
    /// A control, bidi, invisible, private-use or unassigned character, or a joiner where no script needs one.
    UnsafeCharacter {
        /// The character.
        character: char,
        /// How many characters stand before it.
        index: usize,
    },
    /// Text from a token that has spaces around it.
    OuterSpace,
    /// Text from a token that is not in Unicode NFC.
    NotNfc,
    /// A character outside `[a-zA-Z0-9_-]`.
    UsernameCharacter {
        /// The character.
        character: char,
    },
    /// Not `#` and six hexadecimal digits.
    Color,
    /// An address whose scheme is not allowed here.
    Scheme {
        /// Whether mailto and tel would have been allowed.
        https_only: bool,
    },
    /// An address that is not safe to open.
    Address(AddressProblem),
    /// A name that the platform's address cannot hold.
    PlatformUsername,
    /// An address that is not the platform's.
    PlatformAddress,
}

/// Why an address is not safe to open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressProblem {
    /// A character that must be percent-encoded, or a host that must be in punycode.
    Character(char),
    /// A `%` without two hexadecimal digits.
    Percent,
    /// A user name or password before the host.
    UserInfo,
    /// A port.
    Port,
    /// Not a host name.
    Host,
    /// Not a mail address.
    Mail,
    /// Not a telephone number.
    Phone,
}

impl ProfileError {
    pub(crate) fn new(field: &'static str, problem: ProfileProblem) -> Self {
        Self { field: Cow::Borrowed(field), problem }
    }

    /// The same error, seen from the profile.
    pub(super) fn of_link(self, index: usize) -> Self {
        Self { field: Cow::Owned(format!("links[{index}].{}", self.field)), ..self }
    }

    /// The stable code, `invalid_profile`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::InvalidProfile
    }
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl fmt::Display for ProfileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Length { min: 0 | 1, max, actual } => {
                write!(f, "{actual} characters, but at most {max} are allowed")
            }
            Self::Length { min, max, actual } => {
                write!(f, "{actual} characters, but {min} to {max} are allowed")
            }
            Self::Bytes { max, actual } => write!(f, "{actual} bytes, but at most {max} are allowed"),
            Self::TooMany { max, actual } => write!(f, "{actual} entries, but at most {max} are allowed"),
            Self::UnsafeCharacter { character, index } => write!(
                f,
                "character {} is U+{:04X}, a control, invisible or unassigned character, which is not safe to show",
                index.saturating_add(1),
                u32::from(*character)
            ),
            Self::OuterSpace => f.write_str("spaces around the text"),
            Self::NotNfc => f.write_str("not in Unicode normalization form C"),
            Self::UsernameCharacter { character } => {
                write!(f, "U+{:04X} is not allowed: only a-z, A-Z, 0-9, _ and -", u32::from(*character))
            }
            Self::Color => f.write_str("not a colour like #6366f1"),
            Self::Scheme { https_only: true } => f.write_str("only https addresses are allowed"),
            Self::Scheme { https_only: false } => f.write_str("only https, mailto and tel addresses are allowed"),
            Self::Address(problem) => problem.fmt(f),
            Self::PlatformAddress => {
                f.write_str("the address is not on this platform: give one that is, or choose the platform `custom`")
            }
            Self::PlatformUsername => {
                f.write_str("this platform's address cannot hold that name; give the full address as `url`")
            }
        }
    }
}

impl fmt::Display for AddressProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => write!(
                f,
                "an address cannot contain U+{:04X}: percent-encode it, or write the host in punycode",
                u32::from(*character)
            ),
            Self::Percent => f.write_str("a % in an address needs two hexadecimal digits after it"),
            Self::UserInfo => f.write_str("an address must not contain a user name or password"),
            Self::Port => f.write_str("an address must not contain a port"),
            Self::Host => f.write_str("the address has no valid host name"),
            Self::Mail => f.write_str("not a mail address like name@example.org"),
            Self::Phone => f.write_str("not a telephone number like +4930123456"),
        }
    }
}

impl core::error::Error for ProfileError {}
impl core::error::Error for ProfileProblem {}
