//! The windows in Redis, which all servers share: one key for each tier and client, one script.

use redis::{Cmd, FromRedisValue as _, Value};

use super::client::Client;
use super::tier::{Limit, Tier};
use crate::cache::{Cache, EntryError};

/// Adds requests that were admitted already, and one more if there is room for it. By the clock of Redis, which is the same for
/// all servers. What is no window is begun anew.
const ADMIT: &str = "
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local limit, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local stretch = math.floor(now / window)
local fields = redis.pcall('HMGET', KEYS[1], 'stretch', 'current', 'previous')
if fields.err then
  redis.call('UNLINK', KEYS[1])
  fields = {}
end
local known = tonumber(fields[1] or '') or -1
local current, previous = tonumber(fields[2] or '') or 0, tonumber(fields[3] or '') or 0
if known ~= stretch then
  if known == stretch - 1 then previous = current else previous = 0 end
  current = 0
end
current = current + tonumber(ARGV[3])
local used = current + previous * (1 - (now % window) / window)
local admitted = 0
if ARGV[4] == '1' and used < limit then
  admitted = 1
  current = current + 1
end
redis.call('HSET', KEYS[1], 'stretch', stretch, 'current', current, 'previous', previous)
redis.call('PEXPIRE', KEYS[1], 2 * window)
return {admitted, current, previous}";

/// What is to be counted for a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Report {
    pub(super) tier: Tier,
    pub(super) client: Client,
    pub(super) limit: Limit,
    /// How many requests were admitted already.
    pub(super) admitted: u64,
    /// Whether one more asks.
    pub(super) asks: bool,
}

/// What Redis says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted {
    pub(super) is_admitted: bool,
    pub(super) current: u64,
    pub(super) previous: u64,
}

/// Counts, in one round trip to each node.
pub(super) async fn count(cache: &Cache, reports: &[Report]) -> Result<Vec<Counted>, EntryError> {
    let key = |report: &Report| format!("ratelimit:{}:{}", report.tier.as_str(), report.client);
    let keys: Vec<_> = reports.iter().map(key).collect();
    let admit = |index: usize, key: &str| match reports.get(index) {
        Some(report) => command(key, report),
        None => redis::cmd("PING"),
    };
    let values: Vec<Value> = cache.entries().run("rate limit", &keys, admit).await?;
    values.into_iter().map(parse).collect()
}

fn command(key: &str, report: &Report) -> Cmd {
    let window_ms = u64::from(report.limit.window_secs).saturating_mul(1_000);
    let mut cmd = redis::cmd("EVAL");
    cmd.arg(ADMIT).arg(1).arg(key).arg(report.limit.requests).arg(window_ms);
    cmd.arg(report.admitted).arg(i32::from(report.asks));
    cmd
}

fn parse(value: Value) -> Result<Counted, EntryError> {
    let (admitted, current, previous): (u64, u64, u64) =
        <_>::from_redis_value(value).map_err(|error| EntryError::Refused(error.to_string()))?;
    Ok(Counted { is_admitted: admitted == 1, current, previous })
}
