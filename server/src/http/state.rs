//! What every handler shares.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use sealcard_core::{Issuer, Token, Ttl, UnixTime, Username};

use super::templates::Templates;
use super::{ApiError, RequestContext};
use crate::cache::{Cache, Committed, Found, Json};
use crate::dashboard::{self, DashboardStats};
use crate::db::{DbError, Edit, EditError, NewAccount, Repository, Revoke, StoredProfile};
use crate::events::Events;
use crate::key_ring::KeyRing;
use crate::pass::{self, PassRequest};
use crate::password::{PasswordError, Passwords};
use crate::public_profile::{PublicProfile, TokenForm};
use crate::rate_limit::RateLimiter;
use crate::readiness::Readiness;
use crate::scans::Scans;
use crate::sessions::Sessions;
use crate::signed_file::TrustBundleSource;
use crate::token::{self, SessionToken};
use crate::{cached, clock, demo};

/// The server's parts.
pub struct App {
    /// Where everything is kept.
    pub db: Arc<dyn Repository>,
    keys: RwLock<Arc<KeyRing>>,
    /// What is cached.
    pub cache: Arc<Cache>,
    /// Counts scans.
    pub scans: Arc<Scans>,
    /// Tells what happens to QR codes.
    pub events: Arc<Events>,
    /// Finds sessions.
    pub sessions: Arc<Sessions>,
    /// The headers of frequent answers.
    pub templates: Templates,
    /// Says which requests are too many.
    pub rate_limiter: Arc<RateLimiter>,
    /// What the addresses in QR codes begin with, like `https://cards.example.org`.
    pub public_url: String,
    /// How often somebody has asked for a profile, whoever answered.
    pub profile_views: Counter,
    metrics: Arc<Registry>,
    /// The issuer's name, in the public keys and in JWTs.
    pub issuer_name: String,
    /// What must be there for `/ready`.
    pub ready_needs: Readiness,
    /// Checks passwords.
    pub passwords: Passwords,
    /// Where the trust bundle comes from.
    pub trust_bundle: TrustBundleSource,
    /// The longest life of a pass.
    pub max_pass_ttl: Ttl,
    /// The hash of the token with which the operator may revoke anyone's passes, as [`crate::session::hash`] makes it.
    pub admin_token_hash: Option<String>,
}

