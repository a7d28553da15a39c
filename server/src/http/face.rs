//! What every request goes through, whatever its route: a name, a time limit, a limit of size, headers, and a panic that is
//! only this request's. One service around the router: a layer of it for each would cost every request several allocations.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::net::{IpAddr, Ipv4Addr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use futures_util::FutureExt as _;
use futures_util::future::Either;
use http_body_util::Limited;
use hyper::body::Incoming;
use tower::Service as _;

use super::admission::Admission;
use super::limits::{MAX_BODY_BYTES, REQUEST_TIMEOUT};
use super::request_context::{self, RequestContext};
use super::{ApiError, App, at_once, error, router};
use crate::cache::Lookup;
use crate::rate_limit::Client;

/// The service as connections see it.
#[derive(Clone)]
pub(super) struct Face {
    app: Arc<App>,
    router: Router,
    peer: IpAddr,
}

impl Face {
    pub(super) fn new(app: Arc<App>) -> Self {
        Self { router: router(Arc::clone(&app)), app, peer: IpAddr::V4(Ipv4Addr::UNSPECIFIED) }
    }

    /// The same for whoever has opened a connection.
    pub(super) fn of(&self, peer: IpAddr) -> Self {
        Self { peer, ..self.clone() }
    }
}

/// Gives a request to its route, for a limited time.
async fn route(mut router: Router, request: Request<Incoming>) -> Response<Body> {
    // No name of ours has one, and databases differ about them.
    if request.uri().path().contains("%00") {
        return ApiError::not_found("Not found").into_response();
    }
    let request = request.map(|body| Body::new(Limited::new(body, MAX_BODY_BYTES)));
    let answering = AssertUnwindSafe(router.call(request)).catch_unwind();
    match tokio::time::timeout(REQUEST_TIMEOUT, answering).await {
        Ok(Ok(Ok(response))) => response,
        Ok(Ok(Err(error))) => match error {},
        Ok(Err(panic)) => error::panicked(panic),
        Err(_) => ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Request took too long").into_response(),
    }
}

/// An answer as it was made.
enum Made {
    /// Out of memory and from a template: what every answer says stands in it.
    AtOnce(Response<Body>, Lookup),
    /// In any other way.
    Otherwise(Response<Body>),
}

/// What needs no route: a refusal, what is in memory, or a panic on the way to it.
fn at_once(app: &Arc<App>, request: &Request<Incoming>, admission: &Admission, now: Instant) -> Option<Made> {
    if let Some(refusal) = admission.refusal() {
        return Some(Made::Otherwise(refusal));
    }
    match catch_unwind(AssertUnwindSafe(|| at_once::answer(app, request, now))) {
        Ok(answer) => answer.map(|(response, lookup)| Made::AtOnce(response, lookup)),
        Err(panic) => Some(Made::Otherwise(error::panicked(panic))),
    }
}

/// What every answer gets, and its line in the log.
fn finish(app: &App, made: Made, admission: &Admission, began: Instant) -> Result<Response<Body>, Infallible> {
    let mut admission = *admission;
    let (mut response, lookup) = match made {
        Made::AtOnce(response, lookup) => (response, Some(lookup)),
        Made::Otherwise(mut response) => {
            admission = response.extensions_mut().remove().unwrap_or(admission);
            admission.complete(app, response.headers_mut());
            (response, None)
        }
    };
    admission.tell(response.headers_mut());
    RequestContext::name(&mut response);
    request_context::log(&response, lookup, began);
    Ok(response)
}

impl hyper::service::Service<Request<Incoming>> for Face {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<
        Ready<Result<Response<Body>, Infallible>>,
        Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>,
    >;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let began = Instant::now();
        let context = RequestContext::of(&request);
        let now = context.clone().sync_scope(|| {
            let admission = Admission::of(&self.app, &request, self.peer);
            if matches!(admission, Admission::Asks(..)) {
                return Either::Right((admission, request));
            }
            match at_once(&self.app, &request, &admission, began) {
                Some(made) => Either::Left(finish(&self.app, made, &admission, began)),
                None => Either::Right((admission, request)),
            }
        });
        match now {
            Either::Left(answer) => Either::Left(ready(answer)),
            Either::Right((admission, request)) => {
                let (app, router, peer) = (Arc::clone(&self.app), self.router.clone(), self.peer);
                Either::Right(Box::pin(context.scope(async move {
                    let asked = matches!(admission, Admission::Asks(..));
                    let admission = admission.decided(&app).await;
                    // Whoever waits may have slept for long: what was fresh then may not be now.
                    let known = asked.then(|| at_once(&app, &request, &admission, Instant::now())).flatten();
                    let made = match known {
                        Some(made) => made,
                        None => {
                            let client = Client::of(peer, request.headers(), app.rate_limiter.proxies());
                            let mut request = request;
                            request.extensions_mut().insert(client);
                            Made::Otherwise(route(router, request).await)
                        }
                    };
                    finish(&app, made, &admission, began)
                })))
            }
        }
    }
}
