//! `/api/qr`: the QR codes of a tenant. What is cached of them never says how often they were scanned: that is added to every
//! answer as it is now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::picture::{PictureQuery, picture};
use crate::cache::{Found, Json as Cached, Lookup};
use crate::cached::{self, qr_code_argument};
use crate::clock;
use crate::db::{DbError, MAX_CODES, Outcome};
use crate::events::Happening;
use crate::http::auth::Member;
use crate::http::json::{JsonBody, PathParameter, QueryParameters};
use crate::http::openapi::{QrIdInPath, TenantInHeader};
use crate::http::{ApiError, App};
use crate::qr_code::{Id, QrCode, QrCodeChange, QrCodeJson, Style, TargetUrl};

/// How many codes a page of the list has, at most and if nothing else is asked for.
const PAGE: u32 = 100;

/// The most days of statistics, and how many if nothing else is asked for.
const MAX_DAYS: u32 = 366;
const DAYS: u32 = 30;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct NewCode {
    /// Where it leads: http or https, up to 2,048 bytes.
    #[schema(max_length = 2048, example = "https://example.org/stand/12")]
    target_url: String,
    /// Its id; one is made if absent.
    #[schema(pattern = "^[a-zA-Z0-9_-]{1,64}$")]
    qr_id: Option<String>,
    /// How it is to be drawn, for whoever draws it: an object of up to 1,024 bytes.
    #[schema(value_type = Option<Object>)]
    style: Option<Map<String, Value>>,
}

/// What is to change: an absent member stays, a style of `null` goes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct CodeChange {
    #[schema(max_length = 2048)]
    target_url: Option<String>,
    #[serde(default, deserialize_with = "given_style")]
    #[schema(value_type = Option<Object>)]
    style: Option<Option<Map<String, Value>>>,
}

fn given_style<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Map<String, Value>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A code with its live count.
#[derive(Serialize, ToSchema)]
#[schema(as = QrCode)]
pub(in crate::http) struct CodeBody {
    #[serde(flatten)]
    code: QrCodeJson,
    scans: u64,
    /// Whether it, but never its count, comes out of the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    cached: Option<bool>,
}

fn target(text: &str) -> Result<TargetUrl, ApiError> {
    // As DevCard's service answers it, and so its clients expect.
    let invalid = || ApiError::new(StatusCode::BAD_REQUEST, "invalid_target", "Invalid target URL");
    TargetUrl::parse(text).map_err(|error| invalid().with_detail(error))
}

fn style(object: Map<String, Value>) -> Result<Style, ApiError> {
    Style::parse(object).map_err(|error| invalid_code().with_detail(error))
}

fn invalid_code() -> ApiError {
    ApiError::unprocessable("invalid_qr_code", "Invalid QR code")
}

fn not_found() -> ApiError {
    ApiError::not_found("QR code not found")
}

/// The id in a path. What cannot be one is not found.
fn id(text: &str) -> Result<Id, ApiError> {
    Id::parse(text).map_err(|_| not_found())
}

/// Makes a QR code whose target can change.
#[utoipa::path(post, path = "/api/qr", operation_id = "createQrCode", tag = "qr codes", params(TenantInHeader), request_body = NewCode,
    security(("session" = [])), responses(
    (status = 201, description = "The code", body = CodeBody),
    (status = 400, description = "The target is no address that may be led to"),
    (status = 409, description = "The id is taken, or there are too many codes"),
))]
pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    member: Member,
    JsonBody(new): JsonBody<NewCode>,
) -> Result<(StatusCode, Json<CodeBody>), ApiError> {
    let qr_id = match &new.qr_id {
        // Its path would be that of the route.
        Some(text) if text == "generate" => return Err(invalid_code().with_detail("qrId: generate is taken")),
        Some(text) => Id::parse(text).map_err(|error| invalid_code().with_detail(format!("qrId: {error}")))?,
        None => Id::random().map_err(|error| {
            tracing::error!(%error, "no randomness for an id");
            ApiError::internal()
        })?,
    };
    let code = QrCode {
        qr_id,
        tenant_id: member.tenant_id,
        target: target(&new.target_url)?,
        style: new.style.map(style).transpose()?,
        created_at: clock::now(),
    };
    let stored = code.clone();
    match app.change(move |app| async move { app.db.create_code(stored).await }).await {
        Ok(Outcome::Done) => {}
        Ok(Outcome::TooMany | Outcome::Missing) => {
            let too_many = ApiError::new(StatusCode::CONFLICT, "too_many", "Too many");
            return Err(too_many.with_detail(format!("up to {MAX_CODES} codes of a tenant")));
        }
        Err(error) if error.is_conflict() => return Err(ApiError::conflict("QR code ID is taken")),
        Err(error) => return Err(error),
    }
    app.events.publish(Happening::created(&code));
    Ok((StatusCode::CREATED, Json(CodeBody { code: code.into(), scans: 0, cached: None })))
}

