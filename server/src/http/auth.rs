//! Who is asking: a login session in `Authorization: Bearer`, or in a browser's cookie.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, StatusCode, header};

use super::{ApiError, App};
use crate::cache::Json;
use crate::db::DbError;
use crate::qr_code::Id;
use crate::session::Session;
use crate::{cached, clock, session};

/// A request that brought the token of a session that has not ended. QR tokens and JWTs are not session tokens.
pub(super) struct LoggedIn(pub(super) Session);

impl FromRequestParts<Arc<App>> for LoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = match (bearer_token(parts), cookie_token(parts)) {
            (Some(token), _) => token,
            (None, Some(token)) => {
                refuse_forged(parts, app)?;
                token
            }
            (None, None) => return Err(ApiError::unauthorized("Log in first")),
        };
        let session = app.sessions.find(&session::hash(token), clock::now()).await?;
        session.map(Self).ok_or(ApiError::unauthorized("Session ended or unknown"))
    }
}

/// The cookie of browsers. Its name makes them keep it to this host, to its root, and to TLS.
pub(super) const COOKIE: &str = "__Host-session";

fn cookie_token(parts: &Parts) -> Option<&str> {
    let lines = parts.headers.get_all(header::COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let mut cookies = lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    cookies.find(|(name, _)| *name == COOKIE).map(|(_, token)| token)
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses changes that another site may have had a browser send, which adds the cookie by itself. Browsers say where a request
/// comes from, and pages cannot change what they say: a request that does not say is none of theirs, and needs no cookie.
fn refuse_forged(parts: &Parts, app: &App) -> Result<(), ApiError> {
    if parts.method.is_safe() {
        return Ok(());
    }
    let text = |name: HeaderName| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let is_own = match (text(SEC_FETCH_SITE), text(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => {
            let of_host = text(header::HOST).zip(origin.split_once("://")).is_some_and(|(host, (_, of))| host == of);
            of_host || origin == app.public_url
        }
        (None, None) => false,
    };
    if is_own {
        return Ok(());
    }
    let error = ApiError::new(StatusCode::FORBIDDEN, "cross_site", "Request from another site");
    Err(error
        .with_detail("with the cookie, changes are only taken from pages of this site; others send a bearer token"))
}

/// A request that brought the token of a session, or the operator's.
pub(super) enum OwnerOrAdmin {
    /// Somebody who has logged in.
    Owner(Session),
    /// Whoever runs the server.
    Admin,
}

impl FromRequestParts<Arc<App>> for OwnerOrAdmin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        // Compared as hashes: how long that takes says nothing about the token.
        let hash = bearer_token(parts).map(session::hash);
        if hash.is_some() && hash == app.admin_token_hash {
            return Ok(Self::Admin);
        }
        LoggedIn::from_request_parts(parts, app).await.map(|LoggedIn(session)| Self::Owner(session))
    }
}

/// A request that brought the operator's token.
pub(super) struct Admin;

impl FromRequestParts<Arc<App>> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        match OwnerOrAdmin::from_request_parts(parts, app).await? {
            OwnerOrAdmin::Admin => Ok(Self),
            OwnerOrAdmin::Owner(_) => {
                let forbidden = ApiError::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden");
                Err(forbidden.with_detail("only the operator may do this, with the token of --admin-token-file"))
            }
        }
    }
}

/// A request about the codes of a tenant of whoever has logged in: the header `X-Tenant-ID` chooses among them, and is believed
/// for nothing else.
pub(super) struct Member {
    pub(super) tenant_id: Id,
}

const X_TENANT_ID: HeaderName = HeaderName::from_static("x-tenant-id");

impl FromRequestParts<Arc<App>> for Member {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let LoggedIn(session) = LoggedIn::from_request_parts(parts, app).await?;
        let named = parts.headers.get(X_TENANT_ID).filter(|named| !named.is_empty());
        let Some(named) = named else {
            let missing = ApiError::new(StatusCode::UNAUTHORIZED, "tenant_required", "Tenant ID required");
            return Err(missing.with_detail("say with X-Tenant-ID which of your tenants it is about"));
        };
        let named = named.to_str().unwrap_or_default();
        refuse_strangers(app, &session, named).await?;
        Ok(Self { tenant_id: Id::parse(named).map_err(|_| not_a_member())? })
    }
}

/// Refuses whoever is no member of a tenant, whether there is one of that name or not.
pub(super) async fn refuse_strangers(app: &Arc<App>, session: &Session, tenant_id: &str) -> Result<(), ApiError> {
    let account_id = session.account_id.as_str();
    let load = || async {
        let tenants = app.db.tenants_of(account_id).await?;
        Ok::<_, DbError>(Json(tenants.into_iter().map(|tenant| tenant.tenant_id.into()).collect()))
    };
    let tenants = app.cache.memoize(cached::TENANTS, account_id, load).await?;
    if tenants.value.0.iter().any(|own| own == tenant_id) { Ok(()) } else { Err(not_a_member()) }
}

fn not_a_member() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, "not_a_member", "Not a member of this tenant")
}

fn bearer_token(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
