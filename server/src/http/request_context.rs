//! Which request is being answered: its id stands in its answer, and with its method and path in every log line about it.

use std::fmt;
use std::future::Future;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use super::templates::{X_CACHE, X_REQUEST_ID};
use crate::cache::Lookup;

/// Longer ids from outside are replaced.
const MAX_LENGTH: usize = 64;

/// How much of a path is logged: none of ours is as long.
const MAX_PATH: usize = 512;

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// A request, as far as it may be logged: queries and headers may hold secrets. (Not a span: making one for each request
/// costs more than answering it from the cache, and few requests log anything.)
#[derive(Clone)]
pub(crate) struct RequestContext {
    id: Option<HeaderValue>,
    method: Method,
    path: Option<PathAndQuery>,
}

impl RequestContext {
    /// With the id from a proxy in front, or a new one.
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let id = id_of(request.headers());
        Self { id, method: request.method().clone(), path: request.uri().path_and_query().cloned() }
    }

    /// Answers the request: whatever is logged meanwhile is logged with it.
    pub(super) fn scope<F: Future>(self, answering: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, answering)
    }

    /// The same without waiting.
    pub(super) fn sync_scope<T>(self, answering: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self, answering)
    }

    /// Whatever is answered just now, if anything is.
    pub(crate) fn with_current<T>(show: impl FnOnce(&Self) -> T) -> Option<T> {
        CURRENT.try_with(show).ok()
    }

    /// Puts the id into the answer.
    pub(super) fn name(response: &mut Response<Body>) {
        if let Some(id) = Self::with_current(|request| request.id.clone()).flatten() {
            response.headers_mut().insert(X_REQUEST_ID, id);
        }
    }

    fn path(&self) -> &str {
        let path = self.path.as_ref().map_or("", PathAndQuery::path);
        path.get(..MAX_PATH).unwrap_or(path)
    }

    fn id(&self) -> &str {
        self.id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default()
    }
}

impl fmt::Display for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} id={}", self.method, self.path().escape_debug(), self.id())
    }
}

impl Serialize for RequestContext {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a> {
            id: &'a str,
            method: &'a str,
            path: &'a str,
        }
        Fields { id: self.id(), method: self.method.as_str(), path: self.path() }.serialize(serializer)
    }
}

/// Logs how a request ended, and what was found in memory, if anything was.
pub(super) fn log(response: &Response<Body>, found: Option<Lookup>, began: Instant) {
    let status = response.status().as_u16();
    let is_hit = match found {
        Some(lookup) => lookup == Lookup::Hit,
        None => response.headers().get(X_CACHE).is_some_and(|lookup| lookup == Lookup::Hit.as_str()),
    };
    let ms = || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    // What the cache answers is the great mass, and tells nothing that the metrics do not; nor does what is refused, of which
    // there may be any amount.
    if is_hit || response.status() == StatusCode::TOO_MANY_REQUESTS {
        tracing::debug!(status, ms = ms(), "answered");
    } else {
        tracing::info!(status, ms = ms(), "answered");
    }
}

fn id_of(headers: &HeaderMap) -> Option<HeaderValue> {
    let given = headers.get(&X_REQUEST_ID).filter(|id| is_plain(id)).cloned();
    given.or_else(|| HeaderValue::from_str(next_id().encode_lower(&mut Uuid::encode_buffer())).ok())
}

/// An id that no other request of any server has: random for the process, and counted. Randomness for each would cost more
/// than the cache takes to answer.
fn next_id() -> uuid::fmt::Hyphenated {
    static FIRST: LazyLock<u128> = LazyLock::new(|| Uuid::new_v4().as_u128());
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    Uuid::from_u128(FIRST.wrapping_add(count.into())).hyphenated()
}

/// Whether an id from outside is safe to log.
fn is_plain(id: &HeaderValue) -> bool {
    (1..=MAX_LENGTH).contains(&id.len())
        && id.as_bytes().iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}
