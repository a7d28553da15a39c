//! `/api/tenants`: who makes QR codes together.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealcard_core::DisplayText;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock;
use crate::db::{MAX_MEMBERS, MAX_MEMBERSHIPS, MAX_TENANTS, Outcome, Tenant};
use crate::http::auth::{LoggedIn, refuse_strangers};
use crate::http::json::{JsonBody, PathParameter};
use crate::http::openapi::{TenantInPath, UsernameInPath};
use crate::http::{ApiError, App};
use crate::qr_code::Id;
use crate::session::Session;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct NewTenant {
    #[schema(pattern = "^[a-zA-Z0-9_-]{1,64}$", example = "analytical-engines")]
    tenant_id: String,
    #[schema(min_length = 1, max_length = 100, example = "Analytical Engines")]
    name: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tenant)]
pub(in crate::http) struct TenantBody {
    tenant_id: String,
    name: String,
    #[schema(format = DateTime)]
    created_at: String,
}

/// Tenants.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenants)]
pub(in crate::http) struct TenantsBody {
    count: usize,
    tenants: Vec<TenantBody>,
}

/// Members of a tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Members)]
pub(in crate::http) struct MembersBody {
    count: usize,
    members: Vec<MemberBody>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberBody {
    username: String,
}

impl From<Tenant> for TenantBody {
    fn from(tenant: Tenant) -> Self {
        Self { tenant_id: tenant.tenant_id.into(), name: tenant.name, created_at: clock::iso8601(tenant.created_at) }
    }
}

/// Makes a tenant. Whoever makes it is its first member.
#[utoipa::path(post, path = "/api/tenants", operation_id = "createTenant", tag = "tenants", request_body = NewTenant, security(("session" = [])), responses(
    (status = 201, description = "The tenant", body = TenantBody),
    (status = 409, description = "The id is taken, or the account has too many tenants"),
))]
pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    JsonBody(NewTenant { tenant_id, name }): JsonBody<NewTenant>,
) -> Result<(StatusCode, Json<TenantBody>), ApiError> {
    let invalid = |what: String| ApiError::unprocessable("invalid_tenant", "Invalid tenant").with_detail(what);
    let tenant_id = Id::parse(&tenant_id).map_err(|error| invalid(format!("tenantId: {error}")))?;
    let name = DisplayText::<100>::parse(&name).map_err(|error| invalid(format!("name: {error}")))?;
    let tenant = Tenant { tenant_id, name: name.as_str().into(), created_at: clock::now() };
    let body = TenantBody::from(tenant.clone());
    let account_id = session.account_id;
    let (owner, named) = (account_id.clone(), tenant.tenant_id.clone());
    match app.change(move |app: Arc<App>| async move { app.db.create_tenant(tenant, &account_id).await }).await {
        Ok(Outcome::Done) => {
            tracing::info!(target: "audit", account_id = owner, tenant = %named, "tenant created");
            Ok((StatusCode::CREATED, Json(body)))
        }
        Ok(Outcome::TooMany | Outcome::Missing) => Err(too_many(MAX_TENANTS, "tenants that an account has made")),
        Err(error) if error.is_conflict() => Err(ApiError::conflict("Tenant ID is taken")),
        Err(error) => Err(error),
    }
}

fn too_many(max: i64, of: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, "too_many", "Too many").with_detail(format!("up to {max} {of}"))
}

/// The tenants that the caller belongs to.
#[utoipa::path(get, path = "/api/tenants", operation_id = "listTenants", tag = "tenants", security(("session" = [])), responses(
    (status = 200, description = "Tenants", body = TenantsBody),
))]
pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
) -> Result<Json<TenantsBody>, ApiError> {
    let tenants = app.db.tenants_of(&session.account_id).await?;
    let tenants: Vec<_> = tenants.into_iter().map(TenantBody::from).collect();
    Ok(Json(TenantsBody { count: tenants.len(), tenants }))
}

/// The members of a tenant.
#[utoipa::path(get, path = "/api/tenants/{tenantId}/members", operation_id = "listMembers", tag = "tenants", params(TenantInPath), security(("session" = [])),
    responses(
    (status = 200, description = "Members", body = MembersBody),
    (status = 403, description = "The caller is none of them"),
))]
pub(in crate::http) async fn members(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter(tenant_id): PathParameter<String>,
) -> Result<Json<MembersBody>, ApiError> {
    refuse_strangers(&app, &session, &tenant_id).await?;
    let members = app.db.members_of(&tenant_id).await?;
    let members: Vec<_> = members.into_iter().map(|username| MemberBody { username }).collect();
    Ok(Json(MembersBody { count: members.len(), members }))
}

/// Makes an account a member of a tenant: every member may bring in others.
#[utoipa::path(put, path = "/api/tenants/{tenantId}/members/{username}", operation_id = "addMember", tag = "tenants",
    params(TenantInPath, UsernameInPath), security(("session" = [])), responses(
    (status = 204, description = "A member"),
    (status = 403, description = "The caller is none"),
    (status = 404, description = "There is no such user"),
    (status = 409, description = "Too many members, or too many tenants of the user"),
))]
pub(in crate::http) async fn add_member(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter((tenant_id, username)): PathParameter<(String, String)>,
) -> Result<StatusCode, ApiError> {
    match set_member(&app, &session, tenant_id, username, true).await? {
        Outcome::Done => Ok(StatusCode::NO_CONTENT),
        Outcome::TooMany => {
            let of = format!("members of a tenant, and {MAX_MEMBERSHIPS} tenants of an account");
            Err(too_many(MAX_MEMBERS, &of))
        }
        Outcome::Missing => Err(ApiError::not_found("User not found")),
    }
}

/// Ends a membership: every member may leave, and see others out; the last one stays.
#[utoipa::path(delete, path = "/api/tenants/{tenantId}/members/{username}", operation_id = "removeMember", tag = "tenants",
    params(TenantInPath, UsernameInPath), security(("session" = [])), responses(
    (status = 204, description = "No member any more"),
    (status = 403, description = "The caller is none"),
    (status = 404, description = "There is no such member"),
    (status = 409, description = "It is the last member"),
))]
pub(in crate::http) async fn remove_member(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    PathParameter((tenant_id, username)): PathParameter<(String, String)>,
) -> Result<StatusCode, ApiError> {
    match set_member(&app, &session, tenant_id, username, false).await? {
        Outcome::Done => Ok(StatusCode::NO_CONTENT),
        Outcome::TooMany => {
            let last = ApiError::new(StatusCode::CONFLICT, "last_member", "Last member");
            Err(last.with_detail("a tenant keeps one member: bring in another first"))
        }
        Outcome::Missing => Err(ApiError::not_found("Member not found")),
    }
}

async fn set_member(
    app: &Arc<App>,
    session: &Session,
    tenant_id: String,
    username: String,
    is_member: bool,
) -> Result<Outcome, ApiError> {
    refuse_strangers(app, session, &tenant_id).await?;
    let (tenant, member) = (tenant_id.clone(), username.clone());
    let set = move |app: Arc<App>| async move { app.db.set_member(&tenant_id, &username, is_member).await };
    let outcome = app.change(set).await?;
    if outcome == Outcome::Done {
        let done = if is_member { "member added" } else { "member removed" };
        tracing::info!(target: "audit", account_id = session.account_id, tenant, member, "{done}");
    }
    Ok(outcome)
}
