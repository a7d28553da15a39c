//! What every request goes through, whatever its route: a name, a time limit, a limit of size, headers, and a panic that is
//! only this request's. One service around the router: a layer of it for each would cost every request several allocations.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use http_body_util::Limited;
use hyper::body::Incoming;
use tower::ServiceExt as _;
use tracing::Instrument as _;

use super::limits::{MAX_BODY_BYTES, REQUEST_TIMEOUT};
use super::{ApiError, error, request_id};

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The service as connections see it.
#[derive(Clone)]
pub(super) struct Face {
    router: Router,
}

impl Face {
    pub(super) const fn new(router: Router) -> Self {
        Self { router }
    }

    async fn answer(router: Router, request: Request<Incoming>) -> Response<Body> {
        let id = request_id::of(request.headers());
        let span = request_id::span(&id, &request);
        let began = Instant::now();
        let request = request.map(|body| Body::new(Limited::new(body, MAX_BODY_BYTES)));
        let answering = AssertUnwindSafe(router.oneshot(request)).catch_unwind().instrument(span.clone());
        let mut response = match tokio::time::timeout(REQUEST_TIMEOUT, answering).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => match error {},
            Ok(Err(panic)) => span.in_scope(|| panicked(panic)),
            Err(_) => ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Request took too long").into_response(),
        };
        let headers = response.headers_mut();
        // What does not say otherwise is somebody's own.
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        request_id::log(&span, &response, began);
        request_id::set(&mut response, id);
        response
    }
}

impl hyper::service::Service<Request<Incoming>> for Face {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let router = self.router.clone();
        Box::pin(async { Ok(Self::answer(router, request).await) })
    }
}

fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    error::panicked(panic)
}
