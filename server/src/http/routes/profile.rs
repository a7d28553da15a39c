//! `/api/profiles/me`: the caller's own profile.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::db::StoredProfile;
use crate::http::auth::LoggedIn;
use crate::http::json::JsonBody;
use crate::http::{ApiError, App};
use crate::profile_json::{ANYBODY, ProfileJson};

/// The fields to change: an absent one stays, `null` or an empty text clears an optional one, and is refused for one
/// that is not. Links have routes of their own.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ProfileChange {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    username: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    bio: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pronouns: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    role: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    company: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    avatar_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    accent_color: Option<Option<String>>,
}

/// Tells `null` from absent.
pub(super) fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

/// The caller's own profile.
#[utoipa::path(get, path = "/api/profiles/me", operation_id = "readProfile", tag = "profiles", security(("session" = [])), responses(
    (status = 200, description = "The profile", body = ProfileJson),
))]
pub(in crate::http) async fn read(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<serde_json::Value>, ApiError> {
    let stored = app.db.profile_of(&session.account_id).await?.ok_or(ApiError::unauthorized("Account not found"))?;
    own(&stored)
}

/// Changes the caller's own profile.
#[utoipa::path(put, path = "/api/profiles/me", operation_id = "changeProfile", tag = "profiles", request_body = ProfileChange, security(("session" = [])),
    responses((status = 200, description = "The profile", body = ProfileJson), (status = 409, description = "The username is taken"),
))]
pub(in crate::http) async fn change(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    JsonBody(change): JsonBody<ProfileChange>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let edit = move |stored: &mut StoredProfile| {
        stored.change_fields(|draft| {
            set(&mut draft.username, change.username.map(Option::unwrap_or_default));
            set(&mut draft.display_name, change.display_name.map(Option::unwrap_or_default));
            set(&mut draft.bio, change.bio);
            set(&mut draft.pronouns, change.pronouns);
            set(&mut draft.role, change.role);
            set(&mut draft.company, change.company);
            set(&mut draft.avatar_url, change.avatar_url);
            set(&mut draft.accent_color, change.accent_color);
        })
    };
    let stored = Arc::clone(&app).edit_profile(&session.account_id, Box::new(edit)).await?;
    own(&stored)
}

/// A profile as its owner sees it.
pub(super) fn own(stored: &StoredProfile) -> Result<Json<serde_json::Value>, ApiError> {
    to_json(&ProfileJson::new(&stored.profile, &stored.link_ids, ANYBODY))
}

pub(super) fn to_json(value: &impl Serialize) -> Result<Json<serde_json::Value>, ApiError> {
    serde_json::to_value(value).map(Json).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        ApiError::internal()
    })
}
