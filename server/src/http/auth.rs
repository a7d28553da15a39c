//! Who is asking: a login session in `Authorization: Bearer`.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

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

fn bearer_token(parts: &Parts) -> Option<&str> {
    let (scheme, token) = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}
