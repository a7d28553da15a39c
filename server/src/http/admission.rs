//! Whether a request is answered, or its client has sent too many.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Response};
use axum::response::IntoResponse as _;

use super::{ApiError, App};
use crate::rate_limit::{Client, Decision, Limit, Tier, now_ms};

const X_RATELIMIT_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_RATELIMIT_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RATELIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What is known of a request before it is answered.
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

    /// Says in an answer how many more would be answered.
    pub(super) fn tell(&self, app: &App, response: &mut Response<Body>) {
        let Self::Decided(tier, Decision { remaining, reset_secs, .. }) = *self else { return };
        let headers = response.headers_mut();
        if let Some(stated) = app.rate_limiter.stated(tier) {
            headers.insert(X_RATELIMIT_LIMIT, stated.limit.clone());
            headers.insert(RATELIMIT_POLICY, stated.policy.clone());
        }
        headers.insert(X_RATELIMIT_REMAINING, HeaderValue::from(remaining));
        headers.insert(X_RATELIMIT_RESET, HeaderValue::from(reset_secs));
        let mut state = String::with_capacity(40);
        let written = write!(state, "\"{}\";r={remaining};t={reset_secs}", tier.as_str());
        if let (Ok(()), Ok(value)) = (written, HeaderValue::try_from(state)) {
            headers.insert(RATELIMIT, value);
        }
    }
}
