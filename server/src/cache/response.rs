//! Whole answers in the cache, as a tower layer: for what is the same for everybody.
//!
//! An answer is kept under its method, path and query. Requests that say who asks are passed on, and so is every answer
//! that is not a plain success for everybody.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use tower::{Layer, Service, ServiceExt as _};

use crate::http::is_known;

use super::{Cache, CacheError, Found, LoadError, Lookup, Resource, Value};

/// What the keys of answers begin with.
pub(super) const PREFIX: &str = "api:";

/// Larger answers are not kept, in bytes.
const MAX_BODY: usize = 1 << 20;

/// Longer keys are not kept, in bytes.
const MAX_KEY: usize = 512;

/// The headers that are kept with a body; the others belong to one answer.
const KEPT_HEADERS: [HeaderName; 5] =
    [header::CONTENT_TYPE, header::CACHE_CONTROL, header::ETAG, header::LAST_MODIFIED, header::VARY];

/// An answer as it is kept.
#[derive(Clone, Debug)]
pub struct CachedResponse {
    headers: HeaderMap,
    body: Bytes,
}

/// The same in Redis.
#[derive(Serialize, Deserialize)]
struct Stored {
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
}

impl Value for CachedResponse {
    fn encode(&self) -> Result<Vec<u8>, CacheError> {
        let headers = self
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        let text = std::str::from_utf8(&self.body).ok();
        let stored = Stored {
            headers: headers.collect(),
            body: text.map(str::to_owned),
            base64: text.is_none().then(|| STANDARD.encode(&self.body)),
        };
        serde_json::to_vec(&stored).map_err(CacheError::value)
    }

    fn decode(bytes: &[u8]) -> Result<Self, CacheError> {
        let stored: Stored = serde_json::from_slice(bytes).map_err(CacheError::value)?;
        let mut headers = HeaderMap::new();
        for (name, value) in stored.headers {
            let name =
                KEPT_HEADERS.iter().find(|kept| **kept == *name).ok_or(CacheError::value("a header of no kind"))?;
            headers.insert(name, HeaderValue::from_str(&value).map_err(CacheError::value)?);
        }
        let body = match (stored.body, stored.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => STANDARD.decode(text).map_err(CacheError::value)?,
            _ => return Err(CacheError::value("an answer has one body")),
        };
        Ok(Self { headers, body: body.into() })
    }

    fn weight(&self) -> usize {
        self.body.len().saturating_add(512)
    }
}

/// Puts answers of the routes it is laid over into the cache.
#[derive(Clone)]
pub struct ResponseCacheLayer {
    cache: Arc<Cache>,
    resource: Resource<CachedResponse>,
}

impl ResponseCacheLayer {
    /// Keeps the answers as this resource. Its keys have the form `api:GET:/path{query}`.
    #[must_use]
    pub const fn new(cache: Arc<Cache>, resource: Resource<CachedResponse>) -> Self {
        Self { cache, resource }
    }
}

impl<S> Layer<S> for ResponseCacheLayer {
    type Service = ResponseCache<S>;

    fn layer(&self, inner: S) -> ResponseCache<S> {
        ResponseCache { cache: Arc::clone(&self.cache), resource: self.resource, inner }
    }
}

/// A service whose answers are kept.
#[derive(Clone)]
pub struct ResponseCache<S> {
    cache: Arc<Cache>,
    resource: Resource<CachedResponse>,
    inner: S,
}

/// An answer that is not for everybody: it is in the hands of whoever asked.
#[derive(Clone)]
struct NotKept;

impl LoadError for NotKept {
    fn is_unavailable(&self) -> bool {
        false
    }
}

impl<S> Service<Request> for ResponseCache<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let clone = self.clone();
        let service = std::mem::replace(self, clone);
        Box::pin(service.answer(request))
    }
}

