//! Single entries of Redis by their own names: counters, and what whoever looks after Redis wants to see.
//!
//! Resources are not written here: [`Cache::get_or_load`](super::Cache::get_or_load) fills them, and only what it has
//! loaded itself is sure to be what the database says.

use ::redis::{Cmd, FromRedisValue, Value};
use thiserror::Error;

use super::{DEFAULT_TTL_SECS, Inner, Invalidation, MAX_TTL_SECS};

/// Why an entry was not read or written.
#[derive(Debug, Error)]
pub enum EntryError {
    /// There is no Redis, or it is away.
    #[error("Redis is not there")]
    Unavailable,
    /// The name belongs to a cached resource.
    #[error("{0}: keys that begin like this are filled by the cache alone")]
    Reserved(&'static str),
    /// The name is none.
    #[error("a key has 1 to {MAX_KEY} characters, and no braces")]
    Key,
    /// Redis has refused.
    #[error("{0}")]
    Refused(String),
}

/// The most bytes of a key.
const MAX_KEY: usize = 512;

/// What the keys of the cache's own notes begin with.
const OWN: &str = "cache:";

/// The entries of Redis.
pub struct Entries<'a> {
    inner: &'a Inner,
}

impl<'a> Entries<'a> {
    pub(super) const fn new(inner: &'a Inner) -> Self {
        Self { inner }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, EntryError> {
        self.one(key, |key| cmd("GET", key)).await
    }

    /// The values of keys, in one round trip to each node.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, EntryError> {
        self.many(keys, |_, key| cmd("GET", key)).await
    }

