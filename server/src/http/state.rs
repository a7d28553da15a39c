//! What every handler shares.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use sealcard_core::{Issuer, Ttl, UnixTime, Username};

use super::ApiError;
use crate::cache::{Cache, Lookup};
use crate::db::{DbError, Edit, EditError, Edited, NewAccount, Repository, StoredProfile};
use crate::demo;
use crate::key_ring::KeyRing;
use crate::password::{PasswordError, Passwords};
use crate::signed_file::TrustBundleSource;

/// How long a public profile is kept in memory.
const PROFILE_TTL: Duration = Duration::from_secs(300);

/// How many public profiles are kept in memory.
const PROFILE_CAPACITY: u64 = 10_000;

/// The server's parts.
pub struct App {
    /// Where everything is kept.
    pub db: Arc<dyn Repository>,
    keys: RwLock<Arc<KeyRing>>,
    /// The issuer's name, in the public keys and in JWTs.
    pub issuer_name: String,
    /// Checks passwords.
    pub passwords: Passwords,
    /// Where the trust bundle comes from.
    pub trust_bundle: TrustBundleSource,
    /// The longest life of a pass.
    pub max_pass_ttl: Ttl,
    /// The hash of the token with which the operator may revoke anyone's passes, as [`crate::session::hash`] makes it.
    pub admin_token_hash: Option<String>,
    profiles: Cache<StoredProfile>,
}

impl App {
    /// # Errors
    /// [`PasswordError::Failed`] if the system has no randomness.
    pub fn new(db: Arc<dyn Repository>, keys: KeyRing, issuer_name: String) -> Result<Self, PasswordError> {
        Ok(Self {
            db,
            keys: RwLock::new(Arc::new(keys)),
            issuer_name,
            passwords: Passwords::new()?,
            trust_bundle: TrustBundleSource::None,
            max_pass_ttl: Ttl::MAX,
            admin_token_hash: None,
            profiles: Cache::new(PROFILE_CAPACITY, PROFILE_TTL),
        })
    }

    /// The same, serving a trust bundle.
    #[must_use]
    pub fn with_trust_bundle(self, trust_bundle: TrustBundleSource) -> Self {
        Self { trust_bundle, ..self }
    }

    /// The same with an operator who may revoke anyone's passes.
    #[must_use]
    pub fn with_admin_token_hash(self, admin_token_hash: Option<String>) -> Self {
        Self { admin_token_hash, ..self }
    }

    /// The same with another longest life of passes.
    #[must_use]
    pub fn with_max_pass_ttl(self, max_pass_ttl: Ttl) -> Self {
        Self { max_pass_ttl, ..self }
    }

    /// The signing keys as they are now.
    #[must_use]
    pub fn keys(&self) -> Arc<KeyRing> {
        // A ring is replaced whole: whoever panicked while it did has left the old one.
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Signs with these keys from now on.
    pub fn set_keys(&self, keys: KeyRing) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
    }

    /// Signs with the key whose time it is.
    ///
    /// # Errors
    /// [`ApiError`] 500 if there is none.
    pub fn issuer(&self, now: UnixTime) -> Result<Arc<Issuer>, ApiError> {
        self.keys().current(now).map(|key| Arc::clone(&key.issuer)).ok_or(ApiError::internal())
    }

    /// The public keys as a JWK set: the trust file for verifiers.
    #[must_use]
    pub fn jwks(&self, now: UnixTime) -> String {
        self.keys().jwks(&self.issuer_name, now)
    }

    /// A public profile, from the cache if it is there. Unknown users are not cached.
    ///
    /// # Errors
    /// [`ApiError`] 404 or 503.
    pub async fn public_profile(&self, username: &str) -> Result<(Arc<StoredProfile>, Lookup), ApiError> {
        let not_found = ApiError::not_found("User not found");
        let Ok(username) = Username::parse(username) else { return Err(not_found) };
        let load = || self.db.profile(username.as_str());
        self.profiles.get_or_load(&profile_key(&username), load).await?.ok_or(not_found)
    }

    /// Stores a new account, then forgets that there was no such profile, then returns.
    ///
    /// # Errors
    /// [`ApiError`] 409 or 503.
    pub async fn create_account(self: Arc<Self>, account: NewAccount) -> Result<(), ApiError> {
        refuse_reserved(&account.profile.username)?;
        self.to_the_end(move |app: Arc<Self>| async move {
            let key = profile_key(&account.profile.username);
            let created = app.db.create_account(account).await;
            app.profiles.invalidate(&key).await;
            Ok(created?)
        })
        .await
    }

    /// Changes a profile, then forgets what was cached under its old and its new name, then returns.
    ///
    /// # Errors
    /// [`ApiError`] 401, 404, 409 or 422, and nothing has changed; or 503, and it is not known whether it has.
    pub async fn edit_profile(self: Arc<Self>, account_id: &str, edit: Edit) -> Result<StoredProfile, ApiError> {
        let account_id = account_id.to_owned();
        let edit: Edit = Box::new(|stored| {
            let old = stored.profile.username.clone();
            edit(stored)?;
            if stored.profile.username != old && is_reserved(&stored.profile.username) {
                return Err(DbError::Conflict.into());
            }
            Ok(())
        });
        self.to_the_end(move |app: Arc<Self>| async move {
            match app.db.edit_profile(&account_id, edit).await {
                Ok(Edited { old_username, profile }) => {
                    app.profiles.invalidate(&profile_key(&old_username)).await;
                    app.profiles.invalidate(&profile_key(&profile.profile.username)).await;
                    Ok(profile)
                }
                Err(error) => {
                    // A commit whose answer was lost may have happened all the same.
                    if matches!(error, EditError::Db(DbError::Unavailable(_) | DbError::Internal(_))) {
                        app.profiles.invalidate_all();
                    }
                    Err(error.into())
                }
            }
        })
        .await
    }

    /// Runs a change to its end, although the client hangs up or the request's time is out: between the commit and the
    /// invalidation, nothing may stop it.
    async fn to_the_end<T, F>(self: Arc<Self>, change: impl FnOnce(Arc<Self>) -> F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        tokio::spawn(change(self)).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a change was not carried out to its end");
            Err(ApiError::internal())
        })
    }
}

/// The demo user's name is kept for the demo user.
fn is_reserved(username: &Username) -> bool {
    username.as_str() == demo::USERNAME
}

fn refuse_reserved(username: &Username) -> Result<(), ApiError> {
    if is_reserved(username) { Err(DbError::Conflict.into()) } else { Ok(()) }
}

fn profile_key(username: &Username) -> String {
    format!("profile:{username}")
}
