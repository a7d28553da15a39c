//! The verifier.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sealcard_core::{
    self as core, Challenge, LinkHost, RevocationPolicy, TrustStore, UnixTime, UnverifiedSnapshot, VerifyingKey,
};

use crate::{SealcardError, VerifiedSnapshot};

/// How a verifier judges.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct VerifierSettings {
    /// How far the clocks may be off, in seconds.
    #[uniffi(default = 60)]
    pub leeway_secs: u32,
    /// How old a presentation's proof may be, in seconds.
    #[uniffi(default = 60)]
    pub max_proof_age_secs: u32,
    /// Whether to refuse what could have been revoked without this verifier knowing.
    #[uniffi(default = false)]
    pub require_fresh_revocations: bool,
    /// The host whose links are accepted besides `SC1:` texts.
    #[uniffi(default = None)]
    pub link_host: Option<String>,
}

/// What a verifier must keep between two runs of an app.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct StoredState {
    /// The state; it holds no secrets.
    pub bytes: Vec<u8>,
    /// How often it has changed. Where the platform can keep a number that cannot be set back, keep it there, and hand it over
    /// from there: an older state is then refused. Else 0.
    pub changes: u32,
}

/// Whether there was something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Enum)]
pub enum Update {
    /// It is newer, and counts from now on.
    Applied,
    /// It is the one that the verifier has.
    Unchanged,
}

/// A trust bundle or revocation list that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct SignedFile {
    /// Its number.
    pub epoch: u32,
    /// When it was signed.
    pub issued_at: UnixTime,
    /// Until when it is fresh: fetch a new one by then.
    pub fresh_until: UnixTime,
}

/// Whom to trust, how far clocks may differ, and what was learnt. Threads may share it; they verify side by side.
#[derive(Debug, uniffi::Object)]
pub struct Verifier {
    verifier: RwLock<core::Verifier>,
}

#[uniffi::export]
impl Verifier {
    /// A verifier that trusts whom these roots vouch for: the JWKs of one root, or, while one takes over from another, of the
    /// new one and then the old one. It trusts nobody until there is a trust bundle, in the stored state or by an update.
    ///
    /// # Errors
    /// `invalid_key` and `weak_key` for a root, `invalid_trust` for none or more than four, `invalid_host`, `invalid_state`.
    #[uniffi::constructor]
    pub fn with_roots(
        roots: Vec<String>,
        settings: VerifierSettings,
        state: Option<StoredState>,
    ) -> Result<Self, SealcardError> {
        let roots = roots.iter().map(|root| VerifyingKey::from_jwk(root)).collect::<Result<_, _>>()?;
        Self::new(core::Verifier::with_roots(roots)?, &settings, state.as_ref())
    }

    /// A verifier that trusts the keys of a JWK set, as a server has it at `/.well-known/jwks.json`.
    ///
    /// # Errors
    /// `invalid_trust`, or a key's own code; `invalid_host`, `invalid_state`.
    #[uniffi::constructor]
    pub fn with_jwks(
        jwks: &str,
        settings: VerifierSettings,
        state: Option<StoredState>,
    ) -> Result<Self, SealcardError> {
        Self::new(core::Verifier::new(TrustStore::from_jwks(jwks)?), &settings, state.as_ref())
    }

    /// Verifies a payload text at the moment `now`, and that it answers the challenge of 4 to 16 bytes, if one was set.
    ///
    /// # Errors
    /// A code for each way to fail.
    pub fn verify(
        &self,
        text: &str,
        challenge: Option<Vec<u8>>,
        now: UnixTime,
    ) -> Result<VerifiedSnapshot, SealcardError> {
        let token = self.read().read(text)?;
        self.verify_snapshot(&token, challenge.as_deref(), now)
    }

