//! A name for every request, in its answer and in every log line about it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::cache::Lookup;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// Longer ids from outside are replaced.
const MAX_LENGTH: usize = 64;

/// Takes the id from a proxy in front, or makes one, and logs the request with its outcome. Queries and headers are not
/// logged: they may hold secrets.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .filter(|id| is_plain(id))
        .cloned()
        .or_else(|| HeaderValue::from_str(&next_id()).ok());
    let span = tracing::info_span!(
        "request",
        id = id.as_ref().and_then(|id| id.to_str().ok()),
        method = %request.method(),
        path = request.uri().path(),
    );
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let hit = response.headers().get(X_CACHE).is_some_and(|lookup| lookup == Lookup::Hit.as_str());
    span.in_scope(|| {
        // What the cache answers is the great mass, and tells nothing that the metrics do not.
        if hit { tracing::debug!(status, ms, "answered") } else { tracing::info!(status, ms, "answered") }
    });
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// An id that no other request of any server has: random for the process, and counted.
fn next_id() -> String {
    static PROCESS: LazyLock<String> = LazyLock::new(|| Uuid::new_v4().simple().to_string());
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("{}-{:x}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Whether an id from outside is safe to log.
fn is_plain(id: &HeaderValue) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}
