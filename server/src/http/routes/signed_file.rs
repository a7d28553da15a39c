//! `/api/revocations` and `/api/trust-bundle`: the files that verifiers fetch while they are online.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use crate::clock;
use crate::http::etag::with_etag;
use crate::http::{ApiError, App};
use crate::signed_file::{self, TrustBundleSource};

const TEXT: &str = "text/plain; charset=utf-8";

/// Short: a revocation should reach the doors within minutes.
const CACHE_CONTROL: &str = "public, max-age=60";

/// The signed list of revoked passes.
#[utoipa::path(get, path = "/api/revocations", operation_id = "readRevocations", tag = "verifiers", responses(
    (status = 200, description = "The list", body = String, content_type = "text/plain; charset=utf-8"),
    (status = 304, description = "As the client has it"),
))]
pub(in crate::http) async fn revocations(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let now = clock::now();
    let list = signed_file::revocation_list(app.db.as_ref(), app.issuer(now)?, now).await?;
    Ok(with_etag(&headers, TEXT, list.content.into_bytes(), CACHE_CONTROL))
}

/// The issuers that a root trusts.
#[utoipa::path(get, path = "/api/trust-bundle", operation_id = "readTrustBundle", tag = "verifiers", responses(
    (status = 200, description = "The bundle", body = String, content_type = "text/plain; charset=utf-8"),
    (status = 304, description = "As the client has it"),
    (status = 404, description = "This server has no root"),
))]
pub(in crate::http) async fn trust_bundle(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let content = match &app.trust_bundle {
        TrustBundleSource::None => {
            return Err(ApiError::not_found("No trust bundle")
                .with_detail("this server has no root: trust the keys of /.well-known/jwks.json"));
        }
        TrustBundleSource::File(file) => signed_file::read_bundle(file).map_err(|error| {
            tracing::error!(%error, file = %file.display(), "the trust bundle cannot be served");
            ApiError::internal()
        })?,
        TrustBundleSource::Root(root) => {
            let now = clock::now();
            let anchors = app.keys().anchors(&app.issuer_name, now);
            signed_file::trust_bundle(app.db.as_ref(), root, anchors, now).await?.content
        }
    };
    Ok(with_etag(&headers, TEXT, content.into_bytes(), CACHE_CONTROL))
}
