//! The second tier as the cache sees it, whatever it is made of.

use async_trait::async_trait;

use super::Invalidation;

/// What the second tier says about a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// It has a value, for so many milliseconds more.
    Value {
        /// The value.
        bytes: Vec<u8>,
        /// Its remaining life.
        ttl_ms: u64,
    },
    /// It has none, and one may be written with this permission.
    Lease(String),
    /// What stands there is no value of ours.
    Corrupt,
    /// It cannot be asked, or must not be written: go on without it.
    Off,
}

/// Whether the second tier holds nothing of what an invalidation names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Removed {
    /// How many values there were.
    pub(super) values: u64,
    /// All of it was carried out.
    pub(super) complete: bool,
}

/// The second tier.
#[async_trait]
pub(super) trait Store: Send + Sync {
    /// The value of a key, or the permission to write one. A value counts only if nothing was invalidated by one of its tags
    /// since the permission was given.
    async fn read(&self, key: &str, tags: &[String]) -> Read;

    /// Writes a value, unless the permission was withdrawn since by an invalidation. The tags are those that were read with.
    async fn write(&self, key: &str, tags: &[String], lease: &str, value: &[u8], ttl_ms: u64);

    /// Removes one key: what stands there does not parse.
    async fn remove_corrupt(&self, key: &str);

    /// Removes values and withdraws permissions.
    async fn remove(&self, invalidation: &Invalidation) -> Removed;

    /// Tells the other servers, and waits a short time for them. The change's number says that the second tier holds
    /// nothing of what was before.
    async fn tell(&self, invalidation: &Invalidation, change: Option<i64>);

    /// What has changed is not known: it must be brought up to date before it is used again.
    fn distrust(&self, reason: &str);

    /// Writes down that it is good up to this change.
    async fn advance(&self, log: &str, complete: i64);
}