/// The same, as it was called first.
#[utoipa::path(post, path = "/api/qr/generate", operation_id = "generateQrCode", tag = "qr codes", params(TenantInHeader), request_body = NewCode,
    security(("session" = [])), responses(
    (status = 201, description = "The code", body = CodeBody),
    (status = 400, description = "The target is no address that may be led to"),
    (status = 409, description = "The id is taken, or there are too many codes"),
))]
pub(in crate::http) async fn generate(
    state: State<Arc<App>>,
    member: Member,
    body: JsonBody<NewCode>,
) -> Result<(StatusCode, Json<CodeBody>), ApiError> {
    create(state, member, body).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct Page {
    /// How many; 100 if absent.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Of the page before, its `nextAfter`.
    after: Option<i64>,
}

/// A page of codes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QrCodes)]
pub(in crate::http) struct CodesBody {
    qr_codes: Vec<CodeBody>,
    count: usize,
    cached: bool,
    /// For the next page; `null` after the last.
    next_after: Option<i64>,
}

/// The newest codes first. The first page comes out of the cache.
#[utoipa::path(get, path = "/api/qr", operation_id = "listQrCodes", tag = "qr codes", params(TenantInHeader, Page), security(("session" = [])), responses(
    (status = 200, description = "Codes with their live counts", body = CodesBody),
))]
pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    member: Member,
    QueryParameters(Page { limit, after }): QueryParameters<Page>,
) -> Result<Response, ApiError> {
    let limit = limit.unwrap_or(PAGE);
    if !(1..=PAGE).contains(&limit) {
        return Err(ApiError::malformed(format!("limit: {limit}, but 1 to {PAGE} are allowed")));
    }
    let tenant_id = member.tenant_id.as_str();
    let (page, lookup) = match after {
        None => {
            let load = || async {
                app.db.codes_of(tenant_id, None, PAGE.saturating_add(1)).await.map(|codes| Cached(numbered(codes)))
            };
            let Found { value, lookup } = app.cache.memoize(cached::QR_CODES, tenant_id, load).await?;
            (value, lookup)
        }
        Some(_) => {
            let codes = app.db.codes_of(tenant_id, after, limit.saturating_add(1)).await?;
            (Arc::new(Cached(numbered(codes))), Lookup::Miss)
        }
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = page.0.len() > limit;
    let codes = page.0.get(..limit).unwrap_or(&page.0);
    let ids: Vec<_> = codes.iter().map(|numbered| numbered.code.qr_id.clone()).collect();
    let scans = app.scans.totals(&ids).await?;
    let with_count =
        |(numbered, scans): (&cached::NumberedCode, _)| CodeBody { code: numbered.code.clone(), scans, cached: None };
    let body = CodesBody {
        qr_codes: codes.iter().zip(scans).map(with_count).collect(),
        count: codes.len(),
        cached: is_cached(lookup),
        next_after: codes.last().filter(|_| more).map(|last| last.number),
    };
    Ok(([("x-cache", lookup.as_str())], Json(body)).into_response())
}

fn numbered(codes: Vec<(i64, QrCode)>) -> Vec<cached::NumberedCode> {
    codes.into_iter().map(|(number, code)| cached::NumberedCode { number, code: code.into() }).collect()
}

fn is_cached(lookup: Lookup) -> bool {
    matches!(lookup, Lookup::Hit | Lookup::Stale)
}

/// A code.
#[utoipa::path(get, path = "/api/qr/{qrId}", operation_id = "readQrCode", tag = "qr codes", params(QrIdInPath, TenantInHeader), security(("session" = [])),
    responses(
    (status = 200, description = "The code with its live count", body = CodeBody),
    (status = 404, description = "The tenant has no such code"),
))]
pub(in crate::http) async fn read(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
) -> Result<Response, ApiError> {
    let Found { value, lookup } = code(&app, &member, &id(&qr_id)?).await?;
    let scans = app.scans.totals(std::slice::from_ref(&qr_id)).await?;
    let scans = scans.first().copied().unwrap_or_default();
    let body = CodeBody { code: value.0.clone(), scans, cached: Some(is_cached(lookup)) };
    Ok(([("x-cache", lookup.as_str())], Json(body)).into_response())
}

/// A code of the member's tenant; another's is not found.
async fn code(app: &Arc<App>, member: &Member, qr_id: &Id) -> Result<Found<Cached<QrCodeJson>>, ApiError> {
    let load = || async {
        let code = app.db.code(member.tenant_id.as_str(), qr_id.as_str()).await?;
        Ok::<_, DbError>(code.map(|code| Cached(code.into())))
    };
    let argument = qr_code_argument(&member.tenant_id, qr_id);
    app.cache.get_or_load(cached::QR_CODE, &argument, load).await?.ok_or_else(not_found)
}

