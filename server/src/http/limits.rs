//! What one request may cost.

use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::ApiError;

/// The largest request body: far more than the largest profile.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// How long a request may take, its body's arrival included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Ends a request that takes longer than [`REQUEST_TIMEOUT`].
pub(super) async fn time_out(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Request took too long").into_response(),
    }
}
