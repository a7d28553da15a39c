//! `sealcard serve`: the server, from settings to the last answer.

use std::io::{self, IsTerminal as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Args;
use prometheus_client::registry::Registry;
use sealcard_core::qr::QrMatrix;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::CliError;
use super::database::connect;
use super::qr::terminal_style;
use crate::cache::Cache;
use crate::data_dir::DataDir;
use crate::db::Repository;
use crate::events::{EventSink, Events};
use crate::http::{self, App};
use crate::key_ring::KeyRing;
use crate::rate_limit::RateLimiter;
use crate::scans::Scans;
use crate::settings::{GivenSettings, Settings};
use crate::signed_file::{self, BundleFileError, TrustBundleSource};
use crate::signing_key::SigningKeyError;
use crate::{cached, clock, demo, logging, private_file, session, signing_key, token};

/// Runs the server. Needs no settings: SQLite and a signing key are made in the data folder on the first start
#[derive(Args)]
#[command(
    after_help = "Settings are taken from flags, then the environment, then the file of --config.\n\nExamples:\n  \
                        sealcard serve --demo\n  sealcard serve --listen 0.0.0.0:8080 --public-url https://cards.example.org --data-dir /var/lib/sealcard"
)]
pub(super) struct Serve {
    /// Add the demo user `devcard-demo`, and show its QR code and how to verify it
    #[arg(long)]
    demo: bool,

    /// Print the settings that hold, as a file for --config without passwords, and do nothing else
    #[arg(long)]
    print_config: bool,

    #[command(flatten)]
    settings: GivenSettings,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), CliError> {
        let given = self.settings.with_file()?;
        let shown = self.print_config.then(|| given.to_toml());
        let settings = given.parse()?;
        if let Some(shown) = shown {
            return io::stdout().write_all(shown.as_bytes()).map_err(|error| CliError::new("io", error));
        }
        logging::start(&settings.log).map_err(|error| CliError::new("invalid_settings", error))?;
        let runtime = tokio::runtime::Runtime::new().map_err(|error| CliError::new("io", error))?;
        runtime.block_on(serve(&settings, self.demo))
    }
}

