//! What runs inside Redis, each on keys of one slot.

use redis::Cmd;

use super::keys::Names;

/// A value and its remaining milliseconds, if it was written under the versions of its tags that hold now; or nothing, and
/// the permission to write it: the one that is out for these versions, or the one offered. Without memory for that there is
/// none. A permission is 32 characters of chance, then the versions.
const READ: &str = "
local versions = string.sub(ARGV[1], 33)
local value = redis.call('GET', KEYS[1])
if value and (versions == '' or redis.call('GET', KEYS[3]) == versions) then
  return {value, redis.call('PTTL', KEYS[1])}
end
local lease = redis.call('GET', KEYS[2])
if lease and string.sub(lease, 33) == versions then return {false, lease} end
if redis.pcall('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]).err then return {false, false} end
return {false, ARGV[1]}";

/// Writes a value if the permission still holds: an invalidation withdraws it. The versions after the value: should there be
/// no memory for them, the value does not count.
const WRITE: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
local versions = string.sub(ARGV[1], 33)
if versions ~= '' then redis.call('SET', KEYS[3], versions, 'PX', ARGV[3]) end
redis.call('DEL', KEYS[2])
return 1";

/// The version of a tag: the one that holds, or the one offered if there is none.
const VERSION: &str = "
local version = redis.call('GET', KEYS[1])
if not version then
  version = ARGV[1]
  redis.call('SET', KEYS[1], version)
end
if redis.call('TTL', KEYS[1]) < 43200 then redis.call('EXPIRE', KEYS[1], 86400) end
return version";

/// Writes down that a key has a tag, for as long as its value may live. A set that has grown too large is begun anew: what
/// was in it ends by itself.
const TAG: &str = "
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[3]) then redis.call('UNLINK', KEYS[1]) end
redis.call('SADD', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1";

/// Up to which change of which log the values are good: never less than before.
const ADVANCE: &str = "
local log, at = string.match(redis.call('GET', KEYS[1]) or '', '^(.*):(%d+)$')
if log ~= ARGV[1] or tonumber(at) < tonumber(ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'EX', 86400)
else
  redis.call('EXPIRE', KEYS[1], 86400)
end
return 1";

/// How long a permission to write lasts, in milliseconds: longer than any load.
const LEASE_MS: u32 = 20_000;

/// How many keys a tag's set names.
pub(super) const MAX_TAGGED: usize = 100_000;

fn script(text: &str, keys: &[&str]) -> Cmd {
    let mut cmd = redis::cmd("EVAL");
    cmd.arg(text).arg(keys.len()).arg(keys);
    cmd
}

pub(super) fn read(key: &str, offered_lease: &str) -> Cmd {
    let mut cmd = script(READ, &[key, &Names::lease(key), &Names::versions(key)]);
    cmd.arg(offered_lease).arg(LEASE_MS);
    cmd
}

pub(super) fn write(key: &str, lease: &str, value: &[u8], ttl_ms: u64) -> Cmd {
    let mut cmd = script(WRITE, &[key, &Names::lease(key), &Names::versions(key)]);
    cmd.arg(lease).arg(value).arg(ttl_ms);
    cmd
}

pub(super) fn version(tag: &str, offered: &str) -> Cmd {
    let mut cmd = script(VERSION, &[&Names::version(tag)]);
    cmd.arg(offered);
    cmd
}

pub(super) fn tag(tag: &str, key: &str, ttl_ms: u64) -> Cmd {
    let mut cmd = script(TAG, &[tag]);
    cmd.arg(key).arg(ttl_ms).arg(MAX_TAGGED);
    cmd
}

pub(super) fn advance(marker: &str, log: &str, complete: i64) -> Cmd {
    let mut cmd = script(ADVANCE, &[marker]);
    cmd.arg(log).arg(complete);
    cmd
}
