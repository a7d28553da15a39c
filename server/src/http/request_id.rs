//! A name for every request, in its answer and in every log line about it.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tracing::Span;
use uuid::Uuid;

use crate::cache::Lookup;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// Longer ids from outside are replaced.
const MAX_LENGTH: usize = 64;

/// The id from a proxy in front, or a new one.
pub(super) fn of(headers: &HeaderMap) -> Option<HeaderValue> {
    let given = headers.get(&REQUEST_ID).filter(|id| is_plain(id)).cloned();
    given.or_else(|| HeaderValue::from_str(&next_id()).ok())
}

/// What stands with every log line about a request. Queries and headers do not: they may hold secrets.
pub(super) fn span<B>(id: &Option<HeaderValue>, request: &Request<B>) -> Span {
    tracing::info_span!(
        "request",
        id = id.as_ref().and_then(|id| id.to_str().ok()),
        method = %request.method(),
        path = request.uri().path(),
    )
}

/// Logs a request with its outcome.
pub(super) fn log(span: &Span, response: &Response<Body>, began: Instant) {
    let status = response.status().as_u16();
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let hit = response.headers().get(X_CACHE).is_some_and(|lookup| lookup == Lookup::Hit.as_str());
    span.in_scope(|| {
        // What the cache answers is the great mass, and tells nothing that the metrics do not.
        if hit { tracing::debug!(status, ms, "answered") } else { tracing::info!(status, ms, "answered") }
    });
}

/// Puts the id into the answer.
pub(super) fn set(response: &mut Response<Body>, id: Option<HeaderValue>) {
    if let Some(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

/// An id that no other request of any server has: random for the process, and counted. Randomness for each would cost more
/// than the cache takes to answer.
fn next_id() -> String {
    static FIRST: LazyLock<u128> = LazyLock::new(|| Uuid::new_v4().as_u128());
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(FIRST.wrapping_add(count.into())).to_string()
}

/// Whether an id from outside is safe to log.
fn is_plain(id: &HeaderValue) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}
