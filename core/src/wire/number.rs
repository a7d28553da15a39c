//! Numbers and times: postcard's varints, each in its one spelling. What was read is written again and must come out the
//! same.

use alloc::vec::Vec;

use super::{EncodeError, WireError};
use crate::UnixTime;

/// Times in tokens count from here.
pub(super) const EPOCH_SECS: u64 = UnixTime::EARLIEST.as_secs();

/// The longest varint: 64 bits in groups of seven.
const MAX_VARINT_BYTES: usize = 10;

pub(crate) fn push_varint(value: u64, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(spelling(value, &mut [0; MAX_VARINT_BYTES]));
}

/// A number in its one spelling, and what follows it.
pub(crate) fn take_varint(bytes: &[u8]) -> Result<(u64, &[u8]), WireError> {
    let (value, rest) = postcard::take_from_bytes(bytes).map_err(|_| WireError::Malformed)?;
    let read = bytes.strip_suffix(rest);
    if read == Some(spelling(value, &mut [0; MAX_VARINT_BYTES])) {
        Ok((value, rest))
    } else {
        Err(WireError::Malformed)
    }
}

/// A number below 2^32, and what follows it.
pub(crate) fn take_u32(bytes: &[u8]) -> Result<(u32, &[u8]), WireError> {
    let (value, rest) = take_varint(bytes)?;
    Ok((u32::try_from(value).map_err(|_| WireError::Malformed)?, rest))
}

pub(crate) fn push_time(time: UnixTime, bytes: &mut Vec<u8>) -> Result<(), EncodeError> {
    push_varint(time.as_secs().checked_sub(EPOCH_SECS).ok_or(EncodeError::BeforeEpoch)?, bytes);
    Ok(())
}

/// A time, and what follows it.
pub(crate) fn take_time(bytes: &[u8]) -> Result<(UnixTime, &[u8]), WireError> {
    let (secs, rest) = take_varint(bytes)?;
    let secs = secs.checked_add(EPOCH_SECS).ok_or(WireError::Malformed)?;
    Ok((UnixTime::from_secs(secs), rest))
}

fn spelling(value: u64, buffer: &mut [u8; MAX_VARINT_BYTES]) -> &[u8] {
    // An integer always serialises, and the buffer holds the longest.
    postcard::to_slice(&value, buffer).map_or(&[], |bytes| bytes)
}
