//! `/api/profiles/me/pass` and `/api/tokens/revoke`: passes for days without a network, and their end.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sealcard_core::{HolderKey, Ttl, UnverifiedSnapshot};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::clock;
use crate::db::Revoke;
use crate::http::auth::{LoggedIn, OwnerOrAdmin};
use crate::http::json::JsonBody;
use crate::http::{ApiError, App};
use crate::pass::PassRequest;

/// The life of a pass if none is asked for: a week.
const DEFAULT_TTL: Ttl = match Ttl::from_secs(7 * 86_400) {
    Ok(ttl) => ttl,
    Err(_) => panic!("outside the format's limits"),
};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct PassBody {
    /// The public key of the device as a JWK: P-256, or Ed25519.
    #[schema(value_type = Object)]
    holder_key: Value,
    /// Seconds; a week, or as long as this server allows, if absent.
    ttl: Option<u32>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct IssuedPass {
    token: String,
    /// `SC1`.
    token_type: &'static str,
    /// Seconds.
    expires_in: u32,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Issues a pass: a token of the caller's profile for days without a network, bound to a device's key.
#[utoipa::path(post, path = "/api/profiles/me/pass", operation_id = "issuePass", tag = "tokens", request_body = PassBody, security(("session" = [])),
    responses((status = 201, description = "The pass", body = IssuedPass), (status = 409, description = "Too many passes"),
))]
pub(in crate::http) async fn issue(
    State(app): State<Arc<App>>,
    LoggedIn(session): LoggedIn,
    JsonBody(body): JsonBody<PassBody>,
) -> Result<(StatusCode, Json<IssuedPass>), ApiError> {
    let request = request(&app, body)?;
    let ttl = request.ttl;
    let stored = app.db.profile_of(&session.account_id).await?.ok_or(ApiError::unauthorized("Account not found"))?;
    let now = clock::now();
    let issued = Arc::clone(&app).issue_pass(session.account_id, stored, request, now);
    let (token, expires_at) = issued.await?;
    let body = IssuedPass {
        token: token.to_text(),
        token_type: "SC1",
        expires_in: ttl.as_secs(),
        expires_at: clock::iso8601(expires_at),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

fn request(app: &App, body: PassBody) -> Result<PassRequest, ApiError> {
    let invalid =
        |code, error, detail: &dyn ToString| ApiError::unprocessable(code, error).with_detail(detail.to_string());
    let holder_key = HolderKey::from_jwk(&body.holder_key.to_string())
        .map_err(|error| invalid(error.code().as_str(), "Invalid holderKey", &error))?;
    let max = app.max_pass_ttl;
    let ttl = body.ttl.map_or(Ok(DEFAULT_TTL.min(max)), Ttl::from_secs);
    let ttl = ttl.map_err(|error| invalid(error.code().as_str(), "Invalid ttl", &error))?;
    if ttl > max {
        let detail = format!("this server's passes live at most {} s", max.as_secs());
        return Err(invalid("invalid_ttl", "Invalid ttl", &detail));
    }
    Ok(PassRequest { holder_key, ttl })
}

/// One pass, by its text; or, with `all`, every one of the caller's, or of the user whom the operator names.
#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct RevokeBody {
    token: Option<String>,
    #[serde(default)]
    all: bool,
    username: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Revoked {
    /// How many.
    revoked: u64,
}

/// Revokes passes: the caller's own; for the operator, anybody's.
#[utoipa::path(post, path = "/api/tokens/revoke", operation_id = "revokePasses", tag = "tokens", request_body = RevokeBody,
    security(("session" = []), ("operator" = [])), responses(
    (status = 200, description = "Revoked", body = Revoked),
    (status = 404, description = "The caller has no such pass, or there is no such user"),
))]
pub(in crate::http) async fn revoke(
    State(app): State<Arc<App>>,
    caller: OwnerOrAdmin,
    JsonBody(body): JsonBody<RevokeBody>,
) -> Result<Json<Revoked>, ApiError> {
    let invalid = |detail| ApiError::unprocessable("invalid_request", "Invalid request").with_detail(detail);
    let which = match (body.token, body.all) {
        (None, true) => Revoke::All,
        (Some(token), false) => Revoke::One(revocation_index(&token)?),
        _ => return Err(invalid("give either the pass as `token`, or `all`: true")),
    };
    let account_id = match (caller, body.username, which) {
        (OwnerOrAdmin::Owner(session), None, _) => Some(session.account_id),
        (OwnerOrAdmin::Owner(_), Some(_), _) => return Err(invalid("only the operator may name a `username`")),
        (OwnerOrAdmin::Admin, None, Revoke::One(_)) => None,
        (OwnerOrAdmin::Admin, Some(username), Revoke::All) => {
            let account = app.db.credentials(&username).await?.ok_or(ApiError::not_found("User not found"))?;
            Some(account.account_id)
        }
        (OwnerOrAdmin::Admin, ..) => return Err(invalid("give the pass as `token`, or `all` and a `username`")),
    };
    let by_operator = account_id.is_none();
    let revoked = Arc::clone(&app).revoke_passes(account_id, which, clock::now()).await?;
    tracing::info!(revoked, by_operator, "passes were revoked");
    match which {
        // Whose it is, is for its owner to know.
        Revoke::One(_) if revoked == 0 => Err(ApiError::not_found("Pass not found")),
        _ => Ok(Json(Revoked { revoked })),
    }
}

/// The place of a pass in the list. Its signature does not matter: only the caller's own can be revoked.
fn revocation_index(token: &str) -> Result<u32, ApiError> {
    let invalid = |code, detail: &str| ApiError::unprocessable(code, "Invalid token").with_detail(detail);
    let snapshot = UnverifiedSnapshot::from_text(token).and_then(|token| token.unverified_snapshot());
    let snapshot = snapshot.map_err(|error| invalid(error.code().as_str(), &error.to_string()))?;
    let not_revocable = "this token cannot be revoked: it has no place in the revocation list, and expires by itself";
    snapshot.revocation_index.ok_or_else(|| invalid("not_revocable", not_revocable))
}
