//! `/api/profiles/me`: the caller's own profile.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sealcard_core::{AccentColor, DisplayText, Link, LinkUrl, Profile};
use serde::{Deserialize, Deserializer, Serialize};

use crate::db::StoredProfile;
use crate::http::auth::LoggedIn;
use crate::http::json::JsonBody;
use crate::http::{ApiError, App};

/// A profile as DevCard's clients expect it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProfileBody<'a> {
    username: &'a str,
    display_name: &'a str,
    bio: Option<&'a str>,
    pronouns: Option<&'a str>,
    role: Option<&'a str>,
    company: Option<&'a str>,
    avatar_url: Option<&'a LinkUrl>,
    accent_color: AccentColor,
    links: Vec<LinkBody<'a>>,
}

/// A link as DevCard's clients expect it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkBody<'a> {
    id: &'a str,
    platform: &'a str,
    username: &'a str,
    url: Option<&'a LinkUrl>,
    display_order: usize,
    /// Whether the viewer follows the owner there. It depends on the viewer, so it is added here and never cached.
    followed: bool,
}

impl<'a> ProfileBody<'a> {
    pub(super) fn of(stored: &'a StoredProfile) -> Self {
        let Profile { username, display_name, bio, pronouns, role, company, accent_color, .. } = &stored.profile;
        Self {
            username: username.as_str(),
            display_name: display_name.as_str(),
            bio: bio.as_ref().map(DisplayText::as_str),
            pronouns: pronouns.as_ref().map(DisplayText::as_str),
            role: role.as_ref().map(DisplayText::as_str),
            company: company.as_ref().map(DisplayText::as_str),
            avatar_url: stored.profile.avatar_url(),
            accent_color: *accent_color,
            links: stored.links().map(|(order, id, link)| LinkBody::of(order, id, link)).collect(),
        }
    }
}

impl<'a> LinkBody<'a> {
    pub(super) fn of(display_order: usize, id: &'a str, link: &'a Link) -> Self {
        Self {
            id,
            platform: link.platform().as_str(),
            username: link.username().as_str(),
            url: link.url(),
            display_order,
            followed: false,
        }
    }
}

/// The fields to change: an absent one stays, `null` or an empty text clears an optional one, and is refused for one
/// that is not. Links have routes of their own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ProfileChange {
    #[serde(default, deserialize_with = "given")]
    username: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    display_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    bio: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pronouns: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    role: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    company: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    avatar_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
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

pub(in crate::http) async fn read(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<serde_json::Value>, ApiError> {
    let stored = app.db.profile_of(&session.account_id).await?.ok_or(ApiError::unauthorized("Account not found"))?;
    to_json(&ProfileBody::of(&stored))
}

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
    to_json(&ProfileBody::of(&stored))
}

pub(super) fn to_json(value: &impl Serialize) -> Result<Json<serde_json::Value>, ApiError> {
    serde_json::to_value(value).map(Json).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        ApiError::internal()
    })
}
