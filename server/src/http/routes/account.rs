//! `/api/accounts`: signing up, and the password.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealcard_core::{Profile, ProfileDraft};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock;
use crate::db::NewAccount;
use crate::http::auth::LoggedIn;
use crate::http::json::JsonBody;
use crate::http::{ApiError, App};
use crate::password::NewPassword;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SignUp {
    #[schema(pattern = "^[a-zA-Z0-9_-]{3,50}$", example = "ada")]
    username: String,
    /// 8 characters or more, up to 256 bytes.
    #[schema(min_length = 8, max_length = 256)]
    password: String,
    #[schema(min_length = 1, max_length = 100, example = "Ada Lovelace")]
    display_name: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SignedUp {
    username: String,
    display_name: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct PasswordChange {
    current_password: String,
    /// 8 characters or more, up to 256 bytes.
    #[schema(min_length = 8, max_length = 256)]
    new_password: String,
}

/// Signs up.
#[utoipa::path(post, path = "/api/accounts", operation_id = "signUp", tag = "accounts", request_body = SignUp, responses(
    (status = 201, description = "Signed up: log in next", body = SignedUp),
    (status = 409, description = "The username is taken"),
))]
pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    JsonBody(sign_up): JsonBody<SignUp>,
) -> Result<(StatusCode, Json<SignedUp>), ApiError> {
    let SignUp { username, password, display_name } = sign_up;
    let profile = Profile::parse(ProfileDraft { username, display_name, ..ProfileDraft::default() })?;
    let password_hash = app.passwords.hash(NewPassword::parse(password)?).await?;
    let body = SignedUp {
        username: profile.username.as_str().to_owned(),
        display_name: profile.display_name.as_str().to_owned(),
    };
    let id = Uuid::new_v4().to_string();
    app.create_account(NewAccount { id, password_hash, profile, created_at: clock::now() }).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

/// Changes the password and ends every session, this one too.
#[utoipa::path(put, path = "/api/accounts/me/password", operation_id = "changePassword", tag = "accounts", request_body = PasswordChange,
    security(("session" = [])), responses(
    (status = 204, description = "Changed: log in again"),
    (status = 403, description = "The current password is wrong"),
))]
pub(in crate::http) async fn change_password(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    JsonBody(change): JsonBody<PasswordChange>,
) -> Result<StatusCode, ApiError> {
    let new_password = NewPassword::parse(change.new_password)?;
    let credentials = app.db.credentials_of(&session.account_id).await?;
    let hash = credentials.map(|credentials| credentials.password_hash);
    if !app.passwords.verify(change.current_password, hash).await? {
        return Err(ApiError::new(StatusCode::FORBIDDEN, "wrong_password", "Wrong password"));
    }
    let password_hash = app.passwords.hash(new_password).await?;
    let account_id = session.account_id.clone();
    app.change(move |app: Arc<App>| async move { app.db.change_password(&account_id, &password_hash).await }).await?;
    tracing::info!(target: "audit", account_id = session.account_id, "password changed, all sessions ended");
    Ok(StatusCode::NO_CONTENT)
}
