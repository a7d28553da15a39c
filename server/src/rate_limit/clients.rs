//! What this server knows of its clients, of a limited number of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::client::Client;
use super::tier::{Limit, Tier};
use super::window::{Decision, Millis, Window};

/// In how many parts they are kept, so that requests seldom wait for each other.
const PARTS: usize = 64;

/// How many clients a part has at most: 100,000 in all.
const MAX_OF_PART: usize = 1_563;

/// After how long without a request a client is forgotten, if there is need for room: longer than most windows.
const IDLE_MS: Millis = 120_000;

/// What is known of a client.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) window: Window,
    /// How many requests Redis has not been told of yet.
    pub(super) unreported: u64,
    /// How many were admitted while Redis was away.
    pub(super) apart: u64,
    /// When a refusal was logged last.
    pub(super) logged: Option<Millis>,
    seen: Millis,
}

impl Known {
    /// What Redis is to be told of: of what was admitted while it was away, that of the current stretch of time.
    pub(super) fn take_unreported(&mut self, limit: Limit, now: Millis) -> u64 {
        let apart = std::mem::take(&mut self.apart).min(self.window.current(limit, now));
        std::mem::take(&mut self.unreported).saturating_add(apart)
    }

    /// Admits a request without Redis, or refuses it.
    pub(super) fn admit_apart(&mut self, limit: Limit, now: Millis) -> Decision {
        let decision = self.window.admit(limit, now);
        self.apart = self.apart.saturating_add(u64::from(decision.is_admitted));
        decision
    }
}

type Part = HashMap<(Tier, Client), Known>;

pub(super) struct Clients {
    parts: Box<[Mutex<Part>]>,
}

impl Default for Clients {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| Mutex::default()).collect() }
    }
}

impl Clients {
    /// Lets something look at what is known of a client.
    pub(super) fn with<T>(&self, tier: Tier, client: Client, now: Millis, look: impl FnOnce(&mut Known) -> T) -> T {
        let Some(part) = self.parts.get(usize::from(client.low_byte()) % PARTS) else {
            return look(&mut Known::default());
        };
        // Numbers: whoever panicked meanwhile has left some.
        let mut part = part.lock().unwrap_or_else(PoisonError::into_inner);
        if part.len() >= MAX_OF_PART && !part.contains_key(&(tier, client)) {
            make_room(&mut part, now);
        }
        let known = part.entry((tier, client)).or_default();
        known.seen = now;
        look(known)
    }
}

/// Forgets those that have been quiet; if nobody has, anybody: then there are more clients than memory is for.
fn make_room(part: &mut Part, now: Millis) {
    part.retain(|_, known| now.saturating_sub(known.seen) < IDLE_MS);
    if part.len() >= MAX_OF_PART
        && let Some(anybody) = part.keys().next().copied()
    {
        part.remove(&anybody);
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::super::TrustedProxies;
    use super::*;

    #[test]
    fn memory_is_limited() {
        let clients = Clients::default();
        let client = |number: u32| {
            let address = std::net::Ipv4Addr::from(number).into();
            Client::of(address, &HeaderMap::new(), &TrustedProxies::default())
        };
        for number in 0..150_000 {
            clients.with(Tier::Api, client(number), 1_000, |known| known.unreported = 1);
        }
        let count: usize = clients.parts.iter().map(|part| part.lock().unwrap().len()).sum();
        assert_eq!(count, PARTS * MAX_OF_PART);
        assert_eq!(clients.with(Tier::Api, client(149_999), 1_000, |known| known.unreported), 1, "the last is known");
    }
}
