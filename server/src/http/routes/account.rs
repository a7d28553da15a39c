//! `/api/accounts`: signing up, and the password.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealcard_core::{Profile, ProfileDraft};
use serde::Deserialize;
use uuid::Uuid;

use super::profile::to_json;
use crate::clock;
use crate::db::NewAccount;
use crate::http::auth::LoggedIn;
use crate::http::json::JsonBody;
use crate::http::{ApiError, App};
use crate::password::NewPassword;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct SignUp {
    username: String,
    password: String,
    display_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct PasswordChange {
    current_password: String,
    new_password: String,
}

pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    JsonBody(sign_up): JsonBody<SignUp>,
) -> Result<(StatusCode, Json<serde_json::Value>), ApiError> {
    let SignUp { username, password, display_name } = sign_up;
    let profile = Profile::parse(ProfileDraft { username, display_name, ..ProfileDraft::default() })?;
    let password_hash = app.passwords.hash(NewPassword::parse(password)?).await?;
    let body = to_json(&serde_json::json!({
        "username": profile.username.as_str(),
        "displayName": profile.display_name.as_str(),
    }))?;
    let id = Uuid::new_v4().to_string();
    app.create_account(NewAccount { id, password_hash, profile, created_at: clock::now() }).await?;
    Ok((StatusCode::CREATED, body))
}

/// Changes the password and ends every session, this one too.
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
