//! How old what a verifier knows is.

use crate::UnixTime;

/// The age of a signed file, measured against what the file itself says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// As young as it has to be.
    Fresh {
        /// Its age in seconds.
        age_secs: u64,
    },
    /// Older: something newer should be there, and was not fetched.
    Stale {
        /// Its age in seconds.
        age_secs: u64,
    },
    /// There is no such file.
    Unknown,
}

impl Freshness {
    pub(super) const fn of(issued_at: UnixTime, fresh_secs: u32, now: UnixTime) -> Self {
        let age_secs = now.secs_since(issued_at);
        if age_secs <= fresh_secs as u64 { Self::Fresh { age_secs } } else { Self::Stale { age_secs } }
    }

    /// `fresh`, `stale` or `unknown`, as it is written everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh { .. } => "fresh",
            Self::Stale { .. } => "stale",
            Self::Unknown => "unknown",
        }
    }

    /// The age in seconds, if there is such a file.
    #[must_use]
    pub const fn age_secs(self) -> Option<u64> {
        match self {
            Self::Fresh { age_secs } | Self::Stale { age_secs } => Some(age_secs),
            Self::Unknown => None,
        }
    }
}