impl App {
    /// # Errors
    /// [`PasswordError::Failed`] if the system has no randomness.
    pub fn new(
        db: Arc<dyn Repository>,
        cache: Arc<Cache>,
        mut registry: Registry,
        keys: KeyRing,
        issuer_name: String,
        events: Events,
        rate_limiter: RateLimiter,
    ) -> Result<Self, PasswordError> {
        let profile_views = Counter::default();
        registry.register("profile_views", "Public profiles asked for, cached or not", profile_views.clone());
        let scans = Scans::new(Arc::clone(&db), Arc::clone(&cache), &mut registry);
        Ok(Self {
            sessions: Arc::new(Sessions::new(Arc::clone(&db), Arc::clone(&cache))),
            templates: Templates::new(&rate_limiter),
            rate_limiter: Arc::new(rate_limiter),
            scans: Arc::new(scans),
            events: Arc::new(events),
            public_url: String::new(),
            cache,
            profile_views,
            metrics: Arc::new(registry),
            db,
            keys: RwLock::new(Arc::new(keys)),
            issuer_name,
            passwords: Passwords::new()?,
            trust_bundle: TrustBundleSource::None,
            max_pass_ttl: Ttl::MAX,
            ready_needs: Readiness::default(),
            admin_token_hash: None,
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

    /// The same with another beginning of the addresses in QR codes.
    #[must_use]
    pub fn with_public_url(self, public_url: String) -> Self {
        Self { public_url, ..self }
    }

    /// The same with another longest life of passes.
    #[must_use]
    pub fn with_max_pass_ttl(self, max_pass_ttl: Ttl) -> Self {
        Self { max_pass_ttl, ..self }
    }

    /// The same with parts that must be there for `/ready`.
    #[must_use]
    pub fn with_ready_needs(self, ready_needs: Readiness) -> Self {
        Self { ready_needs, ..self }
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

    /// Everything that is counted and measured, in the format of OpenMetrics.
    ///
    /// # Errors
    /// [`fmt::Error`], if it cannot be written.
    pub fn metrics(&self) -> Result<String, fmt::Error> {
        self.cache.measure();
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.metrics)?;
        Ok(text)
    }

    /// A public profile, from the cache if it is there. Unknown users are not cached.
    ///
    /// # Errors
    /// [`ApiError`] 404 or 503.
    pub async fn public_profile(&self, username: &str) -> Result<Found<PublicProfile>, ApiError> {
        let not_found = || ApiError::not_found("User not found");
        let Ok(username) = Username::parse(username) else { return Err(not_found()) };
        let load = || async {
            let stored = self.db.profile(username.as_str()).await?;
            stored.map(PublicProfile::new).transpose().map_err(|error| DbError::Cache(Arc::new(error)))
        };
        let found: Option<_> = self.cache.get_or_load(cached::PROFILE, username.as_str(), load).await?;
        found.ok_or_else(not_found)
    }

    /// A token of a profile, signed now or a few seconds ago.
    ///
    /// # Errors
    /// [`ApiError`] 422 if the profile is too large, 500 if there is no key.
    pub fn session_token(
        &self,
        profile: &PublicProfile,
        form: TokenForm,
        now: UnixTime,
    ) -> Result<Arc<SessionToken>, ApiError> {
        let issuer = self.issuer(now)?;
        profile.token(form, &issuer, now, || match form {
            TokenForm::Sc1 => Ok(token::sc1(&issuer, &profile.profile, now)?),
            TokenForm::Jwt => Ok(token::jwt(&issuer, &self.issuer_name, &profile.profile, now)),
        })
    }

    /// What an account sees about itself.
    ///
    /// # Errors
    /// [`ApiError`] 503.
    pub async fn dashboard(&self, account_id: &str) -> Result<Found<Json<DashboardStats>>, ApiError> {
        let compute = || async { dashboard::stats(self.db.as_ref(), account_id, clock::now()).await.map(Json) };
        Ok(self.cache.memoize(cached::DASHBOARD, account_id, compute).await?)
    }

    /// Stores a new account, then forgets that there was no such profile, then returns.
    ///
    /// # Errors
    /// [`ApiError`] 409 or 503.
    pub async fn create_account(self: Arc<Self>, account: NewAccount) -> Result<(), ApiError> {
        refuse_reserved(&account.profile.username)?;
        self.change(move |app: Arc<Self>| async move { app.db.create_account(account).await }).await
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
        self.change(move |app: Arc<Self>| async move { app.db.edit_profile(&account_id, edit).await }).await
    }

    /// Issues a pass.
    ///
    /// # Errors
    /// [`ApiError`] 409, 422 or 503.
    pub async fn issue_pass(
        self: Arc<Self>,
        account_id: String,
        stored: StoredProfile,
        request: PassRequest,
        now: UnixTime,
    ) -> Result<(Token, UnixTime), ApiError> {
        let issuer = self.issuer(now)?;
        self.to_the_end(move |app: Arc<Self>| async move {
            let issued = pass::issue(app.db.as_ref(), &app.cache, &issuer, &account_id, &stored, request, now);
            Ok(issued.await?)
        })
        .await
    }

    /// Revokes passes of an account, or of any.
    ///
    /// # Errors
    /// [`ApiError`] 503.
    pub async fn revoke_passes(
        self: Arc<Self>,
        account_id: Option<String>,
        which: Revoke,
        now: UnixTime,
    ) -> Result<u64, ApiError> {
        self.change(move |app: Arc<Self>| async move { app.db.revoke_passes(account_id.as_deref(), which, now).await })
            .await
    }

    /// Carries out a change, makes it known to the caches, and then says what it has answered.
    pub(super) async fn change<T, E, F>(
        self: &Arc<Self>,
        change: impl FnOnce(Arc<Self>) -> F + Send + 'static,
    ) -> Result<T, ApiError>
    where
        T: Send + 'static,
        E: Into<ApiError> + MayHaveHappened + Send + 'static,
        F: Future<Output = Result<Committed<T>, E>> + Send + 'static,
    {
        self.to_the_end(move |app: Arc<Self>| async move {
            match change(Arc::clone(&app)).await {
                Ok(committed) => Ok(app.cache.settle(committed).await),
                Err(error) => {
                    // If it was committed, the log has it; until it is read, nothing is known.
                    if error.may_have_happened() {
                        app.cache.doubt();
                    }
                    Err(error.into())
                }
            }
        })
        .await
    }

    /// Runs a change to its end, although the client hangs up or the request's time is out: between the commit and the
    /// invalidation, nothing may stop it.
    async fn to_the_end<T, F>(self: &Arc<Self>, change: impl FnOnce(Arc<Self>) -> F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ApiError>> + Send + 'static,
    {
        let changing = change(Arc::clone(self));
        let changing = match RequestContext::with_current(Clone::clone) {
            Some(request) => tokio::spawn(request.scope(changing)),
            None => tokio::spawn(changing),
        };
        changing.await.unwrap_or_else(|error| {
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

/// Errors of changes.
pub(super) trait MayHaveHappened {
    /// The answer to a commit may have been lost, and the change been made all the same.
    fn may_have_happened(&self) -> bool;
}

impl MayHaveHappened for DbError {
    fn may_have_happened(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            // What the database itself reports, it has not committed.
            Self::Internal(error) => !matches!(**error, sqlx::Error::Database(_)),
            _ => false,
        }
    }
}

impl MayHaveHappened for EditError {
    fn may_have_happened(&self) -> bool {
        matches!(self, Self::Db(error) if error.may_have_happened())
    }
}
