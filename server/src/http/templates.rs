//! The headers that answers have in common, put together once: putting them into each answer one by one would cost as much as
//! finding what to answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::cache::Lookup;
use crate::rate_limit::{RateLimiter, Stated, Tier};

pub(super) const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
pub(super) const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
pub(super) const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What every answer says that does not say otherwise: it is somebody's own, it is what its type says, a page may do nothing and
/// stand in nobody's frame, nobody learns from where somebody came, and pages of other sites may show it.
const COMMON: [(HeaderName, HeaderValue); 5] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin")),
];

const JSON: (HeaderName, HeaderValue) = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));

/// Shared caches may keep an answer until it is 5 minutes old, and serve it for one more while they fetch the next. A token
/// lives 10 minutes, and the header `Age` says how old it is when it leaves here: so nobody is handed one with less than
/// 4 minutes left.
pub(super) const FOR_ALL: HeaderValue = HeaderValue::from_static("public, max-age=300, stale-while-revalidate=60");

/// The headers of the answers that are given most, out of the cache. What differs from answer to answer has its place already,
/// and must be filled: a clone has the room that it was made with, and no more.
pub struct Templates {
    /// A public profile. To be filled: `ETag`.
    pub(super) profile: HeaderMap,
    /// A token. To be filled: `Age`.
    pub(super) session: HeaderMap,
    /// A scan. To be filled: `Location`.
    pub(super) scan: HeaderMap,
}

impl Templates {
    pub(super) fn new(limiter: &RateLimiter) -> Self {
        let vary = (header::VARY, HeaderValue::from_static("authorization"));
        let for_all = (header::CACHE_CONTROL, FOR_ALL);
        Self {
            profile: template(limiter.stated(Tier::Profile), [JSON, vary, for_all.clone(), to_fill(header::ETAG)]),
            session: template(limiter.stated(Tier::Session), [JSON, for_all, to_fill(header::AGE)]),
            scan: template(limiter.stated(Tier::Scan), [to_fill(header::LOCATION)]),
        }
    }
}

fn template<const N: usize>(stated: Option<&Stated>, own: [(HeaderName, HeaderValue); N]) -> HeaderMap {
    let mut headers: HeaderMap = own.into_iter().collect();
    complete(&mut headers, stated);
    headers.insert(X_CACHE, HeaderValue::from_static(Lookup::Hit.as_str()));
    headers.extend([to_fill(X_REQUEST_ID)]);
    if stated.is_some() {
        headers.extend([RATELIMIT, X_RATELIMIT_REMAINING, X_RATELIMIT_RESET].map(to_fill));
    }
    headers
}

/// Says whether the cache had what an answer from a template says.
pub(super) fn set_lookup(headers: &mut HeaderMap, lookup: Lookup) {
    if lookup != Lookup::Hit {
        headers.insert(X_CACHE, HeaderValue::from_static(lookup.as_str()));
    }
}

fn to_fill(name: HeaderName) -> (HeaderName, HeaderValue) {
    (name, HeaderValue::from_static(""))
}

/// Adds what every answer says.
pub(super) fn complete(headers: &mut HeaderMap, stated: Option<&Stated>) {
    for (name, value) in COMMON {
        headers.entry(name).or_insert(value);
    }
    if let Some(Stated { limit, policy }) = stated {
        headers.insert(X_RATELIMIT_LIMIT, limit.clone());
        headers.insert(RATELIMIT_POLICY, policy.clone());
    }
}
