//! What Redis shows of the counts: counters without an end, which only grow.

use redis::{Cmd, FromRedisValue as _, Value};

use crate::cache::{Cache, EntryError};
use crate::cached::SCAN_COUNT;
use crate::db::ScansOfDay;

/// How many counters one round trip raises.
const AT_ONCE: usize = 500;

/// How long the counter of a day is shown, from its first scan on: longer than the day.
const DAY_SECS: u32 = 86_400;

/// Raises a counter to a number that was committed. What is no number is replaced.
const RAISE: &str = "
local shown = redis.pcall('GET', KEYS[1])
if type(shown) == 'table' then
  redis.call('UNLINK', KEYS[1])
  shown = false
end
shown = tonumber(shown or '')
if not shown or shown < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL') end
if ARGV[2] == '0' then
  redis.call('PERSIST', KEYS[1])
elseif redis.call('TTL', KEYS[1]) < 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[2])
end
return 1";

/// How often codes were scanned, as far as Redis says so.
pub(super) async fn read(cache: &Cache, qr_ids: &[String]) -> Vec<Option<u64>> {
    let keys: Vec<_> = qr_ids.iter().map(|qr_id| format!("{SCAN_COUNT}{qr_id}")).collect();
    let get = |_: usize, key: &str| command("GET", key);
    match cache.entries().run::<Value>("read counter", &keys, get).await {
        Ok(values) => values.into_iter().map(|value| String::from_redis_value(value).ok()?.parse().ok()).collect(),
        Err(_) => vec![None; qr_ids.len()],
    }
}

/// Returns whether Redis shows them.
pub(super) async fn raise_totals(cache: &Cache, totals: &[(String, u64)]) -> bool {
    let counters: Vec<_> = totals.iter().map(|(qr_id, total)| (format!("{SCAN_COUNT}{qr_id}"), *total)).collect();
    raise(cache, &counters, 0).await
}

pub(super) async fn raise_days(cache: &Cache, days: &[ScansOfDay]) {
    let key = |of_day: &ScansOfDay| format!("{SCAN_COUNT}{}:{}", of_day.qr_id, of_day.day);
    let counters: Vec<_> = days.iter().map(|of_day| (key(of_day), of_day.scans)).collect();
    raise(cache, &counters, DAY_SECS).await;
}

/// Which code a counter is of, and of which day if not of all.
pub(super) fn code_and_day(key: &str) -> Option<(&str, Option<&str>)> {
    let name = key.strip_prefix(SCAN_COUNT)?;
    Some(name.split_once(':').map_or((name, None), |(qr_id, day)| (qr_id, Some(day))))
}

/// A Redis that does not answer is emptied of these before it is asked again; one that refuses must not show too little.
async fn raise(cache: &Cache, counters: &[(String, u64)], ttl_secs: u32) -> bool {
    let mut all = true;
    for counters in counters.chunks(AT_ONCE) {
        let keys: Vec<_> = counters.iter().map(|(key, _)| key.clone()).collect();
        let count = |index: usize| counters.get(index).map_or(0, |(_, count)| *count);
        let raise = |index: usize, key: &str| {
            let mut cmd = redis::cmd("EVAL");
            cmd.arg(RAISE).arg(1).arg(key).arg(count(index)).arg(ttl_secs);
            cmd
        };
        match cache.entries().run::<Value>("raise counter", &keys, raise).await {
            Ok(_) => {}
            Err(EntryError::Refused(error)) => {
                tracing::warn!(error, "Redis does not take the counts of scans: they are removed there");
                let remove = |_: usize, key: &str| command("UNLINK", key);
                if cache.entries().run::<Value>("remove", &keys, remove).await.is_err() {
                    cache.entries().distrust("the counts of scans are out of date");
                    all = false;
                }
            }
            Err(_) => all = false,
        }
    }
    all
}

fn command(name: &str, key: &str) -> Cmd {
    let mut cmd = redis::cmd(name);
    cmd.arg(key);
    cmd
}
