//! `/api/qr`: the QR codes of a tenant. What is cached of them never says how often they were scanned: that is added to every
//! answer as it is now.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::picture::{PictureQuery, picture};
use super::profile::to_json;
use crate::cache::{Found, Json as Cached, Lookup};
use crate::cached::{self, qr_code_argument};
use crate::clock;
use crate::db::{DbError, MAX_CODES, Outcome};
use crate::events::Happening;
use crate::http::auth::Member;
use crate::http::json::{JsonBody, PathParameter, QueryParameters};
use crate::http::{ApiError, App};
use crate::qr_code::{Id, QrCode, QrCodeChange, QrCodeJson, Style, TargetUrl};

/// How many codes a page of the list has, at most and if nothing else is asked for.
const PAGE: u32 = 100;

/// The most days of statistics, and how many if nothing else is asked for.
const MAX_DAYS: u32 = 366;
const DAYS: u32 = 30;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct NewCode {
    target_url: String,
    qr_id: Option<String>,
    style: Option<Map<String, Value>>,
}

/// What is to change: an absent member stays, a style of `null` goes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct CodeChange {
    target_url: Option<String>,
    #[serde(default, deserialize_with = "given_style")]
    style: Option<Option<Map<String, Value>>>,
}

fn given_style<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Map<String, Value>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A code with its live count.
#[derive(Serialize)]
struct CodeBody<'a> {
    #[serde(flatten)]
    code: &'a QrCodeJson,
    scans: u64,
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

pub(in crate::http) async fn create(
    State(app): State<Arc<App>>,
    member: Member,
    JsonBody(new): JsonBody<NewCode>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
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
    Ok((StatusCode::CREATED, to_json(&CodeBody { code: &code.into(), scans: 0 })?))
}

#[derive(Deserialize)]
pub(in crate::http) struct Page {
    limit: Option<u32>,
    after: Option<i64>,
}

/// The newest codes first. The first page comes out of the cache.
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
    let bodies: Vec<_> =
        codes.iter().zip(scans).map(|(numbered, scans)| CodeBody { code: &numbered.code, scans }).collect();
    let next = codes.last().filter(|_| more).map(|last| last.number);
    let body = json!({
        "qrCodes": bodies, "count": bodies.len(), "cached": is_cached(lookup), "nextAfter": next,
    });
    Ok(([("x-cache", lookup.as_str())], Json(body)).into_response())
}

fn numbered(codes: Vec<(i64, QrCode)>) -> Vec<cached::NumberedCode> {
    codes.into_iter().map(|(number, code)| cached::NumberedCode { number, code: code.into() }).collect()
}

fn is_cached(lookup: Lookup) -> bool {
    matches!(lookup, Lookup::Hit | Lookup::Stale)
}

pub(in crate::http) async fn read(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
) -> Result<Response, ApiError> {
    let Found { value, lookup } = code(&app, &member, &id(&qr_id)?).await?;
    let scans = app.scans.totals(std::slice::from_ref(&qr_id)).await?;
    let body = CodeBody { code: &value.0, scans: scans.first().copied().unwrap_or_default() };
    let Json(mut body) = to_json(&body)?;
    if let Some(members) = body.as_object_mut() {
        members.insert("cached".into(), is_cached(lookup).into());
    }
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

pub(in crate::http) async fn change(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
    JsonBody(change): JsonBody<CodeChange>,
) -> Result<Json<Value>, ApiError> {
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
    to_json(&CodeBody { code: &code.into(), scans: scans.first().copied().unwrap_or_default() })
}

pub(in crate::http) async fn remove(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
) -> Result<StatusCode, ApiError> {
    let qr_id = id(&qr_id)?;
    let there_was = app
        .change(move |app: Arc<App>| async move { app.db.delete_code(member.tenant_id.as_str(), qr_id.as_str()).await })
        .await?;
    if there_was { Ok(StatusCode::NO_CONTENT) } else { Err(not_found()) }
}

#[derive(Deserialize)]
pub(in crate::http) struct StatsQuery {
    days: Option<u32>,
}

/// How often a code was scanned, as it is now.
pub(in crate::http) async fn stats(
    State(app): State<Arc<App>>,
    member: Member,
    PathParameter(qr_id): PathParameter<String>,
    QueryParameters(StatsQuery { days }): QueryParameters<StatsQuery>,
) -> Result<Json<Value>, ApiError> {
    let days = days.unwrap_or(DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(ApiError::malformed(format!("days: {days}, but 1 to {MAX_DAYS} are allowed")));
    }
    code(&app, &member, &id(&qr_id)?).await?;
    let stats = app.scans.stats(&qr_id, days, clock::now()).await?;
    let series: Vec<_> = stats.days.iter().map(|of_day| json!({ "day": of_day.day, "scans": of_day.scans })).collect();
    to_json(&json!({
        "qrId": qr_id, "totalScans": stats.total, "scansToday": stats.today, "days": series,
    }))
}

/// The code as a picture: what it holds is the address that counts and redirects.
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
