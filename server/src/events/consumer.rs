//! Writes events from the stream into the database: each server its share, each event once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::stream::{Entry, RedisStream};
use super::{BATCH, Metrics};
use crate::cache::EntryError;
use crate::db::{DbError, Repository};

/// The pause when nothing is new.
const PAUSE: Duration = Duration::from_millis(200);

/// The pause after a failure.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// How often shares are looked for that other servers did not finish.
const TAKE_OVER: Duration = Duration::from_secs(10);

pub(super) struct Consumer {
    stream: RedisStream,
    db: Arc<dyn Repository>,
    metrics: Metrics,
}

impl Consumer {
    pub(super) fn new(stream: RedisStream, db: Arc<dyn Repository>, metrics: Metrics) -> Self {
        Self { stream, db, metrics }
    }

    pub(super) async fn run(&self) {
        let mut looked = Instant::now();
        loop {
            let take_over = looked.elapsed() >= TAKE_OVER;
            let pause = match self.step(take_over).await {
                Ok(count) if count >= BATCH => continue,
                Ok(_) if take_over => {
                    looked = Instant::now();
                    continue;
                }
                Ok(_) => PAUSE,
                Err(error) => {
                    tracing::debug!(error, "events are not taken from Redis just now");
                    PAUSE_AFTER_FAILURE
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Deals with some entries. Returns how many.
    async fn step(&self, take_over: bool) -> Result<usize, String> {
        // What cannot be written is not taken: it would have to be taken over again.
        if !self.stream.database_is_up() {
            return Ok(0);
        }
        let taken = if take_over { self.stream.take_over(BATCH).await } else { self.stream.take(BATCH).await };
        let entries = match taken {
            Err(EntryError::Refused(error)) if error.contains("NOGROUP") => {
                // A new Redis, or one that was emptied.
                self.stream.begin().await.map_err(|error| error.to_string())?;
                return Ok(0);
            }
            taken => taken.map_err(|error| error.to_string())?,
        };
        if entries.is_empty() {
            return Ok(0);
        }
        let dead = self.write(&entries).await.map_err(|error| error.to_string())?;
        self.metrics.count("persisted", entries.len().saturating_sub(dead.len()));
        if !dead.is_empty() {
            self.stream.bury(&dead).await.map_err(|error| error.to_string())?;
            self.metrics.count("dead", dead.len());
            tracing::warn!(count = dead.len(), "entries of the stream that cannot be kept were put aside");
        }
        self.stream.finish(&entries).await.map_err(|error| error.to_string())?;
        Ok(entries.len())
    }

    /// Writes the events among some entries. Returns what is none, or none that the database takes, and why.
    async fn write<'a>(&self, entries: &'a [Entry]) -> Result<Vec<(&'a Entry, String)>, DbError> {
        let (mut events, mut dead) = (Vec::new(), Vec::new());
        for entry in entries {
            match &entry.event {
                Ok(event) => events.push((entry, (Some(entry.id.clone()), event.clone()))),
                Err(error) => dead.push((entry, error.clone())),
            }
        }
        let rows: Vec<_> = events.iter().map(|(_, row)| row.clone()).collect();
        match self.db.add_events(&rows).await {
            Ok(()) => return Ok(dead),
            // What is not written now is taken over later, by whoever is there.
            Err(error @ DbError::Unavailable(_)) => return Err(error),
            Err(_) => {}
        }
        // One of them keeps out the others.
        for (entry, row) in events {
            match self.db.add_events(std::slice::from_ref(&row)).await {
                Ok(()) => {}
                Err(error @ DbError::Unavailable(_)) => return Err(error),
                Err(error) => dead.push((entry, error.to_string())),
            }
        }
        Ok(dead)
    }
}
