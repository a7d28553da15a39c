//! How many requests an address has.
//!
//! Every server keeps a window for each client and tier, and together they keep one in Redis. Where passwords could be guessed,
//! each request is counted in Redis first. What is answered from memory is counted here and reported to Redis a moment later, as
//! long as less than half of the limit is used up; beyond that, Redis is asked first again. So the servers share one budget, and
//! nobody waits for Redis who is far from any limit. Without Redis, each server counts for itself, and tells Redis when it is back.

mod client;
mod clients;
mod shared;
mod tier;
mod window;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderValue;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;
use tokio::sync::Notify;

pub use self::client::{Client, TrustedProxies, TrustedProxiesError};
pub use self::tier::{Limit, Limits, LimitsError, Tier};
pub use self::window::Decision;

use self::clients::{Clients, Known};
use self::shared::{Counted, Report};
use self::window::{Millis, Window};
use crate::cache::Cache;

/// How long requests are gathered before they are reported to Redis.
const GATHER: Duration = Duration::from_millis(20);

/// How many clients one round trip reports.
const AT_ONCE: usize = 500;

/// Counts requests, and says which are too many.
pub struct RateLimiter {
    limits: Limits,
    stated: [Option<Stated>; Tier::ALL.len()],
    proxies: TrustedProxies,
    cache: Arc<Cache>,
    clients: Clients,
    unreported: Mutex<Vec<(Tier, Client)>>,
    came: Notify,
    refused: Family<OfTier, Counter>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfTier {
    tier: &'static str,
}

/// What answers say about a limit.
#[derive(Debug)]
pub struct Stated {
    /// How many requests: for `X-RateLimit-Limit`.
    pub limit: HeaderValue,
    /// For `RateLimit-Policy`.
    pub policy: HeaderValue,
}

impl Stated {
    fn new(tier: Tier, limit: Limit) -> Option<Self> {
        let policy = format!("\"{}\";q={};w={}", tier.as_str(), limit.requests, limit.window_secs);
        Some(Self { limit: limit.requests.into(), policy: policy.try_into().ok()? })
    }
}

impl RateLimiter {
    /// Counts by these limits, and through this cache's Redis.
    #[must_use]
    pub fn new(limits: Limits, proxies: TrustedProxies, cache: Arc<Cache>, registry: &mut Registry) -> Self {
        let refused = Family::<OfTier, Counter>::default();
        for tier in Tier::ALL {
            drop(refused.get_or_create(&OfTier { tier: tier.as_str() }));
        }
        registry.register("rate_limited", "Requests refused because there were too many", refused.clone());
        Self {
            stated: Tier::ALL.map(|tier| limits.of(tier).and_then(|limit| Stated::new(tier, limit))),
            limits,
            proxies,
            cache,
            clients: Clients::default(),
            unreported: Mutex::default(),
            came: Notify::new(),
            refused,
        }
    }

    /// Whose requests are believed about addresses.
    #[must_use]
    pub fn proxies(&self) -> &TrustedProxies {
        &self.proxies
    }

    /// The limit of a tier.
    #[must_use]
    pub fn limit(&self, tier: Tier) -> Option<Limit> {
        self.limits.of(tier)
    }

    /// What answers say about the limit of a tier.
    #[must_use]
    pub fn stated(&self, tier: Tier) -> Option<&Stated> {
        self.stated.get(tier as usize)?.as_ref()
    }

    /// What is to be said about a request, if that can be said without asking Redis.
    #[must_use]
    pub fn decide_at_once(&self, tier: Tier, client: Client, limit: Limit, now: Millis) -> Option<Decision> {
        let is_shared = self.cache.redis_is_up();
        if is_shared && tier.is_exact() {
            return None;
        }
        let (decision, is_first) = self.clients.with(tier, client, now, |known| {
            if !is_shared {
                let decision = known.admit_apart(limit, now);
                self.note(tier, client, &decision, known, now);
                return Some((decision, false));
            }
            if !known.window.is_far_from_limit(limit, now) {
                return None;
            }
            known.unreported = known.unreported.saturating_add(1);
            Some((known.window.admit(limit, now), known.unreported == 1))
        })?;
        if is_first {
            let mut unreported = self.unreported.lock().unwrap_or_else(PoisonError::into_inner);
            unreported.push((tier, client));
            if unreported.len() == 1 {
                self.came.notify_one();
            }
        }
        Some(decision)
    }

