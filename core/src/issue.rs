//! Issuing: a profile and a validity become a signed token.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::wire::{self, EncodeError, MAX_TOKEN_BYTES};
use crate::{ErrorCode, Profile, SigningKey, Snapshot, Ttl, UnixTime, VerifyingKey, carrier};

/// Signs snapshots with one key.
#[derive(Debug)]
pub struct Issuer {
    key: SigningKey,
}

impl Issuer {
    /// An issuer with this key.
    #[must_use]
    pub const fn new(key: SigningKey) -> Self {
        Self { key }
    }

    /// Signs a snapshot of `profile` that is valid from `issued_at` for `ttl`.
    ///
    /// # Errors
    /// [`IssueError::TooLarge`] if the token would exceed [`MAX_TOKEN_BYTES`], [`IssueError::TooEarly`] for times
    /// before the format's epoch, 2026.
    pub fn issue(&self, profile: &Profile, issued_at: UnixTime, ttl: Ttl) -> Result<Token, IssueError> {
        let snapshot = Snapshot { profile: profile.clone(), issued_at, ttl };
        match wire::sign(&snapshot, &self.key) {
            Ok(bytes) => Ok(Token(bytes)),
            Err(EncodeError::BeforeEpoch) => Err(IssueError::TooEarly { issued_at }),
            Err(EncodeError::TooLarge { bytes }) => Err(IssueError::TooLarge { bytes }),
        }
    }

    /// The key whose signatures these are.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// The signing key.
    #[must_use]
    pub const fn signing_key(&self) -> &SigningKey {
        &self.key
    }
}

/// A signed token: at most [`MAX_TOKEN_BYTES`].
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Vec<u8>);

impl Token {
    /// The bytes, as an NFC tag would carry them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The payload text that a QR code carries: `SC1:` and base45.
    #[must_use]
    pub fn to_text(&self) -> String {
        carrier::to_text(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever holds a bearer token can show it: keep it out of logs.
        write!(f, "Token({} bytes)", self.0.len())
    }
}

/// Why a snapshot was not issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueError {
    /// The token would be larger than any verifier accepts.
    TooLarge {
        /// Its size, signature included.
        bytes: usize,
    },
    /// Before the format's epoch, 2026-01-01T00:00:00Z: the clock is wrong.
    TooEarly {
        /// The time given.
        issued_at: UnixTime,
    },
}

impl IssueError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } => ErrorCode::TooLarge,
            Self::TooEarly { .. } => ErrorCode::NotYetValid,
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes } => write!(
                f,
                "the signed profile would take {bytes} bytes, but at most {MAX_TOKEN_BYTES} are allowed: \
                 shorten the bio or remove links"
            ),
            Self::TooEarly { issued_at } => {
                write!(f, "the clock says {issued_at} since 1970, which is before 2026: set it")
            }
        }
    }
}

impl core::error::Error for IssueError {}
