//! `/.well-known/jwks.json`: the public keys, as a trust file for verifiers.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::http::etag::json_with_etag;
use crate::http::{ApiError, App};

pub(in crate::http) async fn read(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let jwks: serde_json::Value = serde_json::from_str(&app.jwks()).map_err(|_| ApiError::internal())?;
    json_with_etag(&headers, &jwks, "public, max-age=300")
}
