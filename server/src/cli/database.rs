//! The database that the settings name.

use std::sync::Arc;

use prometheus_client::registry::Registry;

use super::CliError;
use crate::data_dir::DataDir;
use crate::db::{self, Repository};
use crate::settings::Settings;

/// Connects, and brings the tables up to date. An error says which setting to look at.
pub(super) async fn connect(
    settings: &Settings,
    data_dir: &DataDir,
    registry: &mut Registry,
) -> Result<Arc<dyn Repository>, CliError> {
    let url = settings.database_url.as_deref();
    db::connect(url, data_dir.path(), registry).await.map_err(|error| match url {
        Some(_) => CliError::from(error).at("--database-url"),
        None => error.into(),
    })
}
