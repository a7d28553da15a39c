//! How far the log of changes was read, and what that makes of a value.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// For how long a value counts as checked against the log: the bound on how old a value can be that another server has
/// changed, when everything that tells of it is lost.
pub const VERIFIED_FOR: Duration = Duration::from_secs(3);

/// What is known about the log of changes.
pub(super) struct Source {
    began: Instant,
    /// When the log was last read, in milliseconds since `began`; the moment before the reading.
    verified_ms: AtomicU64,
    /// Only a reading from then on counts.
    doubted_ms: AtomicU64,
    /// The database cannot be asked.
    pub(super) down: AtomicBool,
    /// Up to which change of which log everything was seen.
    pub(super) position: watch::Sender<Option<(String, i64)>>,
}

/// What may be made of a value that is there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It was checked against the log just now.
    Verified,
    /// It was not, and the database cannot be asked.
    Down,
    /// It was not: perhaps this process was asleep.
    Unverified,
}

impl Source {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            began: now,
            verified_ms: AtomicU64::new(0),
            doubted_ms: AtomicU64::new(0),
            down: AtomicBool::new(false),
            position: watch::Sender::new(None),
        }
    }

    pub(super) fn trust(&self, now: Instant) -> Trust {
        let verified_ms = self.verified_ms.load(Ordering::SeqCst);
        let verified = Duration::from_millis(verified_ms);
        let is_doubted = verified_ms < self.doubted_ms.load(Ordering::SeqCst);
        if !is_doubted && now.saturating_duration_since(self.began).saturating_sub(verified) <= VERIFIED_FOR {
            Trust::Verified
        } else if self.down.load(Ordering::SeqCst) {
            Trust::Down
        } else {
            Trust::Unverified
        }
    }

    /// The log was read to its end, and nothing after `at` is known.
    pub(super) fn verified(&self, at: Instant) {
        self.verified_ms.store(self.ms(at), Ordering::SeqCst);
    }

    /// Something may have been committed that the log was not asked for yet.
    pub(super) fn doubt(&self, now: Instant) {
        self.doubted_ms.store(self.ms(now).saturating_add(1), Ordering::SeqCst);
    }

    fn ms(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_millis()).unwrap_or(u64::MAX)
    }
}
