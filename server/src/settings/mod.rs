//! The server's settings: by flag, then environment, then file, then default.

mod cache;
mod secret;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use sealcard_core::{ProfileProblem, Ttl, TtlError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use self::cache::CacheSettingsError;
use crate::cache::CacheOptions;
use crate::qr_code::TargetUrl;
use crate::rate_limit::{Limits, LimitsError, TrustedProxies, TrustedProxiesError};
use crate::readiness::{Readiness, ReadinessError};

/// The most bytes of an issuer's name: as many as a trust bundle has room for.
const MAX_ISSUER_BYTES: usize = 200;

/// Settings as given: by flag or environment (clap reads both), or in the file, under the same names.
#[derive(Args, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct GivenSettings {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long, env = "SEALCARD_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<String>,

    /// Port of 127.0.0.1 to listen on, where no --listen is given
    #[arg(long, env = "PORT", value_name = "PORT")]
    #[serde(skip_serializing)]
    port: Option<u16>,

    /// Folder for the signing key and the SQLite database, made on the first start [default: sealcard-data]
    #[arg(long, env = "SEALCARD_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Database: postgres://USER:PASSWORD@HOST/NAME or sqlite://FILE [default: sealcard.db in the data folder]
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    #[serde(serialize_with = "secret::in_address")]
    database_url: Option<String>,

    /// Redis beside the database, for more than one server: redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss:// with
    /// TLS; several with commas between them are members of a Redis Cluster [default: a cache in the process alone]
    #[arg(long, env = "REDIS_URL", value_name = "URL[,URL]", hide_env_values = true)]
    #[serde(serialize_with = "secret::in_addresses")]
    redis_url: Option<String>,

    /// Redis user, if the address names none
    #[arg(long, env = "REDIS_USERNAME", value_name = "NAME")]
    redis_username: Option<String>,

    /// Redis password, if the address holds none. Better in the environment: other users see flags
    #[arg(long, env = "REDIS_PASSWORD", value_name = "PASSWORD", hide_env_values = true)]
    #[serde(serialize_with = "secret::whole")]
    redis_password: Option<String>,

    /// PEM file with the certificates to trust for rediss:// [default: the system's]
    #[arg(long, env = "REDIS_CA_FILE", value_name = "FILE")]
    redis_ca_file: Option<PathBuf>,

    /// How long a command to Redis may take before the server goes on without it, 1 to 10000; a change waits as long for other
    /// servers, from 100 to 1000 [default: 100]
    #[arg(long, env = "SEALCARD_REDIS_TIMEOUT_MS", value_name = "MILLISECONDS")]
    redis_timeout_ms: Option<u32>,

    /// The longest pause between attempts to reach Redis, 1 to 60000. The first is 100 ms, each is twice the one before
    /// [default: 3000]
    #[arg(long, env = "SEALCARD_REDIS_MAX_PAUSE_MS", value_name = "MILLISECONDS")]
    redis_max_pause_ms: Option<u32>,

    /// What is cached: on, off, or what differs from docs/CACHING.md in seconds, like profile=600,dashboard=off
    /// [default: on]
    #[arg(long, env = "SEALCARD_CACHE", value_name = "SWITCHES")]
    cache: Option<String>,

    /// Cache nothing: the same as --cache off
    #[arg(long)]
    #[serde(default, skip_serializing)]
    no_cache: bool,

    /// What stands before every key in Redis, for several systems on one Redis [default: nothing, or what APP_ENV says]
    #[arg(long, env = "SEALCARD_CACHE_PREFIX", value_name = "PREFIX")]
    cache_prefix: Option<String>,

    /// Number of the form of the values in Redis: another one leaves those that are there unread [default: none]
    #[arg(long, env = "SEALCARD_CACHE_VERSION", value_name = "NUMBER")]
    cache_version: Option<u32>,

    /// Memory for cached values in the process, in MiB, 1 to 65536 [default: 64]
    #[arg(long, env = "SEALCARD_CACHE_MEMORY_MB", value_name = "MIB")]
    cache_memory_mb: Option<u32>,

