//! `/api/public/{username}`, also `/api/u/{username}`: what anyone may see.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use sealcard_core::qr::{MAX_PIXELS, QrMatrix};
use serde::{Deserialize, Serialize};

use super::profile::ProfileBody;
use crate::cache::Lookup;
use crate::clock;
use crate::http::etag::json_with_etag;
use crate::http::json::{PathParameter, QueryParameters};
use crate::http::{ApiError, App};
use crate::token::{self, SessionToken};

/// Shared caches may keep an answer for 5 minutes and serve it for one more while they fetch the next. A token lives
/// 10 minutes and is fresh when it leaves here, so nobody is handed one with less than 4 minutes left.
const CACHE_CONTROL: &str = "public, max-age=300, stale-while-revalidate=60";

pub(in crate::http) async fn profile(
    State(app): State<Arc<App>>,
    PathParameter(username): PathParameter<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (stored, lookup) = app.public_profile(&username).await?;
    let body = serde_json::to_vec(&ProfileBody::of(&stored)).map_err(|error| {
        tracing::error!(%error, "a profile could not be written as JSON");
        ApiError::internal()
    })?;
    Ok(with_lookup(json_with_etag(&headers, body, CACHE_CONTROL), lookup))
}

/// The form of a session token.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TokenFormat {
    #[default]
    Sc1,
    Jwt,
}

#[derive(Deserialize)]
pub(in crate::http) struct SessionQuery {
    #[serde(default)]
    format: TokenFormat,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionBody {
    token: String,
    token_type: &'static str,
    expires_in: u32,
    expires_at: String,
}

pub(in crate::http) async fn qr_session(
    State(app): State<Arc<App>>,
    PathParameter(username): PathParameter<String>,
    QueryParameters(query): QueryParameters<SessionQuery>,
) -> Result<Response, ApiError> {
    let (stored, lookup) = app.public_profile(&username).await?;
    let now = clock::now();
    let issuer = app.issuer(now)?;
    let (SessionToken { text, expires_at }, token_type) = match query.format {
        TokenFormat::Sc1 => (token::sc1(&issuer, &stored, now)?, "SC1"),
        TokenFormat::Jwt => (token::jwt(&issuer, &app.issuer_name, &stored, now), "JWT"),
    };
    let body = SessionBody {
        token: text,
        token_type,
        expires_in: token::SESSION_TTL.as_secs(),
        expires_at: clock::iso8601(expires_at),
    };
    let mut response = Json(body).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    Ok(with_lookup(response, lookup))
}

/// The form of a picture.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PictureFormat {
    #[default]
    Png,
    Svg,
}

#[derive(Deserialize)]
pub(in crate::http) struct PictureQuery {
    #[serde(default)]
    format: PictureFormat,
    size: Option<u32>,
}

/// The width of a picture if none is asked for.
const DEFAULT_PIXELS: u32 = 400;

pub(in crate::http) async fn qr(
    State(app): State<Arc<App>>,
    PathParameter(username): PathParameter<String>,
    QueryParameters(query): QueryParameters<PictureQuery>,
) -> Result<Response, ApiError> {
    let size = query.size.unwrap_or(DEFAULT_PIXELS);
    if !(1..=MAX_PIXELS).contains(&size) {
        let detail = format!("size: {size}, but 1 to {MAX_PIXELS} pixels are allowed");
        return Err(ApiError::malformed(detail));
    }
    let (stored, lookup) = app.public_profile(&username).await?;
    let now = clock::now();
    let text = token::sc1(app.issuer(now)?.as_ref(), &stored, now)?.text;
    // Drawing takes milliseconds, more than everything else here together: keep it off the threads that serve.
    let drawn = tokio::task::spawn_blocking(move || draw(&text, query.format, size)).await;
    let (content_type, picture) = drawn.unwrap_or_else(|error| {
        tracing::error!(%error, "a picture was not drawn");
        Err(ApiError::internal())
    })?;
    let headers = [(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, CACHE_CONTROL)];
    Ok(with_lookup((headers, picture).into_response(), lookup))
}

fn draw(text: &str, format: PictureFormat, size: u32) -> Result<(&'static str, Vec<u8>), ApiError> {
    let matrix = QrMatrix::new(text)
        .map_err(|error| ApiError::unprocessable(error.code().as_str(), "Profile too large").with_detail(error))?;
    match format {
        PictureFormat::Svg => Ok(("image/svg+xml", matrix.to_svg(size).into_bytes())),
        PictureFormat::Png => match matrix.to_png(size) {
            Ok(png) => Ok(("image/png", png)),
            Err(error) => {
                tracing::error!(%error, "a PNG was not written");
                Err(ApiError::internal())
            }
        },
    }
}

fn with_lookup(mut response: Response, lookup: Lookup) -> Response {
    let value = match lookup {
        Lookup::Hit => "HIT",
        Lookup::Miss => "MISS",
    };
    response.headers_mut().insert("x-cache", HeaderValue::from_static(value));
    response
}
