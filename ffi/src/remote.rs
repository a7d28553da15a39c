//! Types of the core that cross the border as simpler ones.

use sealcard_core::UnixTime;

uniffi::custom_type!(UnixTime, u64, {
    remote,
    lower: |time| time.as_secs(),
    try_lift: |secs| Ok(UnixTime::from_secs(secs)),
});
