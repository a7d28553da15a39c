//! `/health`, `/ready`, `/api/health/cache` and `/metrics`: how the server is. The first stays 200 while a part is down, so that
//! nobody restarts the server for that. None of them asks the database: what is known of it is half a second old.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cache::{RedisStatus, Tally};
use crate::http::{ApiError, App};
use crate::readiness::Readiness;

#[derive(Serialize, ToSchema)]
pub(in crate::http) struct Health {
    /// `ok` or `degraded`.
    status: &'static str,
    /// `ok` or `unavailable`.
    database: &'static str,
    /// `ok`, `unavailable` or `not configured`.
    redis: &'static str,
}

/// How the server is: 200 as long as it answers.
#[utoipa::path(get, path = "/health", operation_id = "readHealth", tag = "health", responses((status = 200, description = "Its parts", body = Health)))]
pub(in crate::http) async fn read(State(app): State<Arc<App>>) -> Json<Health> {
    Json(health_of(&app))
}

/// Whether requests should come here: not while something is away that `--ready-needs` names.
#[utoipa::path(get, path = "/ready", operation_id = "readReadiness", tag = "health", responses(
    (status = 200, description = "They should", body = Health),
    (status = 503, description = "Something is away", body = Health),
))]
pub(in crate::http) async fn ready(State(app): State<Arc<App>>) -> (StatusCode, Json<Health>) {
    let health = health_of(&app);
    let Readiness { database, redis } = app.ready_needs;
    let is_away = (database && health.database == "unavailable") || (redis && health.redis == "unavailable");
    (if is_away { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }, Json(health))
}

fn health_of(app: &App) -> Health {
    let database = if app.cache.source_is_up() { "ok" } else { "unavailable" };
    let redis = match (app.cache.has_redis(), app.cache.redis_is_up()) {
        (false, _) => "not configured",
        (true, true) => "ok",
        (true, false) => "unavailable",
    };
    let status = if database == "unavailable" || redis == "unavailable" { "degraded" } else { "ok" };
    Health { status, database, redis }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct CacheHealth {
    /// `healthy`, `degraded` or `down`.
    status: &'static str,
    redis: RedisHealth,
    cache: Rates,
    fallback_mode: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct RedisHealth {
    connected: bool,
    /// Seconds since the node that started last did.
    uptime: u64,
    memory: Memory,
}

/// Bytes.
#[derive(Serialize, ToSchema)]
struct Memory {
    used: u64,
    peak: u64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Rates {
    hit_rate: f64,
    miss_rate: f64,
    total_operations: u64,
}

impl Rates {
    fn of(Tally { hits, misses }: Tally) -> Self {
        let total_operations = hits.saturating_add(misses);
        let share = |part: u64| if total_operations == 0 { 0.0 } else { part as f64 / total_operations as f64 };
        Self { hit_rate: share(hits), miss_rate: share(misses), total_operations }
    }
}

/// How the cache is.
#[utoipa::path(get, path = "/api/health/cache", operation_id = "readCacheHealth", tag = "health", responses(
    (status = 200, description = "The cache and its Redis", body = CacheHealth),
))]
pub(in crate::http) async fn cache(State(app): State<Arc<App>>) -> Json<CacheHealth> {
    let redis = app.cache.redis_status().await;
    let fallback_mode = redis.as_ref().is_some_and(|redis| !redis.connected);
    let source_is_up = app.cache.source_is_up();
    let status = match (source_is_up, fallback_mode) {
        (true, false) => "healthy",
        (true, true) | (false, false) => "degraded",
        (false, true) => "down",
    };
    let redis = redis.unwrap_or_default();
    Json(CacheHealth {
        status,
        warnings: warnings(&redis),
        redis: RedisHealth {
            connected: redis.connected,
            uptime: redis.uptime_secs,
            memory: Memory { used: redis.memory_used, peak: redis.memory_peak },
        },
        cache: Rates::of(app.cache.tally()),
        fallback_mode,
    })
}

/// What is set otherwise than it should be.
fn warnings(redis: &RedisStatus) -> Vec<String> {
    if redis.eviction.starts_with("allkeys") {
        let eviction = &redis.eviction;
        return vec![format!("maxmemory-policy {eviction} also removes counters: use volatile-ttl or noeviction")];
    }
    Vec::new()
}

/// Every metric, for Prometheus.
#[utoipa::path(get, path = "/metrics", operation_id = "readMetrics", tag = "health", responses(
    (status = 200, description = "OpenMetrics", body = String,
     content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
))]
pub(in crate::http) async fn metrics(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let text = app.metrics().map_err(|error| {
        tracing::error!(%error, "the metrics could not be written");
        ApiError::internal()
    })?;
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, content_type)], text).into_response())
}