impl<S> ResponseCache<S>
where
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    async fn answer(self, request: Request) -> Result<Response, Infallible> {
        let Some(argument) = argument_of(request.method(), request.uri(), request.headers()) else {
            let mut response = self.inner.oneshot(request).await?;
            set_lookup(&mut response, Lookup::Bypass);
            return Ok(response);
        };
        // What the inner service makes of it must not depend on what this client has already.
        let mut plain =
            axum::http::request::Builder::new().uri(request.uri().clone()).body(Body::empty()).unwrap_or_default();
        *plain.extensions_mut() = request.extensions().clone();
        let (parts, _) = plain.into_parts();
        let own = Mutex::new(None);
        let load = || {
            let (service, parts) = (self.inner.clone(), parts.clone());
            let own = &own;
            async move {
                let response = match service.oneshot(Request::from_parts(parts, Body::empty())).await {
                    Ok(response) => response,
                    Err(error) => match error {},
                };
                match split(response).await {
                    Ok(cached) => Ok(Some(cached)),
                    Err(response) => {
                        *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(response);
                        Err(NotKept)
                    }
                }
            }
        };
        let Some(request_for) = self.cache.inner.request_for(self.resource, &argument) else {
            return self.inner.oneshot(request).await;
        };
        match self.cache.inner.get_or_load(self.resource, request_for, load).await {
            Ok(Some(Found { value, lookup })) => {
                let mut response = conditional(&value, request.headers());
                set_lookup(&mut response, lookup);
                Ok(response)
            }
            Ok(None) | Err(NotKept) => {
                let own = own.into_inner().unwrap_or_else(PoisonError::into_inner);
                match own {
                    Some(response) => Ok(response),
                    // Somebody else's was not for everybody: ask for one of our own.
                    None => self.inner.oneshot(request).await,
                }
            }
        }
    }
}

/// What an answer is kept under, if the request is one for everybody: method, path, and the query in one order.
fn argument_of(method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let personal = [header::AUTHORIZATION, header::COOKIE, header::RANGE];
    if method != Method::GET || personal.iter().any(|name| headers.contains_key(name)) {
        return None;
    }
    let mut parts: Vec<_> =
        uri.query().unwrap_or_default().split('&').filter(|part| !part.is_empty()).map(normal).collect();
    // Stable: of two values of one name, the first stays the first.
    parts.sort_by(|left, right| name_of(left).cmp(name_of(right)));
    let mut argument = format!("{method}:{}", normal(uri.path()));
    if !parts.is_empty() {
        argument.push('?');
        argument.push_str(&parts.join("&"));
    }
    (argument.len() <= MAX_KEY).then_some(argument)
}

fn name_of(part: &str) -> &str {
    part.split_once('=').map_or(part, |(name, _)| name)
}

