//! `sealcard migrate`: the tables, brought up to date.

use std::io::{self, Write as _};

use clap::Args;
use prometheus_client::registry::Registry;

use super::CliError;
use super::database::connect;
use crate::data_dir::DataDir;
use crate::logging;
use crate::settings::GivenSettings;

/// Brings the tables of the database up to date, and does nothing else. A server does the same when it starts: this is for
/// those who want it done before
#[derive(Args)]
#[command(after_help = "Example:\n  sealcard migrate --database-url postgres://sealcard@localhost/sealcard")]
pub(super) struct Migrate {
    #[command(flatten)]
    settings: GivenSettings,
}

impl Migrate {
    pub(super) fn run(self) -> Result<(), CliError> {
        let settings = self.settings.with_file()?.parse()?;
        logging::start(&settings.log).map_err(|error| CliError::new("invalid_settings", error))?;
        let runtime = tokio::runtime::Runtime::new().map_err(|error| CliError::new("io", error))?;
        runtime.block_on(async {
            let data_dir = DataDir::open(&settings.data_dir)?;
            let db = connect(&settings, &data_dir, &mut Registry::default()).await?;
            db.close().await;
            writeln!(io::stdout(), "the database is up to date").map_err(CliError::stdio)
        })
    }
}
