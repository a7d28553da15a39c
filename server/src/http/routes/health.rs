//! `/health`: whether the server lives. It stays 200 while a part is down, so that nobody restarts it for that.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;

use crate::http::App;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    database: &'static str,
    cache: &'static str,
}

pub(in crate::http) async fn read(State(app): State<Arc<App>>) -> impl IntoResponse {
    let (status, database) = if app.db.ping().await.is_ok() { ("ok", "ok") } else { ("degraded", "unavailable") };
    Json(Health { status, database, cache: "in-process" })
}
