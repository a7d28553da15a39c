//! `/api/public/{username}`, also `/api/u/{username}`: what anyone may see.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use sealcard_core::UnixTime;
use serde::Deserialize;
use utoipa::IntoParams;

use super::picture::{PictureQuery, picture};
use crate::cache::{Found, Lookup};
use crate::clock;
use crate::http::auth::LoggedIn;
use crate::http::etag::{etag_of, is_known};
use crate::http::json::{PathParameter, QueryParameters};
use crate::http::openapi::{IssuedToken, UsernameInPath};
use crate::http::templates::{FOR_ALL, X_CACHE, set_lookup};
use crate::http::{ApiError, App};
use crate::profile_json::ProfileJson;
use crate::public_profile::{PublicProfile, TokenForm};
use crate::token::SessionToken;

/// A profile as anyone may see it. Whoever has logged in sees which links they follow, too.
#[utoipa::path(get, path = "/api/public/{username}", operation_id = "readPublicProfile", tag = "profiles", params(UsernameInPath),
    security((), ("session" = [])), responses(
    (status = 200, description = "The profile", body = ProfileJson, headers(
        ("etag" = String, description = "For `If-None-Match`"),
        ("x-cache" = String, description = "`HIT`, `MISS`, `STALE` or `BYPASS`"),
    )),
    (status = 304, description = "As the client has it"),
    (status = 404, description = "There is no such user"),
))]
pub(in crate::http) async fn profile(
    State(app): State<Arc<App>>,
    PathParameter(username): PathParameter<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let found = app.public_profile(&username).await?;
    if request.headers().contains_key(header::AUTHORIZATION) {
        let (mut parts, _) = request.into_parts();
        let followed = match followed_links(&app, &mut parts, &username).await {
            Ok(followed) => followed,
            // Whoever it is: what everybody sees is better than nothing.
            Err(error) if error.is_unavailable() => Vec::new(),
            Err(error) => return Err(error),
        };
        return viewer_answer(&app, &found, &followed, &parts.headers);
    }
    Ok(profile_answer(&app, &found, request.headers()))
}

/// What everybody sees.
pub(in crate::http) fn profile_answer(app: &App, found: &Found<PublicProfile>, request: &HeaderMap) -> Response {
    app.profile_views.inc();
    let Found { value, lookup } = found;
    with_etag(app, request, &value.etag, *lookup, || Body::from(value.body.clone()))
}

/// The links of a user that whoever asks follows.
async fn followed_links(app: &Arc<App>, parts: &mut Parts, username: &str) -> Result<Vec<String>, ApiError> {
    let LoggedIn(session) = LoggedIn::from_request_parts(parts, app).await?;
    Ok(app.db.followed_links(&session.account_id, username).await?)
}

/// What somebody who has logged in sees: whom they follow is added to what the cache has, and kept by nobody.
fn viewer_answer(
    app: &App,
    found: &Found<PublicProfile>,
    followed: &[String],
    request: &HeaderMap,
) -> Result<Response, ApiError> {
    app.profile_views.inc();
    let body = found.value.body_for(followed).map_err(|error| {
        tracing::error!(%error, "a profile could not be written as JSON");
        ApiError::internal()
    })?;
    let mut response = with_etag(app, request, &etag_of(&body), found.lookup, || Body::from(body));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    Ok(response)
}

/// A profile's body with its ETag, or 304 if the client has it.
fn with_etag(
    app: &App,
    request: &HeaderMap,
    etag: &HeaderValue,
    lookup: Lookup,
    body: impl FnOnce() -> Body,
) -> Response {
    let is_known = is_known(request, etag);
    let mut response = Response::new(if is_known { Body::empty() } else { body() });
    *response.headers_mut() = app.templates.profile.clone();
    response.headers_mut().insert(header::ETAG, etag.clone());
    set_lookup(response.headers_mut(), lookup);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct SessionQuery {
    /// The form of the token.
    #[serde(default)]
    #[param(required = false)]
    format: TokenForm,
}

/// A token of a profile, good for ten minutes: what its QR code carries.
#[utoipa::path(get, path = "/api/public/{username}/qr-session", operation_id = "issueToken", tag = "tokens", params(UsernameInPath, SessionQuery), responses(
    (status = 200, description = "The token", body = IssuedToken, headers(
        ("age" = u32, description = "For how many seconds the token has been signed"),
        ("x-cache" = String, description = "`HIT`, `MISS`, `STALE` or `BYPASS`"),
    )),
    (status = 404, description = "There is no such user"),
    (status = 422, description = "The profile is too large for a token"),
))]
pub(in crate::http) async fn qr_session(
    State(app): State<Arc<App>>,
    PathParameter(username): PathParameter<String>,
    QueryParameters(query): QueryParameters<SessionQuery>,
) -> Result<Response, ApiError> {
    let found = app.public_profile(&username).await?;
    qr_session_answer(&app, &found, query.format, clock::now())
}

pub(in crate::http) fn qr_session_answer(
    app: &App,
    found: &Found<PublicProfile>,
    form: TokenForm,
    now: UnixTime,
) -> Result<Response, ApiError> {
    let token = app.session_token(&found.value, form, now)?;
    let mut response = Response::new(Body::from(token.json(now)));
    *response.headers_mut() = app.templates.session.clone();
    set_age(&mut response, &token, now);
    set_lookup(response.headers_mut(), found.lookup);
    Ok(response)
}

/// How old a token is counts as the answer's age: a shared cache hands it out for so much less.
fn set_age(response: &mut Response, token: &SessionToken, now: UnixTime) {
    response.headers_mut().insert(header::AGE, HeaderValue::from(now.secs_since(token.issued_at)));
}

/// The same as a picture of its QR code.
#[utoipa::path(get, path = "/api/public/{username}/qr", operation_id = "drawToken", tag = "tokens", params(UsernameInPath, PictureQuery), responses(
    (status = 200, description = "The picture", content((String = "image/png"), (String = "image/svg+xml"))),
    (status = 404, description = "There is no such user"),
    (status = 422, description = "The profile is too large for a QR code"),
))]
pub(in crate::http) async fn qr(
    State(app): State<Arc<App>>,
    PathParameter(username): PathParameter<String>,
    QueryParameters(query): QueryParameters<PictureQuery>,
) -> Result<Response, ApiError> {
    let size = query.size()?;
    let Found { value, lookup } = app.public_profile(&username).await?;
    let now = clock::now();
    let token = app.session_token(&value, TokenForm::Sc1, now)?;
    let mut response = picture(token.text.clone(), query.format, size).await?;
    set_age(&mut response, &token, now);
    response.headers_mut().insert(header::CACHE_CONTROL, FOR_ALL);
    response.headers_mut().insert(X_CACHE, HeaderValue::from_static(lookup.as_str()));
    Ok(response)
}
