//! `/api/sessions`: logging in and out.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealcard_core::Username;
use serde::{Deserialize, Serialize};

use super::profile::to_json;
use crate::http::auth::LoggedIn;
use crate::http::json::JsonBody;
use crate::http::{ApiError, App};
use crate::{clock, session};

#[derive(Deserialize)]
pub(in crate::http) struct Login {
    username: String,
    password: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LoginBody {
    token: String,
    expires_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionBody {
    id: String,
    created_at: String,
    expires_at: String,
    current: bool,
}

/// One answer, after the same work, for a wrong password and for a user who does not exist.
pub(in crate::http) async fn log_in(
    State(app): State<Arc<App>>,
    JsonBody(Login { username, password }): JsonBody<Login>,
) -> Result<(StatusCode, Json<serde_json::Value>), ApiError> {
    let credentials = match Username::parse(&username) {
        Ok(username) => app.db.credentials(username.as_str()).await?,
        Err(_) => None,
    };
    let hash = credentials.as_ref().map(|credentials| credentials.password_hash.clone());
    let right = app.passwords.verify(password, hash).await?;
    let wrong = ApiError::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "Wrong username or password");
    let Some(account) = credentials.filter(|_| right) else { return Err(wrong) };
    let (token, session) = session::begin(account.account_id, clock::now()).map_err(|error| {
        tracing::error!(%error, "no randomness for a session");
        ApiError::internal()
    })?;
    let body = to_json(&LoginBody { token, expires_at: clock::iso8601(session.expires_at) })?;
    if app.db.create_session(session, &account.password_hash).await? {
        Ok((StatusCode::CREATED, body))
    } else {
        Err(wrong)
    }
}

pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    LoggedIn(current): LoggedIn,
) -> Result<Json<serde_json::Value>, ApiError> {
    let sessions = app.db.sessions_of(&current.account_id, clock::now()).await?;
    let bodies: Vec<_> = sessions
        .into_iter()
        .map(|session| SessionBody {
            current: session.id == current.id,
            id: session.id,
            created_at: clock::iso8601(session.created_at),
            expires_at: clock::iso8601(session.expires_at),
        })
        .collect();
    to_json(&serde_json::json!({ "sessions": bodies, "count": bodies.len() }))
}

pub(in crate::http) async fn log_out(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<StatusCode, ApiError> {
    app.db.delete_session(&session.token_hash).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::http) async fn log_out_everywhere(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<StatusCode, ApiError> {
    app.db.delete_sessions_of(&session.account_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
