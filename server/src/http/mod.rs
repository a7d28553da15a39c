//! The server's HTTP face: all routes on one screen.

mod auth;
mod error;
mod etag;
mod json;
mod limits;
mod request_id;
mod routes;
mod serve;
mod state;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use axum::routing::{delete, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

pub use error::ApiError;
pub(crate) use etag::{etag_of, is_known};
pub use limits::{MAX_BODY_BYTES, REQUEST_TIMEOUT};
pub use serve::{SHUTDOWN_TIMEOUT, serve};
pub use state::App;

use crate::cache::ResponseCacheLayer;
use crate::cached;
use routes::{account, cache, dashboard, health, jwks, link, pass, profile, public, session, signed_file};

/// The whole service, ready to be served or called in a test.
pub fn router(app: Arc<App>) -> Router {
    let public = Router::new()
        .route("/{username}", get(public::profile))
        .route("/{username}/qr-session", get(public::qr_session))
        .route("/{username}/qr", get(public::qr));

    let cached = |resource| ResponseCacheLayer::new(Arc::clone(&app.cache), resource);

    Router::new()
        .nest("/api/public", public.clone())
        .nest("/api/u", public)
        .route("/api/accounts", post(account::create))
        .route("/api/accounts/me/password", put(account::change_password))
        .route("/api/sessions", post(session::log_in).get(session::list).delete(session::log_out_everywhere))
        .route("/api/sessions/current", delete(session::log_out))
        .route("/api/profiles/me", get(profile::read).put(profile::change))
        .route("/api/profiles/me/links", post(link::add))
        .route("/api/profiles/me/links/reorder", put(link::reorder))
        .route("/api/profiles/me/links/{id}", put(link::change).delete(link::remove))
        .route("/api/profiles/me/pass", post(pass::issue))
        .route("/api/tokens/revoke", post(pass::revoke))
        .route("/api/revocations", get(signed_file::revocations).layer(cached(cached::REVOCATIONS)))
        .route("/api/trust-bundle", get(signed_file::trust_bundle))
        .route("/api/dashboard/stats", get(dashboard::stats))
        .route("/api/cache", get(cache::list))
        .route("/api/cache/invalidate", post(cache::invalidate))
        .route("/api/cache/{key}", get(cache::read).put(cache::write).delete(cache::remove))
        .route("/api/admin/cache/stats", get(cache::stats))
        .route("/api/admin/cache/stats/reset", post(cache::reset))
        .route("/.well-known/jwks.json", get(jwks::read))
        .route("/health", get(health::read))
        .route("/api/health/cache", get(health::cache))
        .route("/metrics", get(health::metrics))
        .fallback(error::no_such_route)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn(limits::time_out))
        .layer(CatchPanicLayer::custom(error::panicked))
        // What does not say otherwise is somebody's own.
        .layer(SetResponseHeaderLayer::if_not_present(header::CACHE_CONTROL, HeaderValue::from_static("no-store")))
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .layer(SetResponseHeaderLayer::overriding(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        ))
        .layer(middleware::from_fn(request_id::trace))
        .with_state(app)
}
