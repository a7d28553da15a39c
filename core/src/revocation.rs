//! Revocation lists: which of an issuer's snapshots no longer hold.

use alloc::vec::Vec;

use crate::issue::{IssueError, Token};
use crate::wire::revocations::{self, Body, Indices};
use crate::{SigningKey, UnixTime};

/// The revocation indices of an issuer's snapshots that were revoked before their time, as one of the issuer's keys signs
/// them. What has expired need not stand in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationList {
    epoch: u32,
    issued_at: UnixTime,
    fresh_secs: u32,
    indices: Indices,
}

impl RevocationList {
    /// A list of these indices, in any order. A verifier takes a list only if its `epoch` is above that of the one it has,
    /// and calls it stale when it is older than `fresh_secs`. It speaks for snapshots issued until `issued_at`: later ones
    /// may have an index of an expired one again.
    #[must_use]
    pub fn new(epoch: u32, issued_at: UnixTime, fresh_secs: u32, mut indices: Vec<u32>) -> Self {
        indices.sort_unstable();
        indices.dedup();
        let indices = Indices::new(&indices);
        Self { epoch, issued_at, fresh_secs, indices }
    }

    /// Signs the list with an issuer's key.
    ///
    /// # Errors
    /// [`IssueError::ListTooLarge`] above [`crate::MAX_REVOCATION_LIST_BYTES`], [`IssueError::TooEarly`] for times before the
    /// format's epoch, 2026.
    pub fn sign(&self, key: &SigningKey) -> Result<Token, IssueError> {
        let Self { epoch, issued_at, fresh_secs, indices } = self.clone();
        let body = Body { epoch, issued_at, fresh_secs, indices };
        revocations::sign(&body, key).map(Token::new).map_err(|error| IssueError::of_file(error, issued_at))
    }

    pub(crate) fn from_signed(body: Body) -> Self {
        let Body { epoch, issued_at, fresh_secs, indices } = body;
        Self { epoch, issued_at, fresh_secs, indices }
    }

    /// Its number: only ever grows.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// When it was signed.
    #[must_use]
    pub const fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// For how many seconds it is fresh.
    #[must_use]
    pub const fn fresh_secs(&self) -> u32 {
        self.fresh_secs
    }

    /// How many are revoked.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.indices.count
    }

    /// Whether none is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.indices.count == 0
    }

    /// The revoked indices, ascending.
    pub fn indices(&self) -> impl Iterator<Item = u32> {
        self.indices.iter()
    }

    /// Whether this index stands in it.
    #[must_use]
    pub fn contains(&self, index: u32) -> bool {
        self.indices.contains(index)
    }
}