    /// For how long after their time cached values are served while the database is away, 0 to 86400 [default: 300]
    #[arg(long, env = "SEALCARD_STALE_SECS", value_name = "SECONDS")]
    stale_secs: Option<u32>,

    /// development, test or production: keys in Redis begin with dev_, test_ or prod_ [default: with nothing]
    #[arg(long, env = "APP_ENV", value_name = "NAME")]
    app_env: Option<String>,

    /// Private key file made by `sealcard keygen` [default: one in the data folder, made on the first start]
    #[arg(long, env = "SEALCARD_SIGNING_KEY_FILE", value_name = "FILE")]
    signing_key_file: Option<PathBuf>,

    /// A trust bundle that a root kept elsewhere signed (`sealcard trust-bundle`), to be served to verifiers
    #[arg(long, env = "SEALCARD_TRUST_BUNDLE_FILE", value_name = "FILE", conflicts_with = "root_key_file")]
    trust_bundle_file: Option<PathBuf>,

    /// Private key file of the root (`sealcard keygen --kind root`), with which this server signs the trust bundle itself.
    /// Simpler, and less safe: who breaks into the server has the root as well
    #[arg(long, env = "SEALCARD_ROOT_KEY_FILE", value_name = "FILE")]
    root_key_file: Option<PathBuf>,

    /// File of mode 0600 with the operator's token, at least 32 characters, which may revoke anyone's passes and look after the
    /// cache: `(umask 077; head -c 32 /dev/urandom | base64 > FILE)` makes one [default: there is no such token]
    #[arg(long, env = "SEALCARD_ADMIN_TOKEN_FILE", value_name = "FILE")]
    admin_token_file: Option<PathBuf>,

    /// How many requests an address has, in how many seconds: on, off, or what differs, like api=100/60,auth=10/60,session=30/60.
    /// Tiers: api 100/60, auth 10/60, login 30/900 (failed logins of a name), profile 100/60, session 30/60, image 50/60, scan 6000/60 [default: on]
    #[arg(long, env = "SEALCARD_RATE_LIMITS", value_name = "LIMITS")]
    rate_limits: Option<String>,

    /// Proxies in front of this server whose X-Forwarded-For is believed: addresses or networks, like 127.0.0.1,10.0.0.0/8
    /// [default: none]
    #[arg(long, env = "SEALCARD_TRUSTED_PROXIES", value_name = "NETWORKS")]
    trusted_proxies: Option<String>,

    /// Where the world finds this server, without a slash at the end: QR codes lead there [default: http:// and the address it
    /// listens on]
    #[arg(long, env = "SEALCARD_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,

    /// For how many days events of QR codes are kept in the database, 1 to 3650 [default: 30]
    #[arg(long, env = "SEALCARD_KEEP_EVENTS_DAYS", value_name = "DAYS")]
    keep_events_days: Option<u32>,

    /// Brokers of a Kafka to whose topic qr.events the events of QR codes go, instead of a stream in Redis: hosts and ports, like
    /// kafka1:9092,kafka2:9092. Only in a build with the feature kafka [default: none]
    #[arg(long, env = "SEALCARD_KAFKA_BROKERS", value_name = "BROKERS")]
    kafka_brokers: Option<String>,

    /// What must be there for /ready to answer 200, for a load balancer: database, redis, or both with a comma between them
    /// [default: nothing]
    #[arg(long, env = "SEALCARD_READY_NEEDS", value_name = "PARTS")]
    ready_needs: Option<String>,

    /// The longest life of a pass in seconds, up to 2592000 [default: 2592000, 30 days]
    #[arg(long, env = "SEALCARD_MAX_PASS_TTL", value_name = "SECONDS")]
    max_pass_ttl: Option<u32>,

    /// Your name as the issuer, up to 100 characters: verifiers show it [default: Sealcard]
    #[arg(long, env = "SEALCARD_ISSUER", value_name = "NAME")]
    issuer: Option<String>,

    /// What to log: error, warn, info, debug, or a filter per module [default: info]
    #[arg(long, env = "SEALCARD_LOG", value_name = "FILTER")]
    log: Option<String>,

