//! The server's HTTP face: all routes on one screen.

mod admission;
mod at_once;
mod auth;
mod error;
mod etag;
mod face;
mod json;
mod limits;
mod openapi;
mod request_context;
#[expect(unused_qualifications, reason = "the macros that describe routes write them")]
mod routes;
mod serve;
mod state;
mod templates;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, post, put};

pub use error::ApiError;
pub(crate) use etag::{etag_of, is_known};
pub use limits::{MAX_BODY_BYTES, REQUEST_TIMEOUT};
pub(crate) use request_context::RequestContext;
pub use serve::{SHUTDOWN_TIMEOUT, serve};
pub use state::App;

use crate::cache::ResponseCacheLayer;
use crate::cached;
use routes::{
    account, cache, dashboard, health, jwks, link, pass, profile, public, qr_code, scan, session, signed_file, tenant,
};

/// The whole service, ready to be served or called in a test.
pub fn router(app: Arc<App>) -> Router {
    let cached = |resource| ResponseCacheLayer::new(Arc::clone(&app.cache), resource);

    let mut router = Router::new();
    // Not nested: that costs the busiest routes some microseconds.
    for prefix in ["/api/public", "/api/u"] {
        router = router
            .route(&format!("{prefix}/{{username}}"), get(public::profile))
            .route(&format!("{prefix}/{{username}}/qr-session"), get(public::qr_session))
            .route(&format!("{prefix}/{{username}}/qr"), get(public::qr));
    }
    // Behind a gateway that takes `/api` away, too.
    for prefix in ["/api/qr", "/qr"] {
        router = router
            .route(prefix, post(qr_code::create).get(qr_code::list))
            .route(&format!("{prefix}/generate"), post(qr_code::generate))
            .route(&format!("{prefix}/{{qrId}}"), get(qr_code::read).patch(qr_code::change).delete(qr_code::remove))
            .route(&format!("{prefix}/{{qrId}}/stats"), get(qr_code::stats))
            .route(&format!("{prefix}/{{qrId}}/image"), get(qr_code::image));
    }
    router
        .route("/api/accounts", post(account::create))
        .route("/api/accounts/me/password", put(account::change_password))
        .route("/api/sessions", post(session::log_in).get(session::list).delete(session::log_out_everywhere))
        .route("/api/sessions/current", delete(session::log_out))
        .route("/api/sessions/{id}", delete(session::log_out_one))
        .route("/api/profiles/me", get(profile::read).put(profile::change))
        .route("/api/profiles/me/links", post(link::add))
        .route("/api/profiles/me/links/reorder", put(link::reorder))
        .route("/api/profiles/me/links/{id}", put(link::change).delete(link::remove))
        .route("/api/links/{id}/follow", put(link::follow).delete(link::unfollow))
        .route("/api/profiles/me/pass", post(pass::issue))
        .route("/api/tokens/revoke", post(pass::revoke))
        .route("/api/revocations", get(signed_file::revocations).layer(cached(cached::REVOCATIONS)))
        .route("/api/trust-bundle", get(signed_file::trust_bundle))
        .route("/api/tenants", post(tenant::create).get(tenant::list))
        .route("/api/tenants/{tenantId}/members", get(tenant::members))
        .route("/api/tenants/{tenantId}/members/{username}", put(tenant::add_member).delete(tenant::remove_member))
        .route("/generate", post(qr_code::generate))
        .route("/scan/{qrId}", get(scan::scan))
        .route("/api/dashboard/stats", get(dashboard::stats))
        .route("/api/cache", get(cache::list))
        .route("/api/cache/invalidate", post(cache::invalidate))
        .route("/api/cache/{key}", get(cache::read).put(cache::write).delete(cache::remove))
        .route("/api/admin/cache/stats", get(cache::stats))
        .route("/api/admin/cache/stats/reset", post(cache::reset))
        .route("/.well-known/jwks.json", get(jwks::read))
        .route("/health", get(health::read))
        .route("/ready", get(health::ready))
        .route("/api/health/cache", get(health::cache))
        .route("/metrics", get(health::metrics))
        .route("/api/openapi.json", get(openapi::read))
        .merge(openapi::page())
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::method_not_allowed)
        .with_state(app)
}
