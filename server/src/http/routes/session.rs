//! `/api/sessions`: logging in and out.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sealcard_core::Username;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::admission::Admission;
use crate::http::auth::{COOKIE, LoggedIn};
use crate::http::json::{JsonBody, PathParameter};
use crate::http::openapi::SessionInPath;
use crate::http::{ApiError, App};
use crate::rate_limit::{Client, Tier, now_ms};
use crate::session::{Device, LIFETIME_SECS, Session};
use crate::{clock, session};

#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct Login {
    username: String,
    password: String,
    /// For pages: the token comes in a cookie that scripts cannot read, and not in the body.
    #[serde(default)]
    cookie: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct LoginBody {
    /// For `Authorization: Bearer`; absent if it came in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
struct SessionBody {
    id: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// To within ten minutes.
    #[schema(format = DateTime)]
    last_activity: String,
    #[schema(format = DateTime)]
    expires_at: String,
    ip_address: Option<String>,
    user_agent: Option<String>,
    /// Whether it is the one that asks.
    current: bool,
}

/// Sessions.
#[derive(Serialize, ToSchema)]
#[schema(as = Sessions)]
pub(in crate::http) struct SessionsBody {
    sessions: Vec<SessionBody>,
    count: usize,
}

impl SessionBody {
    fn new(session: Session, current: &Session) -> Self {
        Self {
            current: session.id == current.id,
            id: session.id,
            created_at: clock::iso8601(session.created_at),
            last_activity: clock::iso8601(session.last_activity),
            expires_at: clock::iso8601(session.expires_at),
            ip_address: session.ip_address,
            user_agent: session.user_agent,
        }
    }
}

/// Logs in. One answer, after the same work, for a wrong password and for a user who does not exist.
#[utoipa::path(post, path = "/api/sessions", operation_id = "logIn", tag = "sessions", request_body = Login, responses(
    (status = 201, description = "Logged in", body = LoginBody),
    (status = 401, description = "Wrong username or password"),
))]
pub(in crate::http) async fn log_in(
    State(app): State<Arc<App>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    JsonBody(Login { username, password, cookie }): JsonBody<Login>,
) -> Result<Response, ApiError> {
    // By name and address: whoever guesses somebody's password from elsewhere locks out nobody but themselves.
    let (guesser, limit) = (client.about(&username), app.rate_limiter.limit(Tier::Login));
    if let Some(limit) = limit
        && let Some(refused) = app.rate_limiter.used_up(Tier::Login, guesser, limit, now_ms()).await
    {
        let mut response = ApiError::too_many_requests(limit, refused.reset_secs).into_response();
        response.extensions_mut().insert(Admission::Decided(Tier::Login, refused));
        return Ok(response);
    }
    let credentials = match Username::parse(&username) {
        Ok(username) => app.db.credentials(username.as_str()).await?,
        Err(_) => None,
    };
    let hash = credentials.as_ref().map(|credentials| credentials.password_hash.clone());
    let right = app.passwords.verify(password, hash).await?;
    let wrong = ApiError::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "Wrong username or password");
    let Some(account) = credentials.filter(|_| right) else {
        if let Some(limit) = limit {
            app.rate_limiter.decide(Tier::Login, guesser, limit, now_ms()).await;
        }
        tracing::info!(target: "audit", %client, "login failed");
        return Err(wrong);
    };
    let user_agent = headers.get(header::USER_AGENT).and_then(|name| name.to_str().ok()).map(str::to_owned);
    let device = Device { ip_address: Some(client.to_string()), user_agent };
    let (token, session) = session::begin(account.account_id, username, device, clock::now()).map_err(|error| {
        tracing::error!(%error, "no randomness for a session");
        ApiError::internal()
    })?;
    let (stored, password_hash) = (session.clone(), account.password_hash);
    let create = move |app: Arc<App>| async move { app.db.create_session(stored, &password_hash).await };
    if !app.change(create).await? {
        return Err(wrong);
    }
    app.sessions.begun(&session).await?;
    let set_cookie = cookie.then(|| set_cookie(&token, LIFETIME_SECS)).transpose()?;
    let expires_at = clock::iso8601(session.expires_at);
    let body = LoginBody { token: Some(token).filter(|_| !cookie), expires_at };
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Some(set_cookie) = set_cookie {
        response.headers_mut().insert(header::SET_COOKIE, set_cookie);
    }
    Ok(response)
}

fn set_cookie(token: &str, max_age_secs: u64) -> Result<HeaderValue, ApiError> {
    let text = format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={max_age_secs}");
    HeaderValue::try_from(text).map_err(|error| {
        tracing::error!(%error, "a cookie cannot be written");
        ApiError::internal()
    })
}

/// The caller's sessions, the oldest first.
#[utoipa::path(get, path = "/api/sessions", operation_id = "listSessions", tag = "sessions", security(("session" = [])), responses(
    (status = 200, description = "Sessions", body = SessionsBody),
))]
pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    LoggedIn(current): LoggedIn,
) -> Result<Json<SessionsBody>, ApiError> {
    let sessions = app.sessions.of(&current.account_id, clock::now()).await?;
    let sessions: Vec<_> = sessions.into_iter().map(|session| SessionBody::new(session, &current)).collect();
    Ok(Json(SessionsBody { count: sessions.len(), sessions }))
}

/// Ends the session that asks.
#[utoipa::path(delete, path = "/api/sessions/current", operation_id = "logOut", tag = "sessions", security(("session" = [])), responses(
    (status = 204, description = "Ended"),
))]
pub(in crate::http) async fn log_out(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Response, ApiError> {
    let id = session.id.clone();
    end(&app, session, id).await?;
    logged_out()
}

/// Ends one of the caller's sessions, this one or another.
#[utoipa::path(delete, path = "/api/sessions/{id}", operation_id = "endSession", tag = "sessions", params(SessionInPath), security(("session" = [])),
    responses((status = 204, description = "Ended"), (status = 404, description = "The caller has no such session"),
))]
pub(in crate::http) async fn log_out_one(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter(id): PathParameter<String>,
) -> Result<StatusCode, ApiError> {
    if end(&app, session, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("Session not found"))
    }
}

async fn end(app: &Arc<App>, session: Session, id: String) -> Result<bool, ApiError> {
    let account_id = session.account_id.clone();
    let ended = app.change(move |app: Arc<App>| async move { app.db.delete_session(&account_id, &id).await }).await?;
    let was_there = ended.is_some();
    app.sessions.ended(&session.account_id, ended.as_slice()).await;
    Ok(was_there)
}

/// Ends all of the caller's sessions.
#[utoipa::path(delete, path = "/api/sessions", operation_id = "logOutEverywhere", tag = "sessions", security(("session" = [])), responses(
    (status = 204, description = "Ended"),
))]
pub(in crate::http) async fn log_out_everywhere(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Response, ApiError> {
    let account_id = session.account_id.clone();
    app.change(move |app: Arc<App>| async move { app.db.delete_sessions_of(&account_id).await }).await?;
    tracing::info!(target: "audit", account_id = session.account_id, "all sessions ended");
    logged_out()
}

/// Whoever has the cookie loses it.
fn logged_out() -> Result<Response, ApiError> {
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, set_cookie("", 0)?)]).into_response())
}
