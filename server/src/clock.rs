//! The one place that reads the clock.

use std::time::SystemTime;

use sealcard_core::UnixTime;

/// Now.
#[must_use]
pub fn now() -> UnixTime {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixTime::from_secs(since_1970.as_secs())
}

/// A moment as ISO 8601 in UTC, `2026-01-31T12:00:00Z`: how every JSON of ours writes times.
#[must_use]
pub fn iso8601(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// The day of a moment in UTC, `2026-01-31`.
#[must_use]
pub fn day(time: UnixTime) -> String {
    let text = iso8601(time);
    text.split_once('T').map_or(text.clone(), |(day, _)| day.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc_to_the_second() {
        assert_eq!(iso8601(UnixTime::from_secs(1_769_860_800)), "2026-01-31T12:00:00Z");
        assert!(iso8601(UnixTime::from_secs(u64::MAX)).starts_with("9999-12-30"));
        assert_eq!(day(UnixTime::from_secs(1_769_860_800)), "2026-01-31");
        assert!(now() > UnixTime::from_secs(1_767_225_600));
    }
}