async fn serve(settings: &Settings, with_demo: bool) -> Result<(), CliError> {
    // Before anything else, so that from the first line on a signal ends the server in order.
    let stop = stop_signal()?;
    // The port before the rest: if it is taken, nothing has been touched yet.
    let listener = listen(&settings.listen).await?;
    let address = listener.local_addr().map_err(|error| CliError::new("io", error))?;
    // What is wrong with the settings is said before anything is written.
    let sink = event_sink(&settings.kafka_brokers)?;
    let (trust_bundle, admin_token_hash) = (trust_bundle(settings)?, admin_token_hash(settings)?);
    let data_dir = DataDir::open(&settings.data_dir)?;
    let keys = data_dir.key_ring(settings.signing_key_file.as_deref())?;
    let mut metrics = Registry::default();
    let db = connect(settings, &data_dir, &mut metrics).await?;
    if with_demo {
        demo::seed(db.as_ref()).await?;
    }
    let cache = Cache::start(cached::TABLE, settings.cache.clone(), Arc::clone(&db) as _, &mut metrics).await?;
    let cache = Arc::new(cache);
    let events = Events::new(Arc::clone(&db), Arc::clone(&cache), sink, &mut metrics);
    let (limits, proxies) = (settings.rate_limits, settings.trusted_proxies.clone());
    let limiter = RateLimiter::new(limits, proxies, Arc::clone(&cache), &mut metrics);
    let app = App::new(Arc::clone(&db), Arc::clone(&cache), metrics, keys, settings.issuer.clone(), events, limiter)
        .map_err(|error| CliError::new("io", error))?;
    let app = app
        .with_max_pass_ttl(settings.max_pass_ttl)
        .with_ready_needs(settings.ready_needs)
        .with_public_url(settings.public_url.clone().unwrap_or_else(|| format!("http://{address}")))
        .with_trust_bundle(trust_bundle)
        .with_admin_token_hash(admin_token_hash);
    data_dir.write_jwks(&app.jwks(clock::now()))?;
    let app = Arc::new(app);
    if with_demo {
        show_demo(&app, address, &data_dir.jwks_path()).await?;
    } else {
        writeln!(io::stdout(), "Sealcard listens on http://{address}").map_err(CliError::stdio)?;
    }
    tracing::info!(%address, "listening");
    if address.ip().is_unspecified() && settings.public_url.is_none() {
        tracing::warn!(%address, "QR codes lead to this address, where nobody finds the server: set --public-url");
    }

    let (scans, events) = (Arc::clone(&app.scans), Arc::clone(&app.events));
    let sweeper = tokio::spawn(sweep(Arc::clone(&db), settings.keep_events));
    let workers = [
        tokio::spawn(recover_scans(Arc::clone(&scans), data_dir.path().to_owned())),
        tokio::spawn(Arc::clone(&scans).run()),
        tokio::spawn(Arc::clone(&scans).refill()),
        tokio::spawn(Arc::clone(&events).consume()),
        tokio::spawn(Arc::clone(&app.rate_limiter).run()),
        tokio::spawn(Arc::clone(&app.sessions).run()),
    ];
    let publisher = tokio::spawn(Arc::clone(&events).run());
    let folder = data_dir.path().to_owned();
    let key_file = settings.signing_key_file.clone().unwrap_or_else(|| DataDir::key_path(data_dir.path()));
    let keeper = tokio::spawn(keep_keys(Arc::clone(&app), data_dir, key_file));
    http::serve(listener, app, stop).await;
    for task in workers.into_iter().chain([sweeper, keeper]) {
        task.abort();
        // Not before it has let go of what it was doing.
        let _ = task.await;
    }
    // After the last answer: what was answered is counted.
    scans.finish(&folder).await;
    events.end();
    let _ = publisher.await;
    events.finish().await;
    cache.stop().await;
    db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Where events go, if it was said.
#[cfg(feature = "kafka")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
fn event_sink(kafka_brokers: &[String]) -> Result<Option<Arc<dyn EventSink>>, CliError> {
    let kafka = || Arc::new(crate::events::KafkaSink::new(kafka_brokers.to_vec())) as _;
    Ok((!kafka_brokers.is_empty()).then(kafka))
}

/// Where events go, if it was said.
#[cfg(not(feature = "kafka"))]
fn event_sink(kafka_brokers: &[String]) -> Result<Option<Arc<dyn EventSink>>, CliError> {
    if kafka_brokers.is_empty() {
        return Ok(None);
    }
    let text = "--kafka-brokers: this build has no Kafka: build it with `cargo build --release --package sealcard-server --features kafka`";
    Err(CliError::new("invalid_settings", text))
}

/// The fewest characters of the operator's token.
const MIN_ADMIN_TOKEN: usize = 32;

fn admin_token_hash(settings: &Settings) -> Result<Option<String>, CliError> {
    let Some(file) = &settings.admin_token_file else { return Ok(None) };
    let token = private_file::read(file)
        .map_err(|error| CliError::from(SigningKeyError::from(error)).at("--admin-token-file"))?;
    if token.trim().len() < MIN_ADMIN_TOKEN {
        let text = format!(
            "--admin-token-file: {}: the operator's token has fewer than {MIN_ADMIN_TOKEN} characters",
            file.display()
        );
        return Err(CliError::new("invalid_settings", text));
    }
    Ok(Some(session::hash(token.trim())))
}

/// Where the trust bundle comes from. A file is looked at, so that a mistake shows at once.
fn trust_bundle(settings: &Settings) -> Result<TrustBundleSource, CliError> {
    match (&settings.root_key_file, &settings.trust_bundle_file) {
        (Some(file), _) => Ok(TrustBundleSource::Root(Arc::new(signing_key::load(file)?))),
        (None, Some(file)) => {
            signed_file::read_bundle(file).map_err(|error| match error {
                BundleFileError::Io(error) => CliError::file(file, &error),
                BundleFileError::Form(error) => CliError::core(error.code(), error).at(file.display()),
            })?;
            Ok(TrustBundleSource::File(file.clone()))
        }
        (None, None) => Ok(TrustBundleSource::None),
    }
}

async fn listen(address: &str) -> Result<TcpListener, CliError> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => CliError::new(
            "address_in_use",
            format!("{address} is used by another program: stop it, or choose another with --port or --listen"),
        ),
        io::ErrorKind::InvalidInput => CliError::new(
            "invalid_settings",
            format!("--listen {address}: give an address and a port, like 127.0.0.1:8080 or localhost:8080"),
        ),
        _ => CliError::new("io", format!("cannot listen on {address}: {error}")),
    })
}

/// Resolves when the process is asked to stop, by Ctrl-C or by a service manager.
fn stop_signal() -> Result<impl Future<Output = ()>, CliError> {
    let error = |error| CliError::new("io", error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(error)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(error)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: requests in flight may finish");
    })
}

/// How often the key file is looked at.
const KEY_FILE_INTERVAL: Duration = Duration::from_secs(2);