    /// The same, asking Redis first; if that does not answer, by what is known here.
    pub async fn decide(&self, tier: Tier, client: Client, limit: Limit, now: Millis) -> Decision {
        let admitted = self.clients.with(tier, client, now, |known| known.take_unreported(limit, now));
        let counted = self.ask(Report { tier, client, limit, admitted, asks: true }).await;
        self.clients.with(tier, client, now, |known| {
            let decision = match counted {
                Some(counted) => {
                    known.window = Window::counted(limit, now, counted.current, counted.previous);
                    known.window.decision(limit, now, counted.is_admitted)
                }
                None => {
                    known.apart = known.apart.saturating_add(admitted);
                    known.admit_apart(limit, now)
                }
            };
            self.note(tier, client, &decision, known, now);
            decision
        })
    }

    /// What is to be said about a client that has nothing left, without counting anything.
    pub async fn used_up(&self, tier: Tier, client: Client, limit: Limit, now: Millis) -> Option<Decision> {
        let counted = self.ask(Report { tier, client, limit, admitted: 0, asks: false }).await;
        let decision = self.clients.with(tier, client, now, |known| {
            if let Some(counted) = counted {
                known.window = Window::counted(limit, now, counted.current, counted.previous);
            }
            let mut after = known.window;
            let decision = after.admit(limit, now);
            self.note(tier, client, &decision, known, now);
            decision
        });
        Some(decision).filter(|decision| !decision.is_admitted)
    }

    async fn ask(&self, report: Report) -> Option<Counted> {
        shared::count(&self.cache, &[report]).await.ok().and_then(|counted| counted.first().copied())
    }

    /// Reports to Redis what was admitted without asking, until it is dropped.
    pub async fn run(self: Arc<Self>) {
        loop {
            self.came.notified().await;
            tokio::time::sleep(GATHER).await;
            let clients = std::mem::take(&mut *self.unreported.lock().unwrap_or_else(PoisonError::into_inner));
            for clients in clients.chunks(AT_ONCE) {
                self.report(clients).await;
            }
        }
    }

    async fn report(&self, clients: &[(Tier, Client)]) {
        let now = now_ms();
        let report = |(tier, client): &(Tier, Client)| {
            let limit = self.limits.of(*tier)?;
            let admitted = self.clients.with(*tier, *client, now, |known| known.take_unreported(limit, now));
            Some(Report { tier: *tier, client: *client, limit, admitted, asks: false })
        };
        let reports: Vec<_> = clients.iter().filter_map(report).collect();
        let Ok(counted) = shared::count(&self.cache, &reports).await else { return };
        let now = now_ms();
        for (Report { tier, client, limit, .. }, counted) in reports.into_iter().zip(counted) {
            self.clients.with(tier, client, now, |known| {
                // What was admitted here meanwhile is not in what Redis has counted.
                let current = counted.current.saturating_add(known.unreported);
                known.window = Window::counted(limit, now, current, counted.previous);
            });
        }
    }

    /// Counts and logs a refusal: once for each client and window.
    fn note(&self, tier: Tier, client: Client, decision: &Decision, known: &mut Known, now: Millis) {
        if decision.is_admitted {
            return;
        }
        self.refused.get_or_create(&OfTier { tier: tier.as_str() }).inc();
        let window_ms = u64::from(decision.limit.window_secs).saturating_mul(1_000);
        if known.logged.is_none_or(|at| now.saturating_sub(at) >= window_ms) {
            known.logged = Some(now);
            tracing::warn!(tier = tier.as_str(), %client, limit = %decision.limit, "too many requests");
        }
    }
}

/// Milliseconds since 1970: servers without Redis turn their windows at the same time.
#[must_use]
pub fn now_ms() -> Millis {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}
