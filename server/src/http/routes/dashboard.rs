//! `/api/dashboard/stats`: what the caller's account looks like at a glance.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::cache::Found;
use crate::dashboard::DashboardStats;
use crate::http::auth::LoggedIn;
use crate::http::{ApiError, App};

/// What the caller's account looks like at a glance.
#[utoipa::path(get, path = "/api/dashboard/stats", operation_id = "readDashboard", tag = "profiles", security(("session" = [])), responses(
    (status = 200, description = "Numbers of the account", body = DashboardStats),
))]
pub(in crate::http) async fn stats(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Response, ApiError> {
    let Found { value, lookup } = app.dashboard(&session.account_id).await?;
    Ok(([("x-cache", lookup.as_str())], Json(&value.0)).into_response())
}
