//! Answers that clients may keep and ask about again.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// A JSON `body` with a strong ETag, or 304 if the client has it already.
pub(super) fn json_with_etag(request: &HeaderMap, body: Vec<u8>, cache_control: &'static str) -> Response {
    with_etag(request, "application/json", body, cache_control)
}

/// The same with a plain text.
pub(super) fn text_with_etag(request: &HeaderMap, body: Vec<u8>, cache_control: &'static str) -> Response {
    with_etag(request, "text/plain; charset=utf-8", body, cache_control)
}

fn with_etag(request: &HeaderMap, content_type: &'static str, body: Vec<u8>, cache_control: &'static str) -> Response {
    let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(Sha256::digest(&body)));
    let known = request.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).is_some_and(|tags| {
        tags.split(',').map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == "*" || tag == etag)
    });
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], body).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}
