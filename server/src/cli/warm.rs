//! `sealcard warm`: fills Redis before the first visitors come.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use prometheus_client::registry::Registry;
use tokio::task::JoinSet;

use super::CliError;
use super::database::connect;
use crate::cache::{Cache, Found, Lookup};
use crate::data_dir::DataDir;
use crate::db::{DbError, Repository};
use crate::public_profile::PublicProfile;
use crate::settings::GivenSettings;
use crate::{cached, db, logging};

/// How long to wait for Redis.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many usernames are read at a time.
const PAGE: u32 = 500;

/// How many profiles are loaded at a time.
const AT_ONCE: usize = 8;

/// Loads public profiles into Redis, as visitors would, so that the first of them already hit the cache. Run it after a
/// deployment, with the settings of the server
#[derive(Args)]
#[command(after_help = "Example:\n  REDIS_URL=redis://localhost sealcard warm --limit 1000")]
pub(super) struct Warm {
    /// The most profiles to load, in the order of their names
    #[arg(long, default_value_t = 10_000, value_name = "COUNT")]
    limit: u32,

    #[command(flatten)]
    settings: GivenSettings,
}

impl Warm {
    pub(super) fn run(self) -> Result<(), CliError> {
        let mut settings = self.settings.with_file()?.parse()?;
        logging::start(&settings.log).map_err(|error| CliError::new("invalid_settings", error))?;
        let Some(redis) = &mut settings.cache.redis else {
            let text = "without Redis there is nothing to fill: give its address in REDIS_URL or with --redis-url";
            return Err(CliError::new("invalid_settings", text));
        };
        // Servers look after the counters, and would have to show again what is removed here.
        redis.views = &[];
        let file = settings.data_dir.join(db::SQLITE_FILE);
        if settings.database_url.is_none() && !file.exists() {
            let file = file.display();
            let text = format!(
                "{file} is not there: give the --data-dir or the --database-url of the server whose profiles these are"
            );
            return Err(CliError::new("invalid_settings", text));
        }
        let runtime = tokio::runtime::Runtime::new().map_err(|error| CliError::new("io", error))?;
        runtime.block_on(async {
            let data_dir = DataDir::open(&settings.data_dir)?;
            let mut metrics = Registry::default();
            let db = connect(&settings, &data_dir, &mut metrics).await?;
            let log = Arc::clone(&db) as _;
            let cache = Arc::new(Cache::start(cached::TABLE, settings.cache, log, &mut metrics).await?);
            let result = fill(&db, &cache, self.limit).await;
            cache.stop().await;
            db.close().await;
            result
        })
    }
}

async fn fill(db: &Arc<dyn Repository>, cache: &Arc<Cache>, limit: u32) -> Result<(), CliError> {
    let began = Instant::now();
    while !cache.redis_is_up() {
        if began.elapsed() > PATIENCE {
            let text = format!("Redis cannot be used within {} s: see the log above", PATIENCE.as_secs());
            return Err(CliError::new("redis_unavailable", text));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (mut last, mut done, mut loaded) = (String::new(), 0_u32, 0_u32);
    loop {
        let page = db.usernames(&last, PAGE.min(limit.saturating_sub(done))).await?;
        let Some(end) = page.last() else { break };
        last.clone_from(end);
        let mut loads = JoinSet::new();
        for username in page {
            while loads.len() >= AT_ONCE {
                loaded = loaded.saturating_add(next(&mut loads).await?);
            }
            done = done.saturating_add(1);
            loads.spawn(load(Arc::clone(db), Arc::clone(cache), username));
        }
        while !loads.is_empty() {
            loaded = loaded.saturating_add(next(&mut loads).await?);
        }
        if io::stderr().is_terminal() {
            write!(io::stderr(), "\r{done} profiles").map_err(CliError::stdio)?;
        }
    }
    if io::stderr().is_terminal() {
        writeln!(io::stderr()).map_err(CliError::stdio)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    writeln!(io::stdout(), "{done} profiles in Redis, {loaded} of them new, in {seconds:.1} s").map_err(CliError::stdio)
}

/// One profile, from Redis if it is there. Whether it was not.
async fn load(db: Arc<dyn Repository>, cache: Arc<Cache>, username: String) -> Result<bool, DbError> {
    let load = || async {
        let stored = db.profile(&username).await?;
        stored.map(PublicProfile::new).transpose().map_err(|error| DbError::Cache(Arc::new(error)))
    };
    let found: Option<Found<_>> = cache.get_or_load(cached::PROFILE, &username, load).await?;
    Ok(found.is_some_and(|found| found.lookup == Lookup::Miss))
}

/// Waits for one to end. How many of them are new: one or none.
async fn next(loads: &mut JoinSet<Result<bool, DbError>>) -> Result<u32, CliError> {
    match loads.join_next().await {
        None => Ok(0),
        Some(Ok(loaded)) => Ok(u32::from(loaded?)),
        Some(Err(error)) => Err(CliError::new("internal", error)),
    }
}
