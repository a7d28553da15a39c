//! What every request goes through, whatever its route: a name, a time limit, a limit of size, headers, and a panic that is
//! only this request's. One service around the router: a layer of it for each would cost every request several allocations.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use http_body_util::Limited;
use hyper::body::{Body as _, Incoming};
use tower::Service;

use super::limits::{MAX_BODY_BYTES, REQUEST_TIMEOUT};
use super::request_context::{self, RequestContext};
use super::{ApiError, error};

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

    async fn answer(mut router: Router, request: Request<Incoming>) -> Response<Body> {
        let began = Instant::now();
        let request = request.map(|body| {
            if body.is_end_stream() { Body::empty() } else { Body::new(Limited::new(body, MAX_BODY_BYTES)) }
        });
        let mut answering = pin!(AssertUnwindSafe(Service::call(&mut router, request)).catch_unwind());
        // What the cache has is answered without waiting, and needs no clock: it is boxed, for
        // the future of every request would be larger by one.
        let outcome = match answering.as_mut().now_or_never() {
            Some(outcome) => Ok(outcome),
            None => Box::pin(tokio::time::timeout(REQUEST_TIMEOUT, answering)).await,
        };
        let mut response = match outcome {
            Ok(Ok(Ok(response))) => response,
            Ok(Ok(Err(error))) => match error {},
            Ok(Err(panic)) => error::panicked(panic),
            Err(_) => ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Request took too long").into_response(),
        };
        let headers = response.headers_mut();
        // What does not say otherwise is somebody's own.
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        request_context::log(&response, began);
        RequestContext::name(&mut response);
        response
    }
}

impl hyper::service::Service<Request<Incoming>> for Face {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (router, context) = (self.router.clone(), RequestContext::of(&request));
        Box::pin(context.scope(async { Ok(Self::answer(router, request).await) }))
    }
}
