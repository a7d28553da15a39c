//! `/.well-known/jwks.json`: the public keys, as a trust file for verifiers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::clock;
use crate::http::App;
use crate::http::etag::with_etag;

/// The public keys as a JWK set: a trust file for verifiers.
#[utoipa::path(get, path = "/.well-known/jwks.json", operation_id = "readPublicKeys", tag = "verifiers", responses(
    (status = 200, description = "A JWK set", body = Object, content_type = "application/json"),
    (status = 304, description = "As the client has it"),
))]
pub(in crate::http) async fn read(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    with_etag(&headers, "application/json", app.jwks(clock::now()).into_bytes(), "public, max-age=300")
}