    /// Verifies a token as it is, the way an NFC tag carries it.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_bytes(
        &self,
        token: Vec<u8>,
        challenge: Option<Vec<u8>>,
        now: UnixTime,
    ) -> Result<VerifiedSnapshot, SealcardError> {
        self.verify_snapshot(&UnverifiedSnapshot::from_bytes(&token)?, challenge.as_deref(), now)
    }

    /// Takes a trust bundle that a root signed, if it is newer than the one there is.
    ///
    /// # Errors
    /// `rollback` for an older one, or why it is none of a pinned root. The verifier goes on as before.
    pub fn update_trust_bundle(&self, text: &str, now: UnixTime) -> Result<Update, SealcardError> {
        Ok(self.write().update_trust_bundle(text, now)?.into())
    }

    /// Takes a revocation list that a trusted issuer signed, if it is newer than the one there is of that issuer.
    ///
    /// # Errors
    /// `rollback` for an older one, or why it is none of a trusted issuer. The verifier goes on as before.
    pub fn update_revocation_list(&self, text: &str, now: UnixTime) -> Result<Update, SealcardError> {
        Ok(self.write().update_revocation_list(text, now)?.into())
    }

    /// What to store. It changes with updates and with the newest time that was proven.
    #[must_use]
    pub fn state(&self) -> StoredState {
        let verifier = self.read();
        StoredState { bytes: verifier.state(), changes: verifier.changes() }
    }

    /// The trust bundle that counts.
    #[must_use]
    pub fn trust_bundle(&self) -> Option<SignedFile> {
        self.read().trust_bundle().map(|file| SignedFile::new(file.epoch(), file.issued_at(), file.fresh_secs()))
    }

    /// The revocation lists that count: at most one of each issuer.
    #[must_use]
    pub fn revocation_lists(&self) -> Vec<SignedFile> {
        let file = |file: &core::RevocationList| SignedFile::new(file.epoch(), file.issued_at(), file.fresh_secs());
        self.read().revocation_lists().map(file).collect()
    }
}

impl Verifier {
    fn new(
        verifier: core::Verifier,
        settings: &VerifierSettings,
        state: Option<&StoredState>,
    ) -> Result<Self, SealcardError> {
        let policy = match settings.require_fresh_revocations {
            true => RevocationPolicy::RequireFresh,
            false => RevocationPolicy::Accept,
        };
        let mut verifier = verifier
            .with_leeway(settings.leeway_secs)
            .with_max_proof_age(settings.max_proof_age_secs)
            .with_revocation_policy(policy);
        if let Some(host) = &settings.link_host {
            verifier = verifier.with_link_host(LinkHost::parse(host)?);
        }
        if let Some(StoredState { bytes, changes }) = state {
            verifier.restore(bytes, *changes)?;
        }
        Ok(Self { verifier: RwLock::new(verifier) })
    }

    /// Signatures are checked while other threads check theirs; only what proves a newer time needs the verifier for itself.
    fn verify_snapshot(
        &self,
        token: &UnverifiedSnapshot,
        challenge: Option<&[u8]>,
        now: UnixTime,
    ) -> Result<VerifiedSnapshot, SealcardError> {
        let challenge = challenge.map(Challenge::from_bytes).transpose()?;
        let verified = self.read().check_snapshot(token, challenge.as_ref(), now)?;
        let is_news = self.read().is_news(&verified);
        if is_news {
            self.write().remember(&verified);
        }
        Ok(VerifiedSnapshot::from(&verified))
    }

    // Nothing that holds the lock panics; if it did, the verifier inside would still be whole.
    fn read(&self) -> RwLockReadGuard<'_, core::Verifier> {
        self.verifier.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, core::Verifier> {
        self.verifier.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SignedFile {
    fn new(epoch: u32, issued_at: UnixTime, fresh_secs: u32) -> Self {
        Self { epoch, issued_at, fresh_until: issued_at.saturating_add(fresh_secs.into()) }
    }
}

impl From<core::Update> for Update {
    fn from(update: core::Update) -> Self {
        match update {
            core::Update::Applied => Self::Applied,
            core::Update::Unchanged => Self::Unchanged,
        }
    }
}
