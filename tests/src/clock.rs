//! What time it is, for stories that must not be told across a turn of the clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Waits, if need be, until so many seconds are left of a window; windows of one length follow each other from 1970 on, as
/// minutes and days in UTC do.
pub fn with_left(window: u64, seconds: u64) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
    let left = window - now % window;
    if left < seconds {
        std::thread::sleep(Duration::from_secs(left));
    }
}
