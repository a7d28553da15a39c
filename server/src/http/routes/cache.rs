//! `/api/cache` and `/api/admin/cache`: the cache, for whoever runs the server.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cache::{EntryError, Invalidation, RedisStatus, Tally};
use crate::http::auth::Admin;
use crate::http::json::{JsonBody, PathParameter, QueryParameters};
use crate::http::{ApiError, App};

/// The most keys of one answer.
const MAX_KEYS: usize = 1_000;

/// The most keys, tags and patterns of one request.
const MAX_INVALIDATIONS: usize = 1_000;

#[derive(Deserialize)]
pub(in crate::http) struct ListQuery {
    /// As Redis reads it.
    pattern: String,
}

pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    QueryParameters(query): QueryParameters<ListQuery>,
) -> Result<Json<Value>, ApiError> {
    let keys = app.cache.entries().keys(&query.pattern, MAX_KEYS).await?;
    Ok(Json(json!({ "count": keys.len(), "keys": keys })))
}

pub(in crate::http) async fn read(
    State(app): State<Arc<App>>,
    _: Admin,
    PathParameter(key): PathParameter<String>,
) -> Result<Json<Value>, ApiError> {
    let entries = app.cache.entries();
    let bytes = entries.get(&key).await?.ok_or(ApiError::not_found("Key not found"))?;
    let value = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    let ttl = entries.ttl(&key).await?;
    Ok(Json(json!({ "key": key, "value": value, "ttl": ttl })))
}

#[derive(Deserialize)]
pub(in crate::http) struct Entry {
    value: Value,
    /// Seconds, up to a day; an hour if absent.
    ttl: Option<u32>,
}

pub(in crate::http) async fn write(
    State(app): State<Arc<App>>,
    _: Admin,
    PathParameter(key): PathParameter<String>,
    JsonBody(entry): JsonBody<Entry>,
) -> Result<StatusCode, ApiError> {
    app.cache.entries().set(&key, entry.value.to_string().as_bytes(), entry.ttl).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes a key, from the process and from other servers too.
pub(in crate::http) async fn remove(
    State(app): State<Arc<App>>,
    _: Admin,
    PathParameter(key): PathParameter<String>,
) -> Result<Json<Value>, ApiError> {
    let count = app.cache.entries().forget(&Invalidation::key(key)).await?;
    Ok(Json(json!({ "deleted": count > 0 })))
}

/// What is to be forgotten: something at least.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Forget {
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    patterns: Vec<String>,
}

pub(in crate::http) async fn invalidate(
    State(app): State<Arc<App>>,
    _: Admin,
    JsonBody(Forget { keys, tags, patterns }): JsonBody<Forget>,
) -> Result<Json<Value>, ApiError> {
    let invalidation = Invalidation { keys, tags, patterns };
    let count = invalidation.len();
    if !(1..=MAX_INVALIDATIONS).contains(&count) {
        let detail = format!("{count} keys, tags and patterns, but 1 to {MAX_INVALIDATIONS} are allowed at a time");
        return Err(ApiError::unprocessable("invalid_request", "Invalid request").with_detail(detail));
    }
    let count = app.cache.entries().forget(&invalidation).await?;
    Ok(Json(json!({ "count": count })))
}

pub(in crate::http) async fn stats(State(app): State<Arc<App>>, _: Admin) -> Json<Value> {
    let Tally { hits, misses } = app.cache.tally();
    let (entries, memory_bytes) = app.cache.size();
    let redis = app.cache.redis_status().await.map(|status| {
        let RedisStatus { connected, uptime_secs, memory_used, memory_peak, keys, eviction } = status;
        json!({
            "connected": connected, "uptime": uptime_secs, "keys": keys, "evictionPolicy": eviction,
            "memory": { "used": memory_used, "peak": memory_peak },
        })
    });
    Json(json!({
        "hits": hits, "misses": misses, "redis": redis,
        "process": { "entries": entries, "memoryBytes": memory_bytes },
    }))
}

/// Counts hits and misses from 0 again. The metrics go on: they must only grow.
pub(in crate::http) async fn reset(State(app): State<Arc<App>>, _: Admin) -> StatusCode {
    app.cache.reset_tally();
    StatusCode::NO_CONTENT
}

impl From<EntryError> for ApiError {
    fn from(error: EntryError) -> Self {
        match &error {
            EntryError::Unavailable => Self::unavailable().with_detail(error),
            EntryError::Reserved(_) => Self::unprocessable("reserved_key", "Reserved key").with_detail(error),
            EntryError::Key => Self::unprocessable("invalid_key_name", "Invalid key").with_detail(error),
            EntryError::Refused(_) => Self::unprocessable("refused_by_redis", "Refused by Redis").with_detail(error),
        }
    }
}