/// Changes where a code leads, or how it is to be drawn.
#[utoipa::path(patch, path = "/api/qr/{qrId}", operation_id = "changeQrCode", tag = "qr codes", params(QrIdInPath, TenantInHeader), request_body = CodeChange,
    security(("session" = [])), responses(
    (status = 200, description = "The code", body = CodeBody),
    (status = 400, description = "The target is no address that may be led to"),
    (status = 404, description = "The tenant has no such code"),
))]
pub(in crate::http) async fn change(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
    JsonBody(change): JsonBody<CodeChange>,
) -> Result<Json<CodeBody>, ApiError> {
    let qr_id = id(&qr_id)?;
    let change = QrCodeChange {
        target: change.target_url.as_deref().map(target).transpose()?,
        style: change.style.map(|given| given.map(style).transpose()).transpose()?,
    };
    let (tenant_id, of) = (member.tenant_id, qr_id.clone());
    let changed = app
        .change(move |app: Arc<App>| async move { app.db.change_code(tenant_id.as_str(), of.as_str(), change).await })
        .await?;
    let code = changed.ok_or_else(not_found)?;
    let scans = app.scans.totals(&[qr_id.into()]).await?;
    let scans = scans.first().copied().unwrap_or_default();
    Ok(Json(CodeBody { code: code.into(), scans, cached: None }))
}

/// Removes a code: whoever scans it finds nothing. Its id stays the tenant's.
#[utoipa::path(delete, path = "/api/qr/{qrId}", operation_id = "removeQrCode", tag = "qr codes", params(QrIdInPath, TenantInHeader),
    security(("session" = [])), responses(
    (status = 204, description = "Removed"),
    (status = 404, description = "The tenant has no such code"),
))]
pub(in crate::http) async fn remove(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
) -> Result<StatusCode, ApiError> {
    let qr_id = id(&qr_id)?;
    let there_was = app
        .change(move |app: Arc<App>| async move {
            app.db.delete_code(member.tenant_id.as_str(), qr_id.as_str(), clock::now()).await
        })
        .await?;
    if there_was { Ok(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct StatsQuery {
    /// How many days, today the last; 30 if absent.
    #[param(minimum = 1, maximum = 366)]
    days: Option<u32>,
}

/// How often a code was scanned.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ScanStats {
    qr_id: String,
    total_scans: u64,
    scans_today: u64,
    /// Days of UTC, the oldest first.
    days: Vec<ScansOfDay>,
}

#[derive(Serialize, ToSchema)]
struct ScansOfDay {
    #[schema(format = Date)]
    day: String,
    scans: u64,
}

/// How often a code was scanned, as it is now.
#[utoipa::path(get, path = "/api/qr/{qrId}/stats", operation_id = "readScanStats", tag = "qr codes", params(QrIdInPath, TenantInHeader, StatsQuery),
    security(("session" = [])), responses(
    (status = 200, description = "The numbers", body = ScanStats),
    (status = 404, description = "The tenant has no such code"),
))]
pub(in crate::http) async fn stats(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
    QueryParameters(StatsQuery { days }): QueryParameters<StatsQuery>,
) -> Result<Json<ScanStats>, ApiError> {
    let days = days.unwrap_or(DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(ApiError::malformed(format!("days: {days}, but 1 to {MAX_DAYS} are allowed")));
    }
    code(&app, &member, &id(&qr_id)?).await?;
    let stats = app.scans.stats(&qr_id, days, clock::now()).await?;
    let days = stats.days.into_iter().map(|of_day| ScansOfDay { day: of_day.day, scans: of_day.scans }).collect();
    Ok(Json(ScanStats { qr_id, total_scans: stats.total, scans_today: stats.today, days }))
}

/// The code as a picture: what it holds is the address that counts and redirects.
#[utoipa::path(get, path = "/api/qr/{qrId}/image", operation_id = "drawQrCode", tag = "qr codes", params(QrIdInPath, TenantInHeader, PictureQuery),
    security(("session" = [])), responses(
    (status = 200, description = "The picture", content((String = "image/png"), (String = "image/svg+xml"))),
    (status = 404, description = "The tenant has no such code"),
))]
pub(in crate::http) async fn image(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
    QueryParameters(query): QueryParameters<PictureQuery>,
) -> Result<Response, ApiError> {
    let qr_id = id(&qr_id)?;
    let size = query.size()?;
    code(&app, &member, &qr_id).await?;
    picture(format!("{}/scan/{qr_id}", app.public_url), query.format, size).await
}
