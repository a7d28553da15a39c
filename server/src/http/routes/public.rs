//! `/api/public/{username}`, also `/api/u/{username}`: what anyone may see.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sealcard_core::UnixTime;
use serde::Deserialize;

use super::picture::{PictureQuery, picture};
use crate::cache::{Found, Lookup};
use crate::clock;
use crate::http::auth::LoggedIn;
use crate::http::etag::{etag_of, is_known};
use crate::http::json::{PathParameter, QueryParameters};
use crate::http::{ApiError, App};
use crate::public_profile::{PublicProfile, TokenForm};
use crate::token::SessionToken;

/// Whether the cache had it.
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// Shared caches may keep an answer until it is 5 minutes old, and serve it for one more while they fetch the next. A token
/// lives 10 minutes, and the header `Age` says how old it is when it leaves here: so nobody is handed one with less than
/// 4 minutes left.
const CACHE_CONTROL: &str = "public, max-age=300, stale-while-revalidate=60";

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
    let mut response = with_etag(request, &value.etag, || Body::from(value.body.clone()));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("authorization"));
    finish(response, *lookup)
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
    let mut response = with_etag(request, &etag_of(&body), || Body::from(body));
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(X_CACHE, HeaderValue::from_static(found.lookup.as_str()));
    Ok(response)
}

/// A body with its ETag, or 304 if the client has it.
fn with_etag(request: &HeaderMap, etag: &HeaderValue, body: impl FnOnce() -> Body) -> Response {
    let mut response = if is_known(request, etag) { StatusCode::NOT_MODIFIED.into_response() } else { json(body()) };
    response.headers_mut().insert(header::ETAG, etag.clone());
    response
}

#[derive(Deserialize)]
pub(in crate::http) struct SessionQuery {
    #[serde(default)]
    format: TokenForm,
}

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
    let mut response = json(Body::from(token.json(now)));
    set_age(&mut response, &token, now);
    Ok(finish(response, found.lookup))
}

/// How old a token is counts as the answer's age: a shared cache hands it out for so much less.
fn set_age(response: &mut Response, token: &SessionToken, now: UnixTime) {
    response.headers_mut().insert(header::AGE, HeaderValue::from(now.secs_since(token.issued_at)));
}

fn json(body: Body) -> Response {
    let mut response = Response::new(body);
    // Room for all that an answer gets, at once.
    *response.headers_mut() = HeaderMap::with_capacity(20);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

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
    Ok(finish(response, lookup))
}

fn finish(mut response: Response, lookup: Lookup) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    headers.insert(X_CACHE, HeaderValue::from_static(lookup.as_str()));
    response
}
