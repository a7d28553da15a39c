//! The settings of the cache and of Redis, parsed.

use std::time::Duration;

use thiserror::Error;

use super::GivenSettings;
use crate::cache::{CacheOptions, RedisAddress, RedisAddressError, RedisOptions};
use crate::{cached, events};

/// The longest time for which values may be served while the database is away: a day.
const MAX_STALE_SECS: u32 = 86_400;

/// The most memory of the cache, in MiB.
const MAX_MEMORY_MB: u32 = 65_536;

/// The longest prefix of keys.
const MAX_PREFIX: usize = 64;

/// A setting of the cache that cannot be used.
#[derive(Debug, Error)]
pub enum CacheSettingsError {
    /// The address of Redis.
    #[error("--redis-url: {0}")]
    Redis(#[from] RedisAddressError),
    /// The switches.
    #[error("--cache {0:?}: say on, off, or what differs, like profile=600,dashboard=off (seconds)")]
    Switches(String),
    /// A number.
    #[error("{name}: {value}, but {min} to {max} are allowed")]
    Number {
        /// The flag.
        name: &'static str,
        /// What was given.
        value: u32,
        /// The smallest.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// The prefix.
    #[error("--cache-prefix: up to {MAX_PREFIX} letters, digits and any of _ . : -")]
    Prefix,
    /// The environment.
    #[error("APP_ENV: {0:?} is none of development, test, production")]
    Environment(String),
}

impl GivenSettings {
    /// How the cache is used.
    pub(super) fn cache_options(&self) -> Result<CacheOptions, CacheSettingsError> {
        let millis = |name, value: Option<u32>, max| {
            in_range(name, value.unwrap_or_default(), 1, max).map(|ms| Duration::from_millis(ms.into()))
        };
        let prefix = self.prefix()?;
        let redis = match given(&self.redis_url) {
            None => None,
            Some(url) => {
                let address = RedisAddress::parse(url)?
                    .with_credentials(given(&self.redis_username), given(&self.redis_password));
                let address = match &self.redis_ca_file {
                    Some(file) => address.with_ca_file(file.clone())?,
                    None => address,
                };
                Some(RedisOptions {
                    address,
                    prefix,
                    version: self.cache_version,
                    data: &[cached::SCAN_COUNT, events::STREAM],
                    views: &[cached::SCAN_COUNT],
                    timeout: millis("--redis-timeout-ms", self.redis_timeout_ms, 10_000)?,
                    max_pause: millis("--redis-max-pause-ms", self.redis_max_pause_ms, 60_000)?,
                })
            }
        };
        let memory_mb = in_range("--cache-memory-mb", self.cache_memory_mb.unwrap_or_default(), 1, MAX_MEMORY_MB)?;
        let stale_secs = in_range("--stale-secs", self.stale_secs.unwrap_or_default(), 0, MAX_STALE_SECS)?;
        let switches = self.cache.as_deref().unwrap_or_default();
        Ok(CacheOptions {
            memory_bytes: u64::from(memory_mb) << 20,
            stale_for: Duration::from_secs(stale_secs.into()),
            overrides: parse_switches(switches).ok_or_else(|| CacheSettingsError::Switches(switches.to_owned()))?,
            redis,
        })
    }

    /// What stands before every key: what was given, else what the environment says.
    fn prefix(&self) -> Result<String, CacheSettingsError> {
        let prefix = match (&self.cache_prefix, self.app_env.as_deref()) {
            (Some(prefix), _) => prefix.clone(),
            (None, None | Some("")) => String::new(),
            (None, Some("development" | "dev")) => "dev_".into(),
            (None, Some("test")) => "test_".into(),
            (None, Some("production" | "prod")) => "prod_".into(),
            (None, Some(other)) => return Err(CacheSettingsError::Environment(other.to_owned())),
        };
        // Nothing that a pattern or a cluster would read otherwise.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte);
        if prefix.len() > MAX_PREFIX || !prefix.bytes().all(plain) {
            return Err(CacheSettingsError::Prefix);
        }
        Ok(prefix)
    }
}

/// What was given: an empty text is nothing.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn in_range(name: &'static str, value: u32, min: u32, max: u32) -> Result<u32, CacheSettingsError> {
    if (min..=max).contains(&value) { Ok(value) } else { Err(CacheSettingsError::Number { name, value, min, max }) }
}

/// `on`, `off`, or names with seconds or `off`.
fn parse_switches(text: &str) -> Option<Vec<(String, Option<u32>)>> {
    match text.trim() {
        "on" | "" => Some(Vec::new()),
        "off" => Some(vec![("all".into(), None)]),
        text => text
            .split(',')
            .map(|part| {
                let (name, value) = part.trim().split_once('=')?;
                let ttl = if value == "off" { None } else { Some(value.parse().ok()?) };
                Some((name.to_owned(), ttl))
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> GivenSettings {
        GivenSettings { redis_url: Some("redis://localhost".into()), ..GivenSettings::defaults() }
    }

    fn prefix(change: impl FnOnce(&mut GivenSettings)) -> Result<String, String> {
        let mut given = given();
        change(&mut given);
        given.cache_options().map(|options| options.redis.unwrap().prefix).map_err(|error| error.to_string())
    }

    #[test]
    fn keys_have_their_literal_names_unless_a_setting_says_otherwise() {
        assert_eq!(prefix(|_| {}).unwrap(), "");
        assert_eq!(prefix(|given| given.app_env = Some("test".into())).unwrap(), "test_");
        assert_eq!(prefix(|given| given.app_env = Some("production".into())).unwrap(), "prod_");
        let both = |given: &mut GivenSettings| {
            given.app_env = Some("test".into());
            given.cache_prefix = Some("own:".into());
        };
        assert_eq!(prefix(both).unwrap(), "own:");
        assert!(prefix(|given| given.app_env = Some("staging".into())).is_err());
        for wrong in ["a*", "{a}", "a b", &"a".repeat(65)] {
            assert!(prefix(|given| given.cache_prefix = Some(wrong.into())).is_err(), "{wrong}");
        }
        assert!(prefix(|given| given.cache_prefix = Some("a".repeat(64))).is_ok());
    }

    #[test]
    fn switches_are_read_or_refused() {
        assert_eq!(parse_switches("on"), Some(vec![]));
        assert_eq!(parse_switches("off"), Some(vec![("all".into(), None)]));
        let both = vec![("profile".into(), Some(600)), ("dashboard".into(), None)];
        assert_eq!(parse_switches("profile=600, dashboard=off"), Some(both));
        for wrong in ["maybe", "profile", "profile=", "profile=x", "profile=-1", "profile=600,"] {
            assert_eq!(parse_switches(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn limits_hold_on_both_sides() {
        let timeout = |ms| GivenSettings { redis_timeout_ms: Some(ms), ..given() }.cache_options();
        assert!(timeout(1).is_ok() && timeout(10_000).is_ok());
        assert!(timeout(0).is_err() && timeout(10_001).is_err());
        let pause = |ms| GivenSettings { redis_max_pause_ms: Some(ms), ..given() }.cache_options();
        assert!(pause(1).is_ok() && pause(60_000).is_ok());
        assert!(pause(0).is_err() && pause(60_001).is_err());
        let stale = |secs| GivenSettings { stale_secs: Some(secs), ..given() }.cache_options();
        assert!(stale(0).is_ok() && stale(86_400).is_ok());
        assert!(stale(86_401).is_err());
        let memory = |mb| GivenSettings { cache_memory_mb: Some(mb), ..given() }.cache_options();
        assert!(memory(1).is_ok() && memory(65_536).is_ok());
        assert!(memory(0).is_err() && memory(65_537).is_err());
    }
}