/// One spelling for what means the same: letters, digits and `-._~` as they are, escapes in capitals, and whatever Redis or
/// a cluster might read otherwise escaped.
fn normal(text: &str) -> String {
    let mut bytes = text.bytes();
    let mut normal = String::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let escaped = match byte {
            b'%' => {
                let mut rest = bytes.clone();
                let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
                match (digit(rest.next()), digit(rest.next())) {
                    (Some(high), Some(low)) => {
                        bytes = rest;
                        u8::try_from(high.wrapping_mul(16).wrapping_add(low)).ok()
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        match escaped {
            Some(meant) if meant.is_ascii_alphanumeric() || b"-._~".contains(&meant) => normal.push(char::from(meant)),
            Some(meant) => normal.push_str(&format!("%{meant:02X}")),
            None if byte.is_ascii_alphanumeric() || b"-._~/=:@!$'(),;+".contains(&byte) => {
                normal.push(char::from(byte));
            }
            None => normal.push_str(&format!("%{byte:02X}")),
        }
    }
    normal
}

/// What is kept of an answer; or the answer itself, if it is not for everybody.
async fn split(response: Response) -> Result<CachedResponse, Response> {
    let (parts, body) = response.into_parts();
    let control = parts.headers.get(header::CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let for_everybody = parts.status == StatusCode::OK
        && !parts.headers.contains_key(header::SET_COOKIE)
        && !["private", "no-store", "no-cache"].iter().any(|word| control.contains(word))
        && parts.headers.get(header::VARY).is_none_or(|vary| vary == "accept-encoding")
        && parts.headers.iter().all(|(name, _)| KEPT_HEADERS.contains(name) || *name == header::CONTENT_LENGTH);
    let is_small = axum::body::HttpBody::size_hint(&body).upper().is_some_and(|upper| upper <= 1 << 20);
    if !for_everybody || !is_small {
        return Err(Response::from_parts(parts, body));
    }
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return Err(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let headers = parts.headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
    let headers = headers.filter(|(name, _)| KEPT_HEADERS.contains(name)).collect();
    Ok(CachedResponse { headers, body })
}

/// The answer, or 304 if the client has it.
fn conditional(cached: &CachedResponse, request: &HeaderMap) -> Response {
    let known = cached.headers.get(header::ETAG).is_some_and(|etag| is_known(request, etag));
    let (status, body) = if known {
        (StatusCode::NOT_MODIFIED, Body::empty())
    } else {
        (StatusCode::OK, Body::from(cached.body.clone()))
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = cached.headers.clone();
    if known {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    response
}

fn set_lookup(response: &mut Response, lookup: Lookup) {
    response.headers_mut().insert("x-cache", HeaderValue::from_static(lookup.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(uri: &str) -> Option<String> {
        argument_of(&Method::GET, &uri.parse().unwrap(), &HeaderMap::new())
    }

    #[test]
    fn what_means_the_same_is_one_key() {
        for same in ["/a?x=1&y=2", "/a?y=2&x=1", "/%61?x=%31&y=2", "/a?&x=1&&y=2"] {
            assert_eq!(argument(same).unwrap(), "GET:/a?x=1&y=2", "{same}");
        }
        for other in ["/a", "/a?x=1", "/a?x=1&y=2&z", "/a/?x=1&y=2", "/a?x=2&y=1", "/a%2F?x=1&y=2", "/A?x=1&y=2"] {
            assert_ne!(argument(other).unwrap(), "GET:/a?x=1&y=2", "{other}");
        }
        assert_ne!(argument("/a?x=1&x=2"), argument("/a?x=2&x=1"), "the order of values may mean something");
        assert_eq!(argument("/a?q=%c3%A9*{}").unwrap(), "GET:/a?q=%C3%A9%2A%7B%7D");
        assert!(argument(&format!("/{}", "a".repeat(MAX_KEY - 5))).is_some());
        assert!(argument(&format!("/{}", "a".repeat(MAX_KEY - 4))).is_none());
    }

    #[test]
    fn who_says_who_asks_is_passed_on() {
        let uri = "/a".parse().unwrap();
        for name in [header::AUTHORIZATION, header::COOKIE] {
            let headers = HeaderMap::from_iter([(name, HeaderValue::from_static("x"))]);
            assert_eq!(argument_of(&Method::GET, &uri, &headers), None);
        }
        assert_eq!(argument_of(&Method::POST, &uri, &HeaderMap::new()), None);
    }

    #[test]
    fn an_answer_survives_redis() {
        for body in ["text".as_bytes(), &[0xff, 0x00]] {
            let headers = HeaderMap::from_iter([(header::ETAG, HeaderValue::from_static("\"1\""))]);
            let cached = CachedResponse { headers, body: Bytes::copy_from_slice(body) };
            let again = CachedResponse::decode(&cached.encode().unwrap()).unwrap();
            assert_eq!((again.headers, again.body), (cached.headers, cached.body));
        }
        for wrong in ["", "{}", r#"{"headers":[["set-cookie","a"]],"body":""}"#, r#"{"headers":[],"base64":"?"}"#] {
            assert!(CachedResponse::decode(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
