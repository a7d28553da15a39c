//! `/api/cache` and `/api/admin/cache`: the cache, for whoever runs the server.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::cache::{EntryError, Invalidation, RedisStatus, Tally};
use crate::http::auth::Admin;
use crate::http::json::{JsonBody, PathParameter, QueryParameters};
use crate::http::openapi::KeyInPath;
use crate::http::{ApiError, App};

/// The most keys of one answer.
const MAX_KEYS: usize = 1_000;

/// The most keys, tags and patterns of one request.
const MAX_INVALIDATIONS: usize = 1_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct ListQuery {
    /// As Redis reads it.
    #[param(example = "profile:*")]
    pattern: String,
}

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct KeysBody {
    count: usize,
    /// Up to 1,000.
    keys: Vec<String>,
    /// Whether there are more.
    truncated: bool,
}

/// Lists keys in Redis.
#[utoipa::path(get, path = "/api/cache", operation_id = "listCacheKeys", tag = "cache", params(ListQuery), security(("operator" = [])), responses(
    (status = 200, description = "Keys", body = KeysBody),
    (status = 422, description = "Redis refuses the pattern"),
))]
pub(in crate::http) async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    QueryParameters(query): QueryParameters<ListQuery>,
) -> Result<Json<KeysBody>, ApiError> {
    let mut keys = app.cache.entries().keys(&query.pattern, MAX_KEYS.saturating_add(1)).await?;
    let truncated = keys.len() > MAX_KEYS;
    keys.truncate(MAX_KEYS);
    Ok(Json(KeysBody { count: keys.len(), keys, truncated }))
}

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct EntryBody {
    key: String,
    /// What stands there as JSON; as a text if it is none.
    value: Value,
    /// Seconds; `null` if it has no end.
    ttl: Option<u32>,
}

/// Reads a key in Redis.
#[utoipa::path(get, path = "/api/cache/{key}", operation_id = "readCacheKey", tag = "cache", params(KeyInPath), security(("operator" = [])), responses(
    (status = 200, description = "What stands there", body = EntryBody),
    (status = 404, description = "Nothing stands there"),
    (status = 422, description = "No key for this, or Redis refuses it"),
))]

pub(in crate::http) async fn read(
    State(app): State<Arc<App>>,
    _: Admin,
    PathParameter(key): PathParameter<String>,
) -> Result<Json<EntryBody>, ApiError> {
    let entries = app.cache.entries();
    let bytes = entries.get(&key).await?.ok_or(ApiError::not_found("Key not found"))?;
    let value = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
    let ttl = entries.ttl(&key).await?;
    Ok(Json(EntryBody { key, value, ttl }))
}

#[derive(Deserialize, ToSchema)]
pub(in crate::http) struct NewEntry {
    value: Value,
    /// Seconds; an hour if absent, and a day if longer.
    #[schema(minimum = 0, maximum = 4294967295u32)]
    ttl: Option<u32>,
}

/// Writes a key in Redis.
#[utoipa::path(put, path = "/api/cache/{key}", operation_id = "writeCacheKey", tag = "cache", params(KeyInPath), request_body = NewEntry,
    security(("operator" = [])), responses((status = 204, description = "Written"),
))]
pub(in crate::http) async fn write(
    State(app): State<Arc<App>>,
    _: Admin,
    PathParameter(key): PathParameter<String>,
    JsonBody(entry): JsonBody<NewEntry>,
) -> Result<StatusCode, ApiError> {
    app.cache.entries().set(&key, entry.value.to_string().as_bytes(), entry.ttl).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Removed {
    /// Whether it was there.
    deleted: bool,
}

/// Removes a key, from the process and from other servers too.
#[utoipa::path(delete, path = "/api/cache/{key}", operation_id = "removeCacheKey", tag = "cache", params(KeyInPath), security(("operator" = [])), responses(
    (status = 200, description = "It is not there any more", body = Removed),
    (status = 422, description = "No key for this, or Redis refuses it"),
))]
pub(in crate::http) async fn remove(
    State(app): State<Arc<App>>,
    _: Admin,
    PathParameter(key): PathParameter<String>,
) -> Result<Json<Removed>, ApiError> {
    let count = app.cache.entries().forget(&Invalidation::key(key)).await?;
    Ok(Json(Removed { deleted: count > 0 }))
}

/// What is to be forgotten: something at least.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Forget {
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    patterns: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Forgotten {
    /// How many keys there were in Redis.
    count: u64,
}

/// Forgets keys, tags and patterns, up to 1,000 in all, on every server.
#[utoipa::path(post, path = "/api/cache/invalidate", operation_id = "invalidateCache", tag = "cache", request_body = Forget, security(("operator" = [])),
    responses((status = 200, description = "Forgotten", body = Forgotten),
))]
pub(in crate::http) async fn invalidate(
    State(app): State<Arc<App>>,
    _: Admin,
    JsonBody(Forget { keys, tags, patterns }): JsonBody<Forget>,
) -> Result<Json<Forgotten>, ApiError> {
    let invalidation = Invalidation { keys, tags, patterns };
    let count = invalidation.len();
    if !(1..=MAX_INVALIDATIONS).contains(&count) {
        let detail = format!("{count} keys, tags and patterns, but 1 to {MAX_INVALIDATIONS} are allowed at a time");
        return Err(ApiError::unprocessable("invalid_request", "Invalid request").with_detail(detail));
    }
    let count = app.cache.entries().forget(&invalidation).await?;
    Ok(Json(Forgotten { count }))
}

/// What the cache has done and holds.
#[utoipa::path(get, path = "/api/admin/cache/stats", operation_id = "readCacheStats", tag = "cache", security(("operator" = [])), responses(
    (status = 200, description = "Hits and misses since the start or the last reset, Redis (`null` without one), and what the \
     process holds", body = Value),
))]
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
#[utoipa::path(post, path = "/api/admin/cache/stats/reset", operation_id = "resetCacheStats", tag = "cache", security(("operator" = [])), responses(
    (status = 204, description = "Counting from 0"),
))]
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
