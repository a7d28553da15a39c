//! A sliding window of two counters: that of the current stretch of time, and that of the one before, which counts for as much
//! as still lies within the window. So nobody gets twice the limit around the turn of a minute.

use super::tier::Limit;

/// Milliseconds since some beginning.
pub(super) type Millis = u64;

/// What one address has used up of one tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    stretch: u64,
    current: u64,
    previous: u64,
}

/// What is to be said about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The limit.
    pub limit: Limit,
    /// Whether it is answered.
    pub is_admitted: bool,
    /// How many more would be.
    pub remaining: u32,
    /// In how many seconds there is room for more: for those that are not, the earliest; else, until the current stretch ends.
    pub reset_secs: u32,
}

impl Window {
    /// As counted elsewhere.
    pub(super) fn counted(limit: Limit, now: Millis, current: u64, previous: u64) -> Self {
        Self { stretch: stretch(limit, now), current, previous }
    }

    /// How many were admitted in the current stretch of time.
    pub(super) fn current(&mut self, limit: Limit, now: Millis) -> u64 {
        self.turn(limit, now);
        self.current
    }

    fn turn(&mut self, limit: Limit, now: Millis) {
        let stretch = stretch(limit, now);
        if stretch != self.stretch {
            let follows = self.stretch.checked_add(1) == Some(stretch);
            self.previous = if follows { self.current } else { 0 };
            self.current = 0;
            self.stretch = stretch;
        }
    }

    /// How much of the limit is used up, in thousandths of a request.
    fn used(&self, limit: Limit, now: Millis) -> u128 {
        let (elapsed, window) = (u128::from(elapsed(limit, now)), u128::from(window_ms(limit)));
        let before = u128::from(self.previous).saturating_mul(1_000).saturating_mul(window.saturating_sub(elapsed));
        u128::from(self.current).saturating_mul(1_000).saturating_add(before.checked_div(window).unwrap_or_default())
    }

    /// Whether less than half of the limit is used up.
    pub(super) fn is_far_from_limit(&mut self, limit: Limit, now: Millis) -> bool {
        self.turn(limit, now);
        self.used(limit, now) < u128::from(limit.requests).saturating_mul(500)
    }

    /// Counts a request, if there is room for it.
    pub(super) fn admit(&mut self, limit: Limit, now: Millis) -> Decision {
        self.turn(limit, now);
        let is_admitted = self.used(limit, now) < u128::from(limit.requests).saturating_mul(1_000);
        if is_admitted {
            self.current = self.current.saturating_add(1);
        }
        self.decision(limit, now, is_admitted)
    }

    /// What is to be said about a request that was counted, or not.
    pub(super) fn decision(&self, limit: Limit, now: Millis, is_admitted: bool) -> Decision {
        let used = self.used(limit, now).div_ceil(1_000);
        let remaining = u128::from(limit.requests).saturating_sub(used);
        let ms = if is_admitted { self.left_ms(limit, now) } else { self.wait_ms(limit, now) };
        let secs = u32::try_from(ms.div_ceil(1_000)).unwrap_or(u32::MAX);
        Decision {
            limit,
            is_admitted,
            remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
            reset_secs: secs.clamp(1, limit.window_secs),
        }
    }

    /// Until the current stretch ends.
    fn left_ms(&self, limit: Limit, now: Millis) -> Millis {
        window_ms(limit).saturating_sub(elapsed(limit, now))
    }

    /// Until there is room for one more.
    fn wait_ms(&self, limit: Limit, now: Millis) -> Millis {
        let room = u64::from(limit.requests).saturating_sub(self.current);
        if room == 0 || self.previous == 0 {
            // In the next stretch, what is now current weighs less with each moment. Several servers may have admitted more than
            // there should be.
            let beyond = u128::from(self.current.saturating_sub(u64::from(limit.requests)));
            let longer = beyond.saturating_mul(u128::from(window_ms(limit))).checked_div(u128::from(self.current));
            return self
                .left_ms(limit, now)
                .saturating_add(u64::try_from(longer.unwrap_or_default()).unwrap_or(u64::MAX));
        }
        // The one before weighs less than the room there is from that moment on.
        let weighs = u128::from(room).saturating_mul(u128::from(window_ms(limit)));
        let weighs = weighs.checked_div(u128::from(self.previous)).unwrap_or_default();
        let enough = u128::from(window_ms(limit)).saturating_sub(weighs).saturating_add(1);
        u64::try_from(enough).unwrap_or(u64::MAX).saturating_sub(elapsed(limit, now))
    }
}

fn window_ms(limit: Limit) -> Millis {
    u64::from(limit.window_secs).saturating_mul(1_000).max(1)
}

fn stretch(limit: Limit, now: Millis) -> u64 {
    now.checked_div(window_ms(limit)).unwrap_or_default()
}

fn elapsed(limit: Limit, now: Millis) -> Millis {
    now.checked_rem(window_ms(limit)).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test counts what it has made itself")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMIT: Limit = Limit { requests: 10, window_secs: 60 };

    #[test]
    fn the_eleventh_of_ten_waits() {
        let mut window = Window::default();
        for remaining in (0..10).rev() {
            let decision = window.admit(LIMIT, 600_500);
            assert!(decision.is_admitted);
            assert_eq!((decision.remaining, decision.reset_secs), (remaining, 60));
        }
        let refused = window.admit(LIMIT, 600_500);
        assert_eq!((refused.is_admitted, refused.remaining, refused.reset_secs), (false, 0, 60));
        assert!(!window.admit(LIMIT, 659_999).is_admitted);
        // A minute later there is room for one, and later for more.
        assert!(window.admit(LIMIT, 660_500).is_admitted);
        assert!(!window.admit(LIMIT, 660_500).is_admitted);
        assert!(window.admit(LIMIT, 690_000).is_admitted);
    }

    #[test]
    fn there_is_no_double_burst_around_the_turn() {
        let mut window = Window::default();
        let admitted = |window: &mut Window, at| (0..100).filter(|_| window.admit(LIMIT, at).is_admitted).count();
        assert_eq!(admitted(&mut window, 659_000), 10);
        assert_eq!(admitted(&mut window, 661_000), 1);
    }

    proptest! {
        /// However requests come: no more than the limit and what the estimate is off by are admitted within any window, whoever
        /// waits as long as was said is admitted, and nobody is told to wait for longer than a window.
        #[test]
        fn limits_hold(gaps in proptest::collection::vec(0..20_000_u64, 1..300), requests in 1..20_u32) {
            let limit = Limit { requests, window_secs: 60 };
            let mut window = Window::default();
            let (mut now, mut admitted) = (1_000_000, Vec::new());
            for gap in gaps {
                now += gap;
                let decision = window.admit(limit, now);
                prop_assert!((1..=60).contains(&decision.reset_secs));
                if decision.is_admitted {
                    admitted.push(now);
                    let within = admitted.iter().filter(|at| **at + 60_000 > now).count();
                    prop_assert!(within <= 2 * usize::try_from(requests).unwrap());
                } else {
                    prop_assert_eq!(decision.remaining, 0);
                    let mut later = window;
                    let then = now + u64::from(decision.reset_secs) * 1_000;
                    prop_assert!(later.admit(limit, then + 1).is_admitted, "{:?} {}", window, now);
                }
            }
        }
    }
}
