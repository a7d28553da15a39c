//! Every error as `application/problem+json` (RFC 9457), with a stable code and DevCard's short `error` text.

use std::any::Any;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sealcard_core::{IssueError, ProfileError};
use serde::Serialize;

use crate::db::{DbError, EditError, SignError};
use crate::pass::PassError;
use crate::password::PasswordError;
use crate::rate_limit::Limit;

/// An error as clients see it. What is only for the log is logged where it happens and never put in here.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: &'static str,
    error: &'static str,
    detail: Option<String>,
    retry_after_secs: Option<u32>,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    code: &'static str,
    error: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
}

impl ApiError {
    /// An error with its status, stable code and short text.
    #[must_use]
    pub const fn new(status: StatusCode, code: &'static str, error: &'static str) -> Self {
        Self { status, code, error, detail: None, retry_after_secs: None }
    }

    /// The same with a sentence that says what to do.
    #[must_use]
    pub fn with_detail(self, detail: impl ToString) -> Self {
        Self { detail: Some(detail.to_string()), ..self }
    }

    /// 404.
    #[must_use]
    pub const fn not_found(error: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", error)
    }

    /// 409: something unique is already there.
    #[must_use]
    pub const fn conflict(error: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", error)
    }

    /// Whether something unique was already there.
    pub(super) fn is_conflict(&self) -> bool {
        self.code == "conflict"
    }

    /// Whether it may be otherwise a little later.
    pub(super) fn is_unavailable(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    /// 400: the request itself cannot be read.
    #[must_use]
    pub fn malformed(detail: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed_request", "Malformed request").with_detail(detail)
    }

    /// 422: the request can be read, but not done.
    #[must_use]
    pub const fn unprocessable(code: &'static str, error: &'static str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error)
    }

    /// 401.
    #[must_use]
    pub const fn unauthorized(error: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", error)
    }

    /// 503: try again.
    #[must_use]
    pub const fn unavailable() -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Temporarily unavailable");
        error.retry_after_secs = Some(2);
        error
    }

    /// 429: try again in so many seconds.
    #[must_use]
    pub fn too_many_requests(limit: Limit, retry_after_secs: u32) -> Self {
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests");
        let Limit { requests, window_secs } = limit;
        let detail = format!("up to {requests} in {window_secs} seconds: try again in {retry_after_secs} seconds");
        Self { retry_after_secs: Some(retry_after_secs), ..error.with_detail(detail) }
    }

    /// 500. The cause belongs in the log.
    #[must_use]
    pub const fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error")
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = Problem {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or_default(),
            status: self.status.as_u16(),
            code: self.code,
            error: self.error,
            detail: self.detail.as_deref(),
        };
        let mut response = (self.status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(secs) = self.retry_after_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::Conflict => Self::conflict("Username is taken"),
            DbError::Unavailable(_) => {
                tracing::warn!(%error, "the database is unavailable");
                Self::unavailable()
            }
            DbError::BadUrl
            | DbError::Migration(_)
            | DbError::Damaged(_)
            | DbError::Cache(_)
            | DbError::Internal(_) => {
                tracing::error!(%error, "the database failed");
                Self::internal()
            }
        }
    }
}

impl From<EditError> for ApiError {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Profile(error) => error.into(),
            EditError::NoSuchLink => Self::not_found("Link not found"),
            EditError::NotAPermutation => Self::unprocessable("invalid_order", "Invalid order").with_detail(error),
            EditError::NoSuchAccount => Self::unauthorized("Account not found"),
            EditError::Db(error) => error.into(),
        }
    }
}

impl From<PassError> for ApiError {
    fn from(error: PassError) -> Self {
        match error {
            PassError::Db(error) => error.into(),
            PassError::Issue(error) => error.into(),
            PassError::TooMany => {
                Self::new(StatusCode::CONFLICT, "too_many_passes", "Too many passes").with_detail(error)
            }
            PassError::Random(_) | PassError::Full => {
                tracing::error!(%error, "a pass was not issued");
                Self::internal()
            }
        }
    }
}

impl From<SignError> for ApiError {
    fn from(error: SignError) -> Self {
        match error {
            SignError::Db(error) => error.into(),
            SignError::Issue(_) | SignError::Trust(_) => {
                tracing::error!(%error, "a file for verifiers was not signed");
                Self::internal()
            }
        }
    }
}

impl From<ProfileError> for ApiError {
    fn from(error: ProfileError) -> Self {
        Self::unprocessable(error.code().as_str(), "Invalid profile").with_detail(error)
    }
}

impl From<PasswordError> for ApiError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::TooShort | PasswordError::TooLong => {
                Self::unprocessable("invalid_password", "Invalid password").with_detail(error)
            }
            PasswordError::Failed => {
                tracing::error!(%error, "argon2 failed");
                Self::internal()
            }
        }
    }
}

impl From<IssueError> for ApiError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::TooLarge { .. } => {
                Self::unprocessable(error.code().as_str(), "Profile too large").with_detail(error)
            }
            _ => {
                tracing::error!(%error, "a snapshot was not issued");
                Self::internal()
            }
        }
    }
}

/// Answers requests for unknown paths.
pub(super) async fn no_such_route() -> ApiError {
    ApiError::not_found("No such route").with_detail("/docs has all there are")
}

/// Answers requests with a method that the path does not know.
pub(super) async fn method_not_allowed() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed")
}

/// Answers in place of a handler that panicked: a bug, but only of this one request.
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or_default();
    tracing::error!(message, "a handler panicked");
    ApiError::internal().into_response()
}