    /// Writes a value for so many seconds, [`DEFAULT_TTL_SECS`] if none are given, [`MAX_TTL_SECS`] at most.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn set(&self, key: &str, value: &[u8], ttl_secs: Option<u32>) -> Result<(), EntryError> {
        self.not_reserved(key)?;
        self.one::<Value>(key, |key| set(key, value, ttl_secs)).await.map(drop)
    }

    /// Writes values, in one round trip to each node.
    ///
    /// # Errors
    /// [`EntryError`], and some may have been written.
    pub async fn set_many(&self, entries: &[(String, Vec<u8>)], ttl_secs: Option<u32>) -> Result<(), EntryError> {
        for (key, _) in entries {
            self.not_reserved(key)?;
        }
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.clone()).collect();
        let value = |index: usize| entries.get(index).map(|(_, value)| value.as_slice()).unwrap_or_default();
        self.many::<Value>(&keys, |index, key| set(key, value(index), ttl_secs)).await.map(drop)
    }

    /// Removes a key. Returns whether it was there.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn delete(&self, key: &str) -> Result<bool, EntryError> {
        self.one(key, |key| cmd("UNLINK", key)).await
    }

    /// Removes keys, in one round trip to each node. Returns how many were there.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn delete_many(&self, keys: &[String]) -> Result<u64, EntryError> {
        let removed: Vec<u64> = self.many(keys, |_, key| cmd("UNLINK", key)).await?;
        Ok(removed.into_iter().fold(0, u64::saturating_add))
    }

    /// [`Cache::invalidate`](super::Cache::invalidate) as somebody from outside may ask for it: spares the cache's own notes,
    /// and, in a Redis that others use too, everything that is not named by how it begins.
    ///
    /// # Errors
    /// [`EntryError`]; [`EntryError::Unavailable`] if Redis may still have what was forgotten here.
    pub async fn forget(&self, invalidation: &Invalidation) -> Result<u64, EntryError> {
        let Invalidation { keys, patterns, .. } = invalidation;
        are_keys(keys)?;
        let beginnings = patterns.iter().map(|pattern| pattern.split(['*', '?', '[', '\\']).next().unwrap_or_default());
        let may_be_own = |name: &str| name.starts_with(OWN) || OWN.starts_with(name);
        if keys.iter().any(|key| key.starts_with(OWN)) || beginnings.into_iter().any(may_be_own) {
            return Err(EntryError::Reserved(OWN));
        }
        self.inner.invalidate(invalidation, None).await.ok_or(EntryError::Unavailable)
    }

    /// Whether a key is there.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn exists(&self, key: &str) -> Result<bool, EntryError> {
        self.one(key, |key| cmd("EXISTS", key)).await
    }

    /// How many seconds a key has left; `None` if it is not there, or has no end.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn ttl(&self, key: &str) -> Result<Option<u32>, EntryError> {
        let secs: i64 = self.one(key, |key| cmd("TTL", key)).await?;
        Ok(u32::try_from(secs).ok())
    }

    /// Gives a key so many seconds from now, [`MAX_TTL_SECS`] at most. Returns whether it is there.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn expire(&self, key: &str, ttl_secs: u32) -> Result<bool, EntryError> {
        let expire = |key: &str| {
            let mut cmd = cmd("EXPIRE", key);
            cmd.arg(ttl_secs.clamp(1, MAX_TTL_SECS));
            cmd
        };
        self.one(key, expire).await
    }

    /// Adds to a counter, which ends so many seconds after its first count; without, it does not end by itself. Returns
    /// what it has come to.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn increment(&self, key: &str, by: u32, ttl_secs: Option<u32>) -> Result<i64, EntryError> {
        self.not_reserved(key)?;
        let add = |key: &str| {
            let mut cmd = ::redis::cmd("EVAL");
            cmd.arg(INCREMENT).arg(1).arg(key).arg(by).arg(ttl_secs.map_or(0, |secs| secs.clamp(1, MAX_TTL_SECS)));
            cmd
        };
        self.one(key, add).await
    }

    /// What a counter has come to: 0 if it is not there.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn counter(&self, key: &str) -> Result<i64, EntryError> {
        let count: Option<i64> = self.one(key, |key| cmd("GET", key)).await?;
        Ok(count.unwrap_or_default())
    }

    /// Names of keys that match a pattern, some `limit` at most.
    ///
    /// # Errors
    /// [`EntryError`].
    pub async fn keys(&self, pattern: &str, limit: usize) -> Result<Vec<String>, EntryError> {
        let redis = self.inner.shared.redis.get().ok_or(EntryError::Unavailable)?;
        redis.entry_keys(pattern, limit).await
    }

    /// Runs one command for each key, in one round trip to each node: for data that Redis holds beside what is cached. The
    /// operation is their name in the metrics.
    ///
    /// # Errors
    /// [`EntryError`]; then some of them may have been carried out.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        keys: &[String],
        cmd: impl Fn(usize, &str) -> Cmd + Send + Sync,
    ) -> Result<Vec<T>, EntryError> {
        are_keys(keys)?;
        let redis = self.inner.shared.redis.get().ok_or(EntryError::Unavailable)?;
        let values = redis.entry_commands(operation, keys, cmd).await?;
        let parsed = values.into_iter().map(T::from_redis_value).collect::<Result<_, _>>();
        parsed.map_err(|error| EntryError::Refused(error.to_string()))
    }

    /// Stops believing Redis until it was brought up to date anew.
    pub(crate) fn distrust(&self, reason: &str) {
        if let Some(store) = self.inner.shared.store() {
            store.distrust(reason);
        }
    }

    async fn one<T: FromRedisValue>(
        &self,
        key: &str,
        cmd: impl Fn(&str) -> Cmd + Send + Sync,
    ) -> Result<T, EntryError> {
        let values = self.many(std::slice::from_ref(&key.to_owned()), |_, key| cmd(key)).await?;
        values.into_iter().next().ok_or(EntryError::Unavailable)
    }

    async fn many<T: FromRedisValue>(
        &self,
        keys: &[String],
        cmd: impl Fn(usize, &str) -> Cmd + Send + Sync,
    ) -> Result<Vec<T>, EntryError> {
        self.run("entry", keys, cmd).await
    }

    fn not_reserved(&self, key: &str) -> Result<(), EntryError> {
        let prefixes = self.inner.table.iter().map(super::Declaration::prefix);
        match prefixes.chain([OWN]).find(|prefix| key.starts_with(prefix)) {
            Some(prefix) => Err(EntryError::Reserved(prefix)),
            None => Ok(()),
        }
    }
}

/// Braces would decide on which node of a cluster a key is looked for.
fn are_keys(keys: &[String]) -> Result<(), EntryError> {
    let is_key = |key: &String| (1..=MAX_KEY).contains(&key.len()) && !key.contains(['{', '}']);
    if keys.iter().all(is_key) { Ok(()) } else { Err(EntryError::Key) }
}

/// One command, so that a counter with an end never stands without it.
const INCREMENT: &str = "
local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if ARGV[2] ~= '0' and redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return count";

fn cmd(name: &str, key: &str) -> Cmd {
    let mut cmd = ::redis::cmd(name);
    cmd.arg(key);
    cmd
}

fn set(key: &str, value: &[u8], ttl_secs: Option<u32>) -> Cmd {
    let mut cmd = cmd("SET", key);
    cmd.arg(value).arg("EX").arg(ttl_secs.unwrap_or(DEFAULT_TTL_SECS).clamp(1, MAX_TTL_SECS));
    cmd
}
