//! The headers that answers have in common, put together once: putting them into each answer one by one would cost as much as
//! finding what to answer.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::rate_limit::{RateLimiter, Tier};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
pub(super) const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
pub(super) const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What every answer says: it is what its type says, a page may do nothing and stand in nobody's frame, nobody learns from where
/// somebody came, and pages of other sites may show it.
const COMMON: [(HeaderName, HeaderValue); 4] = [
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

/// The headers of the answers that are given most.
pub struct Templates {
    /// A public profile.
    pub(super) profile: HeaderMap,
    /// A token.
    pub(super) session: HeaderMap,
    /// A scan.
    pub(super) scan: HeaderMap,
}

impl Templates {
    pub(super) fn new(limiter: &RateLimiter) -> Self {
        let vary = (header::VARY, HeaderValue::from_static("authorization"));
        let for_all = (header::CACHE_CONTROL, FOR_ALL);
        let for_nobody = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Self {
            profile: template(limiter, Tier::Profile, [JSON, vary, for_all.clone()]),
            session: template(limiter, Tier::Session, [JSON, for_all]),
            scan: template(limiter, Tier::Scan, [for_nobody]),
        }
    }
}

fn template<const N: usize>(limiter: &RateLimiter, tier: Tier, own: [(HeaderName, HeaderValue); N]) -> HeaderMap {
    let mut headers: HeaderMap = own.into_iter().collect();
    complete(&mut headers);
    if let Some(stated) = limiter.stated(tier) {
        headers.insert(X_RATELIMIT_LIMIT, stated.limit.clone());
        headers.insert(RATELIMIT_POLICY, stated.policy.clone());
    }
    headers
}

/// Adds what every answer says, if it does not come from a template.
pub(super) fn complete(headers: &mut HeaderMap) {
    if headers.contains_key(header::X_CONTENT_TYPE_OPTIONS) {
        return;
    }
    for (name, value) in COMMON {
        headers.entry(name).or_insert(value);
    }
}
