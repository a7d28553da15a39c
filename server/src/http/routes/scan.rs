//! `/scan/{qrId}`: what a phone opens when it scans a code.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::cache::{Found, Json};
use crate::cached;
use crate::clock;
use crate::db::DbError;
use crate::events::Happening;
use crate::http::json::PathParameter;
use crate::http::openapi::QrIdInPath;
use crate::http::templates::set_lookup;
use crate::http::{ApiError, App};
use crate::qr_code::{Destination, Id};
use crate::scans::is_crawler;

const SEC_PURPOSE: HeaderName = HeaderName::from_static("sec-purpose");
const PURPOSE: HeaderName = HeaderName::from_static("purpose");

/// Counts a scan, and leads on.
#[utoipa::path(get, path = "/scan/{qrId}", operation_id = "scan", tag = "scans", params(QrIdInPath), responses(
    (status = 302, description = "To the target", headers(("location" = String, description = "Where the code leads"))),
    (status = 404, description = "There is no such code"),
))]
pub(in crate::http) async fn scan(
    State(app): State<Arc<App>>,
    PathParameter(qr_id): PathParameter<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let not_found = || ApiError::not_found("QR code not found");
    if !Id::is_one(&qr_id) {
        return Err(not_found());
    }
    let load = || async { Ok::<_, DbError>(app.db.destination(&qr_id).await?.map(Json)) };
    let found = app.cache.get_or_load(cached::SCAN, &qr_id, load).await?.ok_or_else(not_found)?;
    answer(&app, &qr_id, &found, request.method(), request.headers())
}

/// Whether a browser fetches in advance what its user may never look at.
fn is_prefetch(request: &HeaderMap) -> bool {
    let purpose = request.get(SEC_PURPOSE).or_else(|| request.get(PURPOSE));
    purpose.is_some_and(|purpose| purpose.as_bytes().starts_with(b"prefetch"))
}

/// Counts, tells, and redirects.
pub(in crate::http) fn answer(
    app: &App,
    qr_id: &str,
    found: &Found<Json<Destination>>,
    method: &Method,
    request: &HeaderMap,
) -> Result<Response, ApiError> {
    let Found { value: destination, lookup } = found;
    let location = HeaderValue::from_str(destination.0.target_url.as_str()).map_err(|error| {
        tracing::error!(qr_id, %error, "a target is none");
        ApiError::internal()
    })?;
    let user_agent = request.get(header::USER_AGENT).map(HeaderValue::as_bytes).unwrap_or_default();
    if method == Method::GET && !is_crawler(user_agent) && !is_prefetch(request) {
        let now = clock::now();
        if !app.scans.count(qr_id, now) {
            return Err(ApiError::unavailable());
        }
        app.events.publish(Happening::scanned(qr_id, destination, now, request));
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::FOUND;
    *response.headers_mut() = app.templates.scan.clone();
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    set_lookup(headers, *lookup);
    Ok(response)
}