    /// TOML file with any of these settings, named as their flags
    #[arg(long, env = "SEALCARD_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    config: Option<PathBuf>,
}

/// Settings that are complete and parsed.
pub struct Settings {
    /// Where to listen.
    pub listen: String,
    /// The data directory.
    pub data_dir: PathBuf,
    /// The database, if it is not the one in the data directory. Holds a password: not for logs.
    pub database_url: Option<String>,
    /// How the cache is used. Holds a password: not for logs.
    pub cache: CacheOptions,
    /// The key file, if it is not the one in the data directory.
    pub signing_key_file: Option<PathBuf>,
    /// The trust bundle that a root signed elsewhere.
    pub trust_bundle_file: Option<PathBuf>,
    /// The root's key, if this server signs the trust bundle.
    pub root_key_file: Option<PathBuf>,
    /// The file with the operator's token.
    pub admin_token_file: Option<PathBuf>,
    /// How many requests an address has.
    pub rate_limits: Limits,
    /// Who is believed about addresses.
    pub trusted_proxies: TrustedProxies,
    /// What the addresses in QR codes begin with, if it was given.
    pub public_url: Option<String>,
    /// For how long events are kept.
    pub keep_events: Duration,
    /// The Kafka for events: hosts and ports; none for the stream in Redis, or the database.
    pub kafka_brokers: Vec<String>,
    /// What must be there for `/ready`.
    pub ready_needs: Readiness,
    /// The longest life of a pass.
    pub max_pass_ttl: Ttl,
    /// The issuer's name.
    pub issuer: String,
    /// The log filter.
    pub log: String,
}

