//! Whether a request is answered, or its client has sent too many.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Request, Response};
use axum::response::IntoResponse as _;

use super::templates::{self, RATELIMIT, X_RATELIMIT_REMAINING, X_RATELIMIT_RESET};
use super::{ApiError, App};
use crate::rate_limit::{Client, Decision, Limit, Tier, now_ms};

/// What is known of a request before it is answered. A handler that has counted it by another tier says so in the extensions of
/// its answer.
#[derive(Clone, Copy)]
pub(super) enum Admission {
    /// It is not counted.
    Free,
    /// It was counted.
    Decided(Tier, Decision),
    /// Redis is to be asked first.
    Asks(Tier, Client, Limit),
}

impl Admission {
    pub(super) fn of<B>(app: &App, request: &Request<B>, peer: IpAddr) -> Self {
        let limiter = &app.rate_limiter;
        let tier = Tier::of(request.method(), request.uri().path());
        let Some((tier, limit)) = tier.and_then(|tier| Some((tier, limiter.limit(tier)?))) else { return Self::Free };
        let client = Client::of(peer, request.headers(), limiter.proxies());
        match limiter.decide_at_once(tier, client, limit, now_ms()) {
            Some(decision) => Self::Decided(tier, decision),
            None => Self::Asks(tier, client, limit),
        }
    }

    /// Asks Redis if that is to be done.
    pub(super) async fn decided(self, app: &Arc<App>) -> Self {
        match self {
            Self::Asks(tier, client, limit) => {
                Self::Decided(tier, app.rate_limiter.decide(tier, client, limit, now_ms()).await)
            }
            decided => decided,
        }
    }

    /// The answer to a request that is one too many.
    pub(super) fn refusal(&self) -> Option<Response<Body>> {
        let Self::Decided(_, decision) = self else { return None };
        (!decision.is_admitted)
            .then(|| ApiError::too_many_requests(decision.limit, decision.reset_secs).into_response())
    }

    /// Says in an answer what every answer says, and what the limit is.
    pub(super) fn complete(&self, app: &App, headers: &mut HeaderMap) {
        let stated = if let Self::Decided(tier, _) = self { app.rate_limiter.stated(*tier) } else { None };
        templates::complete(headers, stated);
    }

    /// Says how many more would be answered.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let Self::Decided(tier, Decision { remaining, reset_secs, .. }) = *self else { return };
        if let Some([state, remaining, reset]) = state(tier, remaining, reset_secs) {
            headers.insert(RATELIMIT, state);
            headers.insert(X_RATELIMIT_REMAINING, remaining);
            headers.insert(X_RATELIMIT_RESET, reset);
        }
    }
}

/// The value of `RateLimit`, and its two numbers for the older headers: parts of one text, which is written for every request.
fn state(tier: Tier, remaining: u32, reset_secs: u32) -> Option<[HeaderValue; 3]> {
    let (mut r, mut t) = (itoa::Buffer::new(), itoa::Buffer::new());
    let (r, t) = (r.format(remaining), t.format(reset_secs));
    let text = ["\"", tier.as_str(), "\";r=", r, ";t=", t].concat();
    let end = text.len();
    let before_t = end.checked_sub(t.len())?;
    let after_r = before_t.checked_sub(";t=".len())?;
    let before_r = after_r.checked_sub(r.len())?;
    let text = Bytes::from(text);
    let part = |range| HeaderValue::from_maybe_shared(text.slice(range)).ok();
    Some([part(0..end)?, part(before_r..after_r)?, part(before_t..end)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_parts_of_the_state() {
        let told = |remaining, reset| state(Tier::Scan, remaining, reset).unwrap();
        assert_eq!(told(5_999, 60), ["\"scan\";r=5999;t=60", "5999", "60"]);
        assert_eq!(told(0, 1), ["\"scan\";r=0;t=1", "0", "1"]);
        assert_eq!(told(u32::MAX, 86_400), ["\"scan\";r=4294967295;t=86400", "4294967295", "86400"]);
    }
}
