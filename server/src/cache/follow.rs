//! Following the log of changes, and what other servers tell.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use super::change::{self, Follower};
use super::redis::Listener;
use super::{Inner, Invalidation, LogError};

/// How often the log of changes is read.
const FOLLOW_INTERVAL: Duration = Duration::from_millis(500);

impl Inner {
    /// Reads the log once, and forgets what has changed. What the server that made the change could not remove from Redis,
    /// this one removes.
    pub(super) async fn follow_once(&self, follower: &mut Follower) -> Result<(), LogError> {
        loop {
            let began = Instant::now();
            let news = follower.read(began).await?;
            if news.lost {
                self.local.forget_all();
                if let Some(store) = self.shared.store() {
                    store.distrust("what has changed is not known");
                }
            }
            for change in &news.changes {
                if self.delivered().remove(&change.id) {
                    continue;
                }
                // Here last, as when this server changes something itself.
                if change.invalidation.len() > 0
                    && let Some(store) = self.shared.store()
                {
                    store.remove(&change.invalidation).await;
                }
                self.forget(&change.invalidation);
            }
            self.delivered().retain(|id| *id > news.complete);
            if let Some(store) = self.shared.store() {
                store.advance(&news.log, news.complete).await;
            }
            self.source.position.send_if_modified(|position| {
                let new = Some((news.log.clone(), news.complete));
                let is_new = *position != new;
                *position = new;
                is_new
            });
            if news.changes.len() < usize::try_from(change::BATCH).unwrap_or(usize::MAX) {
                self.source.verified(began);
                return Ok(());
            }
        }
    }
}

/// Follows the log until the cache is dropped.
pub(super) async fn follow(inner: Weak<Inner>, mut follower: Follower) {
    let mut ticks = tokio::time::interval(FOLLOW_INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(inner) = inner.upgrade() else { return };
        let result = inner.follow_once(&mut follower).await;
        let is_down = result.is_err();
        inner.metrics.source_up.set(i64::from(!is_down));
        let was_down = inner.source.down.swap(is_down, Ordering::SeqCst);
        match result {
            Err(error) if !was_down => {
                tracing::warn!(%error, "the database cannot be asked: cached values are served as stale");
            }
            Ok(()) if was_down => tracing::info!("the database answers again"),
            _ => {}
        }
    }
}

/// Takes what the second tier hears, for as long as the cache is there.
pub(super) struct Ears(Weak<Inner>);

impl Ears {
    pub(super) fn new(inner: &Arc<Inner>) -> Self {
        Self(Arc::downgrade(inner))
    }
}

impl Listener for Ears {
    fn told(&self, invalidation: &Invalidation, change: Option<i64>) {
        let Some(inner) = self.0.upgrade() else { return };
        inner.metrics.told.inc();
        inner.forget(invalidation);
        if let Some(id) = change {
            inner.delivered().insert(id);
        }
        tracing::debug!(?invalidation, "another server has changed something");
    }

    fn touched(&self, key: Option<&str>) {
        let Some(inner) = self.0.upgrade() else { return };
        match key {
            Some(key) => inner.local.touch_key(key),
            None => inner.local.touch_all(),
        }
    }

    fn views_removed(&self, keys: Vec<String>) {
        let Some(inner) = self.0.upgrade() else { return };
        inner.views_removed().extend(keys);
    }
}