/// Settings that cannot be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("the settings file {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// The file does not parse.
    #[error("the settings file {path}: {error}")]
    Toml {
        /// The file.
        path: PathBuf,
        /// Where and why.
        error: Box<toml::de::Error>,
    },
    /// A file of `--print-config` with its passwords left out.
    #[error("{0}: there is *** for the password: put it in, or give it in the environment")]
    Hidden(&'static str),
    /// The cache or Redis.
    #[error(transparent)]
    Cache(#[from] CacheSettingsError),
    /// The longest life of a pass is none that a pass can have.
    #[error("--max-pass-ttl: {0}")]
    MaxPassTtl(#[from] TtlError),
    /// The limits of requests.
    #[error(transparent)]
    RateLimits(#[from] LimitsError),
    /// The proxies.
    #[error(transparent)]
    TrustedProxies(#[from] TrustedProxiesError),
    /// What is no part.
    #[error(transparent)]
    ReadyNeeds(#[from] ReadinessError),
    /// The public address is none.
    #[error("--public-url: an address like https://cards.example.org, without a path")]
    PublicUrl,
    /// So long events are not kept.
    #[error("--keep-events-days: {0}, but 1 to {MAX_EVENT_DAYS} are allowed")]
    EventDays(u32),
    /// A broker is no host and port.
    #[error("--kafka-brokers: {0:?}, but each must be a host and a port, like kafka1:9092")]
    KafkaBroker(String),
    /// The issuer's name is not safe to show.
    #[error("the issuer's name (--issuer): {0}")]
    Issuer(ProfileProblem),
}

/// The longest that events are kept, in days.
const MAX_EVENT_DAYS: u32 = 3_650;

fn parse_days(days: u32) -> Result<Duration, SettingsError> {
    if !(1..=MAX_EVENT_DAYS).contains(&days) {
        return Err(SettingsError::EventDays(days));
    }
    Ok(Duration::from_secs(u64::from(days).saturating_mul(86_400)))
}

fn parse_public_url(text: &str) -> Result<String, SettingsError> {
    let url = TargetUrl::parse(text).map_err(|_| SettingsError::PublicUrl)?;
    let origin = url.as_str().trim_end_matches('/');
    let is_origin = origin.split("//").nth(1).is_some_and(|host| !host.contains(['/', '?', '#']));
    if is_origin { Ok(origin.to_owned()) } else { Err(SettingsError::PublicUrl) }
}

fn parse_brokers(text: &str) -> Result<Vec<String>, SettingsError> {
    let is_broker = |broker: &str| {
        let parts = broker.rsplit_once(':');
        parts.is_some_and(|(host, port)| !host.is_empty() && !host.contains('/') && port.parse::<u16>().is_ok())
    };
    let parse =
        |broker: &str| is_broker(broker).then(|| broker.to_owned()).ok_or(SettingsError::KafkaBroker(broker.into()));
    text.split(',').map(str::trim).filter(|broker| !broker.is_empty()).map(parse).collect()
}

impl GivenSettings {
    /// What holds where nothing is given.
    fn defaults() -> Self {
        Self {
            listen: Some("127.0.0.1:8080".into()),
            data_dir: Some("sealcard-data".into()),
            redis_timeout_ms: Some(100),
            redis_max_pause_ms: Some(3_000),
            cache: Some("on".into()),
            cache_memory_mb: Some(64),
            stale_secs: Some(300),
            rate_limits: Some("on".into()),
            keep_events_days: Some(30),
            max_pass_ttl: Some(Ttl::MAX.as_secs()),
            issuer: Some("Sealcard".into()),
            log: Some("info".into()),
            ..Self::default()
        }
    }

    /// What is given here, and what is given there where nothing is given here.
    fn or(self, other: Self) -> Self {
        Self {
            listen: self.listen.or(other.listen),
            port: self.port.or(other.port),
            data_dir: self.data_dir.or(other.data_dir),
            database_url: self.database_url.or(other.database_url),
            redis_url: self.redis_url.or(other.redis_url),
            redis_username: self.redis_username.or(other.redis_username),
            redis_password: self.redis_password.or(other.redis_password),
            redis_ca_file: self.redis_ca_file.or(other.redis_ca_file),
            redis_timeout_ms: self.redis_timeout_ms.or(other.redis_timeout_ms),
            redis_max_pause_ms: self.redis_max_pause_ms.or(other.redis_max_pause_ms),
            cache: self.cache.or(other.cache),
            cache_prefix: self.cache_prefix.or(other.cache_prefix),
            cache_version: self.cache_version.or(other.cache_version),
            cache_memory_mb: self.cache_memory_mb.or(other.cache_memory_mb),
            stale_secs: self.stale_secs.or(other.stale_secs),
            app_env: self.app_env.or(other.app_env),
            signing_key_file: self.signing_key_file.or(other.signing_key_file),
            trust_bundle_file: self.trust_bundle_file.or(other.trust_bundle_file),
            root_key_file: self.root_key_file.or(other.root_key_file),
            admin_token_file: self.admin_token_file.or(other.admin_token_file),
            rate_limits: self.rate_limits.or(other.rate_limits),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            public_url: self.public_url.or(other.public_url),
            keep_events_days: self.keep_events_days.or(other.keep_events_days),
            kafka_brokers: self.kafka_brokers.or(other.kafka_brokers),
            ready_needs: self.ready_needs.or(other.ready_needs),
            max_pass_ttl: self.max_pass_ttl.or(other.max_pass_ttl),
            issuer: self.issuer.or(other.issuer),
            log: self.log.or(other.log),
            no_cache: self.no_cache || other.no_cache,
            config: None,
        }
    }

    /// Fills what flags and environment leave open from the file and the defaults.
    ///
    /// # Errors
    /// [`SettingsError::File`] and [`SettingsError::Toml`].
    pub fn with_file(self) -> Result<Self, SettingsError> {
        let file = match self.config.as_ref().filter(|path| !path.as_os_str().is_empty()) {
            None => Self::default(),
            Some(path) => match std::fs::read_to_string(path) {
                Ok(text) => toml::from_str(&text)
                    .map_err(|error| SettingsError::Toml { path: path.clone(), error: Box::new(error) })?,
                Err(error) => return Err(SettingsError::File { path: path.clone(), error }),
            },
        };
        let mut given = self.or(file);
        given.listen = given.listen.or(given.port.map(|port| format!("127.0.0.1:{port}")));
        let mut all = given.or(Self::defaults());
        if all.no_cache {
            all.cache = Some("off".into());
        }
        Ok(all)
    }

    /// As a file of settings, with the passwords left out.
    #[must_use]
    pub fn to_toml(&self) -> String {
        // Texts and numbers always serialise.
        toml::to_string(self).unwrap_or_default()
    }

    /// Parses what [`Self::with_file`] has brought together.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn parse(self) -> Result<Settings, SettingsError> {
        for (name, given) in [
            ("database-url", &self.database_url),
            ("redis-url", &self.redis_url),
            ("redis-password", &self.redis_password),
        ] {
            if given.as_ref().is_some_and(|given| given.contains(secret::HIDDEN)) {
                return Err(SettingsError::Hidden(name));
            }
        }
        let cache = self.cache_options()?;
        let issuer = sealcard_core::DisplayText::<100>::parse(&self.issuer.unwrap_or_default());
        let issuer = issuer.map_err(SettingsError::Issuer)?;
        if issuer.as_str().len() > MAX_ISSUER_BYTES {
            let problem = ProfileProblem::Bytes { max: MAX_ISSUER_BYTES, actual: issuer.as_str().len() };
            return Err(SettingsError::Issuer(problem));
        }
        Ok(Settings {
            listen: self.listen.unwrap_or_default(),
            data_dir: self.data_dir.unwrap_or_default(),
            database_url: self.database_url.filter(|url| !url.is_empty()),
            cache,
            signing_key_file: self.signing_key_file,
            trust_bundle_file: self.trust_bundle_file,
            root_key_file: self.root_key_file,
            admin_token_file: self.admin_token_file,
            rate_limits: Limits::parse(&self.rate_limits.unwrap_or_default())?,
            trusted_proxies: TrustedProxies::parse(&self.trusted_proxies.unwrap_or_default())?,
            public_url: self.public_url.filter(|url| !url.is_empty()).map(|url| parse_public_url(&url)).transpose()?,
            keep_events: parse_days(self.keep_events_days.unwrap_or_default())?,
            kafka_brokers: parse_brokers(&self.kafka_brokers.unwrap_or_default())?,
            ready_needs: Readiness::parse(&self.ready_needs.unwrap_or_default())?,
            max_pass_ttl: self.max_pass_ttl.map_or(Ok(Ttl::MAX), Ttl::from_secs)?,
            issuer: issuer.as_str().into(),
            log: self.log.unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_hosts_and_ports() {
        assert_eq!(parse_brokers("").unwrap(), [""; 0]);
        assert_eq!(parse_brokers("kafka1:9092, [::1]:9093,").unwrap(), ["kafka1:9092", "[::1]:9093"]);
        for wrong in ["kafka1", "kafka1:", ":9092", "kafka1:65536", "kafka://kafka1:9092"] {
            assert!(parse_brokers(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let folder = std::env::temp_dir().join(format!("sealcard-settings-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let config = folder.join("sealcard.toml");
        std::fs::write(&config, "listen = \"127.0.0.1:1\"\nissuer = \"File\"\n").unwrap();
        let given = GivenSettings {
            listen: Some("127.0.0.1:2".into()),
            config: Some(config.clone()),
            ..GivenSettings::default()
        };
        let settings = given.with_file().unwrap().parse().unwrap();
        assert_eq!(settings.listen, "127.0.0.1:2");
        assert_eq!(settings.issuer, "File");
        assert_eq!(settings.data_dir, PathBuf::from("sealcard-data"));

        let port = GivenSettings { port: Some(3002), ..GivenSettings::default() };
        assert_eq!(port.clone().with_file().unwrap().parse().unwrap().listen, "127.0.0.1:3002");
        let both = GivenSettings { config: Some(config.clone()), ..port };
        assert_eq!(both.with_file().unwrap().parse().unwrap().listen, "127.0.0.1:1", "a whole address says more");

        std::fs::write(&config, "lisden = \"127.0.0.1:1\"\n").unwrap();
        let given = GivenSettings { config: Some(config), ..GivenSettings::default() };
        assert!(given.with_file().err().unwrap().to_string().contains("lisden"));
        std::fs::remove_dir_all(folder).unwrap();
    }
}
