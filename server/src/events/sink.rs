//! Where events go.

use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use super::Event;
use crate::db::Repository;

/// Why events were not taken.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct SinkError(pub String);

/// Takes events.
#[async_trait]
pub trait EventSink: Send + Sync {
    /// Takes events, all or, if it fails, perhaps some: they are offered again, here or elsewhere, with the same ids.
    ///
    /// # Errors
    /// [`SinkError`].
    async fn publish(&self, events: &[Event]) -> Result<(), SinkError>;
}

/// The database itself.
pub(super) struct DatabaseSink(Arc<dyn Repository>);

impl DatabaseSink {
    pub(super) fn new(db: Arc<dyn Repository>) -> Self {
        Self(db)
    }
}

#[async_trait]
impl EventSink for DatabaseSink {
    async fn publish(&self, events: &[Event]) -> Result<(), SinkError> {
        let rows: Vec<_> = events.iter().map(|event| (None, event.clone())).collect();
        self.0.add_events(&rows).await.map_err(|error| SinkError(error.to_string()))
    }
}
