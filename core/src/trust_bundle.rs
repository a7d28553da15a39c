//! Trust bundles: which issuer keys a root vouches for.

use alloc::vec::Vec;

use crate::issue::{IssueError, Token};
use crate::wire::bundle::{self, Body};
use crate::{SigningKey, TrustAnchor, TrustError, TrustStore, UnixTime, VerifyError, carrier};

/// The keys of issuers, what each may sign and until when, as a root signs them. Whoever pins the root needs no other file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustBundle {
    epoch: u32,
    issued_at: UnixTime,
    fresh_secs: u32,
    anchors: Vec<TrustAnchor>,
}

impl TrustBundle {
    /// A bundle of these keys, none of them for withdrawing all trust. A verifier takes a bundle only if its `epoch` is
    /// above that of the one it has, and calls it stale when it is older than `fresh_secs`.
    ///
    /// # Errors
    /// [`TrustError::TooMany`], [`TrustError::Duplicate`], [`TrustError::Grant`] or [`TrustError::Name`].
    pub fn new(
        epoch: u32,
        issued_at: UnixTime,
        fresh_secs: u32,
        mut anchors: Vec<TrustAnchor>,
    ) -> Result<Self, TrustError> {
        for (index, TrustAnchor { grant, issuer, .. }) in anchors.iter().enumerate() {
            let useful = grant.max_ttl.is_some() || grant.revocation_lists;
            let secs = grant.not_after.as_secs().checked_sub(grant.not_before.as_secs());
            if !useful || secs.is_none_or(|secs| u32::try_from(secs).is_err()) {
                return Err(TrustError::Grant { index });
            }
            if issuer.as_ref().is_some_and(|issuer| issuer.as_str().len() > bundle::MAX_NAME_BYTES) {
                return Err(TrustError::Name { index });
            }
        }
        anchors.sort_unstable_by_key(|anchor| *anchor.key.as_bytes());
        let store = TrustStore::checked(anchors)?;
        Ok(Self { epoch, issued_at, fresh_secs, anchors: store.anchors().into() })
    }

    /// Signs the bundle with a root's key.
    ///
    /// # Errors
    /// [`IssueError::TooEarly`] for times before the format's epoch, 2026.
    pub fn sign(&self, root: &SigningKey) -> Result<Token, IssueError> {
        let Self { epoch, issued_at, fresh_secs, anchors } = self.clone();
        let body = Body { epoch, issued_at, fresh_secs, anchors };
        bundle::sign(&body, root).map(Token::new).map_err(|error| IssueError::of_file(error, issued_at))
    }

    pub(crate) fn from_signed(body: Body) -> Self {
        let Body { epoch, issued_at, fresh_secs, anchors } = body;
        Self { epoch, issued_at, fresh_secs, anchors }
    }

    /// What a bundle's text says, whoever signed it: for whoever hands bundles on. A verifier takes one with
    /// [`crate::Verifier::update_trust_bundle`].
    ///
    /// # Errors
    /// [`VerifyError`] if it is no bundle.
    pub fn unverified_from_text(text: &str) -> Result<Self, VerifyError> {
        let bytes = carrier::read_file(text, bundle::MAX_TRUST_BUNDLE_BYTES).map_err(|_| VerifyError::Malformed)?;
        Ok(Self::from_signed(bundle::decode(&bundle::parse(&bytes)?)?))
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

    /// The keys, by their bytes.
    #[must_use]
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.anchors
    }
}
