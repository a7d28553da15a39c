//! Issuing: a profile and a validity become a signed token.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::wire::revocations::MAX_REVOCATION_LIST_BYTES;
use crate::wire::{self, EncodeError, MAX_TOKEN_BYTES};
use crate::{Carrier, ErrorCode, FieldCost, QrLimit, QrSize, SigningKey, Snapshot, UnixTime, VerifyingKey};

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

    /// Signs a snapshot.
    ///
    /// # Errors
    /// [`IssueError::TooLarge`] if the token would exceed [`MAX_TOKEN_BYTES`], [`IssueError::TooEarly`] for times
    /// before the format's epoch, 2026.
    pub fn issue(&self, snapshot: &Snapshot) -> Result<Token, IssueError> {
        wire::sign(snapshot, &self.key).map(Token).map_err(|error| IssueError::of(error, snapshot))
    }

    /// Signs a snapshot whose QR code is to be no larger than `limit`.
    ///
    /// # Errors
    /// [`IssueError::OverQrLimit`] tells what each part of the profile costs; else as [`Issuer::issue`].
    pub fn issue_within(&self, snapshot: &Snapshot, limit: &QrLimit) -> Result<Token, IssueError> {
        let token = self.issue(snapshot)?;
        let size = QrSize::of_token(token.as_bytes().len(), &limit.carrier, limit.error_correction);
        match size.map_or(QrSize::MAX_VERSION.saturating_add(1), QrSize::version) {
            version if version <= limit.max_version => Ok(token),
            version => {
                Err(IssueError::OverQrLimit { version, max_version: limit.max_version, costs: snapshot.costs() })
            }
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

/// A signed snapshot of at most [`MAX_TOKEN_BYTES`], a presentation of one, a trust bundle or a revocation list.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Vec<u8>);

impl Token {
    pub(crate) const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, as an NFC tag would carry them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The payload text that a QR code carries: `SC1:` and base45.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_text_of(&Carrier::Text)
    }

    /// The payload text of this carrier.
    #[must_use]
    pub fn to_text_of(&self, carrier: &Carrier) -> String {
        carrier.write(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Whoever holds a bearer token can show it: keep it out of logs.
        write!(f, "Token({} bytes)", self.0.len())
    }
}

/// Why a snapshot was not issued.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IssueError {
    /// The token would be larger than any verifier accepts.
    TooLarge {
        /// Its size, signature included.
        bytes: usize,
        /// What each part of the profile costs, the dearest first.
        costs: Vec<FieldCost>,
    },
    /// The QR code would be larger than asked for.
    OverQrLimit {
        /// The version it would have; 41 stands for larger than any.
        version: u8,
        /// The largest allowed.
        max_version: u8,
        /// What each part of the profile costs, the dearest first.
        costs: Vec<FieldCost>,
    },
    /// The revocation list would be larger than any verifier accepts.
    ListTooLarge {
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
    fn of(error: EncodeError, snapshot: &Snapshot) -> Self {
        match error {
            EncodeError::BeforeEpoch => Self::TooEarly { issued_at: snapshot.issued_at },
            EncodeError::TooLarge { bytes } => Self::TooLarge { bytes, costs: snapshot.costs() },
        }
    }

    pub(crate) fn of_file(error: EncodeError, issued_at: UnixTime) -> Self {
        match error {
            EncodeError::BeforeEpoch => Self::TooEarly { issued_at },
            EncodeError::TooLarge { bytes } => Self::ListTooLarge { bytes },
        }
    }

    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::TooLarge { .. } | Self::OverQrLimit { .. } | Self::ListTooLarge { .. } => ErrorCode::TooLarge,
            Self::TooEarly { .. } => ErrorCode::NotYetValid,
        }
    }
}

impl fmt::Display for IssueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { bytes, costs } => {
                write!(f, "the token would take {bytes} bytes, but at most {MAX_TOKEN_BYTES} are allowed; ")?;
                write_costs(costs, f)
            }
            Self::OverQrLimit { version, max_version, costs } => {
                write!(f, "the QR code would be of version {version}, but at most {max_version} is allowed; ")?;
                write_costs(costs, f)
            }
            Self::ListTooLarge { bytes } => write!(
                f,
                "the revocation list would take {bytes} bytes, but at most {MAX_REVOCATION_LIST_BYTES} are allowed: revoke \
                 by withdrawing the key"
            ),
            Self::TooEarly { issued_at } => {
                write!(f, "the clock says {issued_at} since 1970, which is before 2026: set it")
            }
        }
    }
}

fn write_costs(costs: &[FieldCost], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if costs.is_empty() {
        return f.write_str("there is no part that could be left out");
    }
    f.write_str("bytes by part: ")?;
    for (index, cost) in costs.iter().enumerate() {
        write!(f, "{}{cost}", if index == 0 { "" } else { ", " })?;
    }
    Ok(())
}

impl core::error::Error for IssueError {}