/// Takes changes of the key file, and keeps the trust file in the folder up to date. A file that cannot be read changes
/// nothing.
async fn keep_keys(app: Arc<App>, data_dir: DataDir, key_file: PathBuf) {
    let mut ticks = tokio::time::interval(KEY_FILE_INTERVAL);
    let (mut known, mut written) = (modified(&key_file), app.jwks(clock::now()));
    let mut told = None;
    loop {
        ticks.tick().await;
        let now_modified = modified(&key_file);
        if now_modified != known {
            match KeyRing::load(&key_file) {
                Ok(keys) => {
                    (known, told) = (now_modified, None);
                    tracing::info!(keys = keys.keys().len(), "the signing keys have changed");
                    app.set_keys(keys);
                }
                // It is tried again each time: that its mode was repaired shows in none of what is compared here.
                Err(error) => {
                    let error = error.to_string();
                    if told.as_ref() != Some(&error) {
                        tracing::error!(error, "the signing keys cannot be read: going on with those before");
                        told = Some(error);
                    }
                }
            }
        }
        let jwks = app.jwks(clock::now());
        if jwks != written {
            match data_dir.write_jwks(&jwks) {
                Ok(()) => written = jwks,
                Err(error) => tracing::warn!(%error, "the trust file was not written"),
            }
        }
    }
}

/// When a file was put in its place; `None` if it is not there.
fn modified(file: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, std::os::unix::fs::MetadataExt::ino(&metadata)))
}

/// How long a pass that has expired keeps its place in the revocation list to itself: so long that a server whose clock is
/// weeks ahead does no harm.
const KEEP_PASSES_SECS: u64 = 30 * 86_400;

/// For how long the log of changes goes back: a Redis that was away for longer is emptied instead.
const KEEP_CHANGES_SECS: u64 = 3_600;

/// For how long it is known what a process has written that has ended.
const KEEP_WRITERS_SECS: u64 = 7 * 86_400;

/// Writes the scans that a server before this one could not write when it was stopped.
async fn recover_scans(scans: Arc<Scans>, data_dir: PathBuf) {
    while let Err(error) = scans.recover(&data_dir).await {
        tracing::warn!(%error, "scans that were kept in a file cannot be written just now");
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
}

/// Removes ended sessions and expired passes once an hour. They are refused anyway; this keeps the tables small.
async fn sweep(db: Arc<dyn Repository>, keep_events: Duration) {
    let mut hourly = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        hourly.tick().await;
        match db.delete_ended_sessions(clock::now()).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "removed ended sessions"),
            Err(error) => tracing::warn!(%error, "ended sessions were not removed"),
        }
        match db.delete_old_changes(clock::now().saturating_sub(KEEP_CHANGES_SECS)).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "removed old entries of the log of changes"),
            Err(error) => tracing::warn!(%error, "old entries of the log of changes were not removed"),
        }
        match db.delete_expired_passes(clock::now().saturating_sub(KEEP_PASSES_SECS)).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "removed expired passes"),
            Err(error) => tracing::warn!(%error, "expired passes were not removed"),
        }
        match db.delete_old_writers(clock::now().saturating_sub(KEEP_WRITERS_SECS)).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "removed old writers of scans"),
            Err(error) => tracing::warn!(%error, "old writers of scans were not removed"),
        }
        // In portions: others write in between.
        loop {
            match db.delete_old_events(clock::now().saturating_sub(keep_events.as_secs())).await {
                Ok(0) => break,
                Ok(count) => tracing::debug!(count, "removed old events"),
                Err(error) => {
                    tracing::warn!(%error, "old events were not removed");
                    break;
                }
            }
        }
    }
}

/// A word that a shell reads back as it is.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@,".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.into() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

/// The address, the demo user's QR code, and how to verify it.
async fn show_demo(app: &App, address: SocketAddr, jwks: &Path) -> Result<(), CliError> {
    let stored = app.db.profile(demo::USERNAME).await?;
    let stored = stored.ok_or(CliError::new("database", "the demo user is missing"))?;
    let now = clock::now();
    let keys = app.keys();
    let key = keys.current(now).ok_or(CliError::new("invalid_key", "there is no key"))?;
    let token = token::sc1(&key.issuer, &stored.profile, now).map_err(|error| CliError::core(error.code(), error))?;
    let qr = QrMatrix::new(&token.text).map_err(|error| CliError::core(error.code(), error))?;
    let program = std::env::args().next().unwrap_or_else(|| "sealcard".into());
    let mut stdout = io::stdout().lock();
    let picture = qr.to_terminal(terminal_style(stdout.is_terminal()));
    let user = demo::USERNAME;
    write!(
        stdout,
        "Sealcard listens on http://{address}\n\n{picture}\n\
         {user}, signed, valid until {expiry}. A fresh one: http://{address}/api/public/{user}/qr\n\
         Scan it with any QR reader, stop the server, and verify it offline:\n\
         {program} verify --trust {jwks} '{text}'\n",
        expiry = clock::iso8601(token.expires_at),
        program = shell_word(&program),
        jwks = shell_word(&jwks.to_string_lossy()),
        text = token.text,
    )
    .and_then(|()| stdout.flush())
    .map_err(CliError::stdio)
}
