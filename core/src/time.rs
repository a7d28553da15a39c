//! Moments and durations. The crate reads no clock: every moment is an argument.

use core::fmt;

use crate::ErrorCode;

/// The longest life a snapshot may be given: 30 days.
pub const MAX_TTL_SECS: u32 = 30 * 24 * 60 * 60;

/// Whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// 2026-01-01T00:00:00Z: the earliest time that anything signed can carry.
    pub const EARLIEST: Self = Self(1_767_225_600);

    /// A moment from its seconds since 1970.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// How many seconds it is after an earlier moment; 0 if it is not after it.
    #[must_use]
    pub const fn secs_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// `secs` later, or the last representable moment.
    #[must_use]
    pub const fn saturating_add(self, secs: u64) -> Self {
        Self(self.0.saturating_add(secs))
    }

    /// `secs` earlier, or 1970.
    #[must_use]
    pub const fn saturating_sub(self, secs: u64) -> Self {
        Self(self.0.saturating_sub(secs))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

/// How long a snapshot lives: 1 second to [`MAX_TTL_SECS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ttl(u32);

impl Ttl {
    /// The longest life.
    pub const MAX: Self = Self(MAX_TTL_SECS);

    /// # Errors
    /// [`TtlError`] for 0 and for more than [`MAX_TTL_SECS`].
    pub const fn from_secs(secs: u32) -> Result<Self, TtlError> {
        if secs == 0 || secs > MAX_TTL_SECS { Err(TtlError { secs }) } else { Ok(Self(secs)) }
    }

    /// The life in seconds.
    #[must_use]
    pub const fn as_secs(self) -> u32 {
        self.0
    }
}

/// A life outside 1 second to [`MAX_TTL_SECS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TtlError {
    /// The life asked for.
    pub secs: u32,
}

impl TtlError {
    /// The stable code, `invalid_ttl`.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        ErrorCode::InvalidTtl
    }
}

impl fmt::Display for TtlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a token cannot live {} s: choose 1 to {MAX_TTL_SECS} s (30 days)", self.secs)
    }
}

impl core::error::Error for TtlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_between_one_second_and_thirty_days() {
        assert_eq!(Ttl::from_secs(0), Err(TtlError { secs: 0 }));
        assert_eq!(Ttl::from_secs(1).unwrap().as_secs(), 1);
        assert_eq!(Ttl::from_secs(MAX_TTL_SECS).unwrap().as_secs(), 2_592_000);
        assert!(Ttl::from_secs(MAX_TTL_SECS + 1).is_err());
    }

    #[test]
    fn moments_saturate_at_both_ends() {
        assert_eq!(UnixTime::from_secs(5).saturating_sub(60).as_secs(), 0);
        assert_eq!(UnixTime::from_secs(u64::MAX).saturating_add(60).as_secs(), u64::MAX);
    }
}
