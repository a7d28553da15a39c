//! Types of the core that cross the border as simpler ones.

use sealcard_core::UnixTime;

/// Bytes within a record: in each language a type whose values are equal when their bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

uniffi::custom_type!(Bytes, Vec<u8>, { lower: |bytes| bytes.0, try_lift: |bytes| Ok(Bytes(bytes)) });

uniffi::custom_type!(UnixTime, u64, {
    remote,
    lower: |time| time.as_secs(),
    try_lift: |secs| Ok(UnixTime::from_secs(secs)),
});
