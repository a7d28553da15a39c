//! `/api/profiles/me/links`: the links of the caller's own profile.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealcard_core::LinkDraft;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::profile::{given, own, to_json};
use crate::db::StoredProfile;
use crate::http::auth::LoggedIn;
use crate::http::json::{JsonBody, PathParameter};
use crate::http::openapi::{LinkInPath, NewLink};
use crate::http::{ApiError, App};
use crate::profile_json::{ANYBODY, LinkJson, ProfileJson};
use crate::session::Session;

/// A link's new members: an absent one stays, and an address of `null` becomes the platform's. So does, when the name
/// changes, an address that was the platform's.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct LinkChange {
    platform: Option<String>,
    username: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    url: Option<Option<String>>,
}

/// The links in their new order: every id once, either plainly or as DevCard sends it.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
pub(in crate::http) enum Order {
    Ids { ids: Vec<String> },
    Links { links: Vec<OrderedLink> },
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct OrderedLink {
    id: String,
    display_order: i64,
}

impl Order {
    fn into_ids(self) -> Vec<String> {
        match self {
            Self::Ids { ids } => ids,
            Self::Links { mut links } => {
                links.sort_by_key(|link| link.display_order);
                links.into_iter().map(|link| link.id).collect()
            }
        }
    }
}

/// Adds a link at the end.
#[utoipa::path(post, path = "/api/profiles/me/links", operation_id = "addLink", tag = "profiles", request_body = NewLink, security(("session" = [])),
    responses((status = 201, description = "The link", body = LinkJson),
))]
pub(in crate::http) async fn add(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    JsonBody(link): JsonBody<LinkDraft>,
) -> Result<(StatusCode, Json<serde_json::Value>), ApiError> {
    let id = Uuid::new_v4().to_string();
    let edit = {
        let id = id.clone();
        move |stored: &mut StoredProfile| stored.add_link(id, link)
    };
    let stored = Arc::clone(&app).edit_profile(&session.account_id, Box::new(edit)).await?;
    Ok((StatusCode::CREATED, one(&stored, &id)?))
}

/// Changes a link.
#[utoipa::path(put, path = "/api/profiles/me/links/{id}", operation_id = "changeLink", tag = "profiles", params(LinkInPath), request_body = LinkChange,
    security(("session" = [])), responses(
    (status = 200, description = "The link", body = LinkJson),
    (status = 404, description = "The caller has no such link"),
))]
pub(in crate::http) async fn change(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter(id): PathParameter<String>,
    JsonBody(change): JsonBody<LinkChange>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let edit = {
        let id = id.clone();
        move |stored: &mut StoredProfile| {
            stored.change_link(&id, |link| {
                link.platform = change.platform.unwrap_or_else(|| std::mem::take(&mut link.platform));
                link.username = change.username.unwrap_or_else(|| std::mem::take(&mut link.username));
                link.url = change.url.unwrap_or_else(|| link.url.take());
            })
        }
    };
    let stored = Arc::clone(&app).edit_profile(&session.account_id, Box::new(edit)).await?;
    one(&stored, &id)
}

/// Removes a link.
#[utoipa::path(delete, path = "/api/profiles/me/links/{id}", operation_id = "removeLink", tag = "profiles", params(LinkInPath), security(("session" = [])),
    responses((status = 204, description = "Removed"), (status = 404, description = "The caller has no such link"),
))]
pub(in crate::http) async fn remove(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter(id): PathParameter<String>,
) -> Result<StatusCode, ApiError> {
    let edit = move |stored: &mut StoredProfile| stored.remove_link(&id);
    Arc::clone(&app).edit_profile(&session.account_id, Box::new(edit)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts the links into another order.
#[utoipa::path(put, path = "/api/profiles/me/links/reorder", operation_id = "reorderLinks", tag = "profiles", request_body = Order, security(("session" = [])),
    responses((status = 200, description = "The profile", body = ProfileJson),
))]
pub(in crate::http) async fn reorder(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    JsonBody(order): JsonBody<Order>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let edit = move |stored: &mut StoredProfile| stored.reorder_links(order.into_ids());
    let stored = Arc::clone(&app).edit_profile(&session.account_id, Box::new(edit)).await?;
    own(&stored)
}

/// Remembers that the caller follows somebody there.
#[utoipa::path(put, path = "/api/links/{id}/follow", operation_id = "followLink", tag = "profiles", params(LinkInPath), security(("session" = [])),
    responses((status = 204, description = "Followed"), (status = 404, description = "There is no such link"),
))]
pub(in crate::http) async fn follow(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter(id): PathParameter<String>,
) -> Result<StatusCode, ApiError> {
    set_follow(&app, &session, &id, true).await
}

/// Forgets it.
#[utoipa::path(delete, path = "/api/links/{id}/follow", operation_id = "unfollowLink", tag = "profiles", params(LinkInPath), security(("session" = [])),
    responses((status = 204, description = "Not followed"), (status = 404, description = "There is no such link"),
))]
pub(in crate::http) async fn unfollow(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter(id): PathParameter<String>,
) -> Result<StatusCode, ApiError> {
    set_follow(&app, &session, &id, false).await
}

/// Nothing to be forgotten: whom a viewer follows is not cached.
async fn set_follow(app: &App, session: &Session, id: &str, follows: bool) -> Result<StatusCode, ApiError> {
    let not_found = ApiError::not_found("Link not found");
    let Ok(id) = Uuid::parse_str(id) else { return Err(not_found) };
    let known = app.db.follow(&session.account_id, &id.to_string(), follows).await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(not_found) }
}

fn one(stored: &StoredProfile, id: &str) -> Result<Json<serde_json::Value>, ApiError> {
    let (order, id, link) =
        stored.links().find(|(_, known, _)| *known == id).ok_or(ApiError::not_found("Link not found"))?;
    to_json(&LinkJson::new(order, id, link, ANYBODY))
}
