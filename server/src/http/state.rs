//! What every handler shares.

use std::sync::Arc;
use std::time::Duration;

use sealcard_core::{Issuer, SigningKey};
use thiserror::Error;

use super::ApiError;
use crate::cache::{Cache, Lookup};
use crate::db::{DbError, Edit, Repository, StoredProfile};
use crate::password::{PasswordError, Passwords};

/// How long a public profile is kept in memory.
const PROFILE_TTL: Duration = Duration::from_secs(300);

/// How many public profiles are kept in memory.
const PROFILE_CAPACITY: u64 = 10_000;

/// The server's parts.
pub struct App {
    /// Where everything is kept.
    pub db: Arc<dyn Repository>,
    /// Signs snapshots.
    pub issuer: Issuer,
    /// The issuer's name, in the public keys and in JWTs.
    pub issuer_name: String,
    /// Checks passwords.
    pub passwords: Passwords,
    profiles: Cache<StoredProfile>,
}

/// A profile that was not loaded.
#[derive(Debug, Error)]
enum LoadError {
    #[error("no such user")]
    NotFound,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl App {
    /// # Errors
    /// [`PasswordError::Failed`] if the system has no randomness.
    pub fn new(db: Arc<dyn Repository>, key: SigningKey, issuer_name: String) -> Result<Self, PasswordError> {
        Ok(Self {
            db,
            issuer: Issuer::new(key),
            issuer_name,
            passwords: Passwords::new()?,
            profiles: Cache::new(PROFILE_CAPACITY, PROFILE_TTL),
        })
    }

    /// The public keys as a JWK set: the trust file for verifiers.
    #[must_use]
    pub fn jwks(&self) -> String {
        self.issuer.verifying_key().to_jwks(Some(&self.issuer_name))
    }

    /// A public profile, from the cache if it is there. Unknown users are not cached.
    ///
    /// # Errors
    /// [`ApiError`] 404 or 503.
    pub async fn public_profile(&self, username: &str) -> Result<(Arc<StoredProfile>, Lookup), ApiError> {
        let load = || async { self.db.profile(username).await?.ok_or(LoadError::NotFound) };
        self.profiles.get_or_load(&profile_key(username), load).await.map_err(|error| match &*error {
            LoadError::NotFound => ApiError::not_found("User not found"),
            LoadError::Db(error) => error.clone().into(),
        })
    }

    /// Changes a profile, then forgets what was cached under its old and its new name, then returns.
    ///
    /// # Errors
    /// [`ApiError`] 401, 404, 409, 422 or 503; nothing has changed then.
    pub async fn edit_profile(&self, account_id: &str, edit: Edit) -> Result<StoredProfile, ApiError> {
        let edited = self.db.edit_profile(account_id, edit).await?;
        self.profiles.invalidate(&profile_key(edited.old_username.as_str())).await;
        self.profiles.invalidate(&profile_key(edited.profile.profile.username.as_str())).await;
        Ok(edited.profile)
    }
}

fn profile_key(username: &str) -> String {
    format!("profile:{username}")
}
