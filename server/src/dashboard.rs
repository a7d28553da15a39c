//! What an account sees about itself at a glance.

use sealcard_core::UnixTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::{DbError, Repository};
use crate::pass::MAX_PASSES;

/// Numbers of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DashboardStats {
    /// The links of the profile.
    pub links: usize,
    /// The passes that have not expired, revoked ones included.
    pub active_passes: u64,
    /// How many there may be.
    pub max_passes: u64,
}

/// Counts.
///
/// # Errors
/// [`DbError`].
pub async fn stats(db: &dyn Repository, account_id: &str, now: UnixTime) -> Result<DashboardStats, DbError> {
    let profile = db.profile_of(account_id).await?;
    Ok(DashboardStats {
        links: profile.map_or(0, |profile| profile.link_ids.len()),
        active_passes: db.count_passes(account_id, now).await?,
        max_passes: MAX_PASSES,
    })
}
