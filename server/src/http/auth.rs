//! Who is asking: a login session in `Authorization: Bearer`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};

use super::{ApiError, App};
use crate::clock;
use crate::db::Session;
use crate::session;

/// A request that brought the token of a session that has not ended. QR tokens and JWTs are not session tokens.
pub(super) struct LoggedIn(pub(super) Session);

impl FromRequestParts<Arc<App>> for LoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = bearer_token(parts).ok_or(ApiError::unauthorized("Log in first"))?;
        let session = app.db.session(&session::hash(token), clock::now()).await?;
        session.map(Self).ok_or(ApiError::unauthorized("Session ended or unknown"))
    }
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

fn bearer_token(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
