//! What runs inside Redis, each on keys of one slot.

use redis::Cmd;

use super::keys::Names;

/// A value and its remaining milliseconds; or nothing, and the permission to write it: the one that is out, or the one
/// offered. Without memory for that there is none.
const READ: &str = "
local value = redis.call('GET', KEYS[1])
if value then return {value, redis.call('PTTL', KEYS[1])} end
local lease = redis.call('GET', KEYS[2])
if lease then return {false, lease} end
if redis.pcall('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]).err then return {false, false} end
return {false, ARGV[1]}";

/// Writes a value if the permission still holds: an invalidation withdraws it.
const WRITE: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[2])
return 1";

/// Writes down that a key has a tag.
const TAG: &str = "
redis.call('SADD', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[1], 86400)
redis.call('SET', KEYS[2], ARGV[2], 'EX', 86400)
return 1";

/// Takes keys off a tag, unless others were put on it since its keys were read.
const UNTAG: &str = "
if (redis.call('GET', KEYS[2]) or '') ~= ARGV[1] then return 0 end
redis.call('SREM', KEYS[1], unpack(ARGV, 2))
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

fn script(text: &str, keys: &[&str]) -> Cmd {
    let mut cmd = redis::cmd("EVAL");
    cmd.arg(text).arg(keys.len()).arg(keys);
    cmd
}

pub(super) fn read(key: &str, offered_lease: &str) -> Cmd {
    let mut cmd = script(READ, &[key, &Names::lease(key)]);
    cmd.arg(offered_lease).arg(LEASE_MS);
    cmd
}

pub(super) fn write(key: &str, lease: &str, value: &[u8], ttl_ms: u64) -> Cmd {
    let mut cmd = script(WRITE, &[key, &Names::lease(key)]);
    cmd.arg(lease).arg(value).arg(ttl_ms);
    cmd
}

pub(super) fn tag(tag: &str, key: &str, token: &str) -> Cmd {
    let mut cmd = script(TAG, &[tag, &touched(tag)]);
    cmd.arg(key).arg(token);
    cmd
}

/// The key that says when a tag was last put on something.
pub(super) fn touched(tag: &str) -> String {
    format!("{{{tag}}}:touched")
}

pub(super) fn untag(tag: &str, token: &str, keys: &[String]) -> Cmd {
    let mut cmd = script(UNTAG, &[tag, &touched(tag)]);
    cmd.arg(token).arg(keys);
    cmd
}

pub(super) fn advance(marker: &str, log: &str, complete: i64) -> Cmd {
    let mut cmd = script(ADVANCE, &[marker]);
    cmd.arg(log).arg(complete);
    cmd
}
