//! `/api/tenants`: who makes QR codes together.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealcard_core::DisplayText;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::profile::to_json;
use crate::clock;
use crate::db::{MAX_MEMBERS, MAX_TENANTS, Outcome, Tenant};
use crate::http::auth::{LoggedIn, refuse_strangers};
use crate::http::json::{JsonBody, PathParameter};
use crate::http::{ApiError, App};
use crate::qr_code::Id;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct NewTenant {
    tenant_id: String,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TenantBody {
    tenant_id: String,
    name: String,
    created_at: String,
}

impl From<Tenant> for TenantBody {
    fn from(tenant: Tenant) -> Self {
        Self { tenant_id: tenant.tenant_id.into(), name: tenant.name, created_at: clock::iso8601(tenant.created_at) }
    }
}

/// Whoever makes a tenant is its first member.
pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    JsonBody(NewTenant { tenant_id, name }): JsonBody<NewTenant>,
) -> Result<(StatusCode, Json<serde_json::Value>), ApiError> {
    let invalid = |what: String| ApiError::unprocessable("invalid_tenant", "Invalid tenant").with_detail(what);
    let tenant_id = Id::parse(&tenant_id).map_err(|error| invalid(format!("tenantId: {error}")))?;
    let name = DisplayText::<100>::parse(&name).map_err(|error| invalid(format!("name: {error}")))?;
    let tenant = Tenant { tenant_id, name: name.as_str().into(), created_at: clock::now() };
    let body = to_json(&TenantBody::from(tenant.clone()))?;
    let account_id = session.account_id;
    let (owner, named) = (account_id.clone(), tenant.tenant_id.clone());
    match app.change(move |app: Arc<App>| async move { app.db.create_tenant(tenant, &account_id).await }).await {
        Ok(Outcome::Done) => {
            tracing::info!(target: "audit", account_id = owner, tenant = %named, "tenant created");
            Ok((StatusCode::CREATED, body))
        }
        Ok(Outcome::TooMany | Outcome::Missing) => Err(too_many(MAX_TENANTS, "tenants of an account")),
        Err(error) if error.is_conflict() => Err(ApiError::conflict("Tenant ID is taken")),
        Err(error) => Err(error),
    }
}

fn too_many(max: i64, of: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "too_many", "Too many").with_detail(format!("up to {max} {of}"))
}

pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<serde_json::Value>, ApiError> {
    let tenants = app.db.tenants_of(&session.account_id).await?;
    let tenants: Vec<_> = tenants.into_iter().map(TenantBody::from).collect();
    to_json(&json!({ "count": tenants.len(), "tenants": tenants }))
}

pub(in crate::http) async fn members(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter(tenant_id): PathParameter<String>,
) -> Result<Json<serde_json::Value>, ApiError> {
    refuse_strangers(&app, &session, &tenant_id).await?;
    let members = app.db.members_of(&tenant_id).await?;
    let members: Vec<_> = members.into_iter().map(|username| json!({ "username": username })).collect();
    to_json(&json!({ "count": members.len(), "members": members }))
}

/// Every member may bring in others.
pub(in crate::http) async fn add_member(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter((tenant_id, username)): PathParameter<(String, String)>,
) -> Result<StatusCode, ApiError> {
    refuse_strangers(&app, &session, &tenant_id).await?;
    let (tenant, member) = (tenant_id.clone(), username.clone());
    let outcome =
        app.change(move |app: Arc<App>| async move { app.db.add_member(&tenant_id, &username).await }).await?;
    match outcome {
        Outcome::Done => {
            tracing::info!(target: "audit", account_id = session.account_id, tenant, member, "member added");
            Ok(StatusCode::NO_CONTENT)
        }
        Outcome::TooMany => {
            let of = format!("members of a tenant, and {MAX_TENANTS} tenants of an account");
            Err(too_many(MAX_MEMBERS, &of))
        }
        Outcome::Missing => Err(ApiError::not_found("User not found")),
    }
}

/// Every member may leave, and see others out; the last one stays.
pub(in crate::http) async fn remove_member(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter((tenant_id, username)): PathParameter<(String, String)>,
) -> Result<StatusCode, ApiError> {
    refuse_strangers(&app, &session, &tenant_id).await?;
    let (tenant, member) = (tenant_id.clone(), username.clone());
    let outcome =
        app.change(move |app: Arc<App>| async move { app.db.remove_member(&tenant_id, &username).await }).await?;
    match outcome {
        Outcome::Done => {
            tracing::info!(target: "audit", account_id = session.account_id, tenant, member, "member removed");
            Ok(StatusCode::NO_CONTENT)
        }
        Outcome::TooMany => {
            let last = ApiError::new(StatusCode::CONFLICT, "last_member", "Last member");
            Err(last.with_detail("a tenant keeps one member: bring in another first"))
        }
        Outcome::Missing => Err(ApiError::not_found("Member not found")),
    }
}
