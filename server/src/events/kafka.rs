//! The sink of those who have Kafka, compiled in with the feature `kafka`: the topic `qr.events`, events as JSON under their
//! code's id. What happens to a code stands in one partition, as long as their number stays the same, and in order as far as it
//! happened on one server. An event may stand there twice, under one id: when an answer of Kafka was lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::try_join_all;
use rskafka::chrono::{DateTime, Utc};
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::record::Record;
use sha2::{Digest as _, Sha256};

use super::{Event, EventSink, SinkError};

/// The topic. Whoever runs Kafka makes it, with as many partitions and copies as they want.
const TOPIC: &str = "qr.events";

/// How long Kafka may take for a batch, and to be reached: the client by itself would try for ever.
const PATIENCE: Duration = Duration::from_secs(2);

/// For how long Kafka is left alone after it has failed. Events go to the database meanwhile, without waiting first.
const PAUSE: Duration = Duration::from_secs(5);

/// Hands events to Kafka.
pub struct KafkaSink {
    brokers: Vec<String>,
    state: Mutex<State>,
}

enum State {
    /// The partitions are to be looked up.
    Unknown,
    /// They are known.
    Known(Topic),
    /// Kafka did not take events, since then.
    Failed(Instant),
}

type Topic = Arc<[PartitionClient]>;

impl KafkaSink {
    /// With these brokers to begin with, each a host and a port. They are not asked yet.
    #[must_use]
    pub fn new(brokers: Vec<String>) -> Self {
        Self { brokers, state: Mutex::new(State::Unknown) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Whoever panicked while it held the lock has left a whole state.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn topic(&self) -> Result<Topic, SinkError> {
        if let State::Known(topic) = &*self.state() {
            return Ok(Arc::clone(topic));
        }
        let client = ClientBuilder::new(self.brokers.clone()).client_id("sealcard").build().await.map_err(failed)?;
        let topics = client.list_topics().await.map_err(failed)?;
        let topic = topics.into_iter().find(|topic| topic.name == TOPIC && !topic.partitions.is_empty());
        let topic = topic.ok_or_else(|| SinkError(format!("Kafka has no topic {TOPIC} with partitions: make it")))?;
        let partition = |number| client.partition_client(TOPIC, number, UnknownTopicHandling::Error);
        Ok(try_join_all(topic.partitions.into_iter().map(partition)).await.map_err(failed)?.into())
    }

    async fn produce(&self, events: &[Event]) -> Result<Topic, SinkError> {
        let topic = self.topic().await?;
        let mut records: Vec<Vec<Record>> = topic.iter().map(|_| Vec::new()).collect();
        for event in events {
            let records = partition_of(&event.qr_id, topic.len()).and_then(|number| records.get_mut(number));
            records.ok_or_else(|| failed("no partition"))?.push(record(event)?);
        }
        let produce =
            topic.iter().zip(records).map(|(client, records)| client.produce(records, Compression::NoCompression));
        try_join_all(produce).await.map_err(failed)?;
        Ok(topic)
    }
}

/// The same on every server.
fn partition_of(qr_id: &str, partitions: usize) -> Option<usize> {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(qr_id.as_bytes()));
    usize::try_from(u32::from_be_bytes([a, b, c, d])).ok()?.checked_rem(partitions)
}

fn record(event: &Event) -> Result<Record, SinkError> {
    Ok(Record {
        key: Some(event.qr_id.clone().into_bytes()),
        value: Some(serde_json::to_vec(event).map_err(failed)?),
        headers: [("type".to_owned(), event.r#type.clone().into_bytes())].into(),
        timestamp: DateTime::parse_from_rfc3339(&event.at).map_or(DateTime::UNIX_EPOCH, |at| at.with_timezone(&Utc)),
    })
}

fn failed(error: impl ToString) -> SinkError {
    SinkError(error.to_string())
}

#[async_trait]
impl EventSink for KafkaSink {
    async fn publish(&self, events: &[Event]) -> Result<(), SinkError> {
        if matches!(*self.state(), State::Failed(since) if since.elapsed() < PAUSE) {
            return Err(failed("Kafka has failed a moment ago"));
        }
        let produced = tokio::time::timeout(PATIENCE, self.produce(events)).await;
        let produced = produced.unwrap_or_else(|_| Err(failed("Kafka does not answer")));
        let (state, result) = match produced {
            Ok(topic) => (State::Known(topic), Ok(())),
            Err(error) => (State::Failed(Instant::now()), Err(error)),
        };
        *self.state() = state;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_one_partition() {
        assert_eq!(partition_of("qr_1", 0), None);
        assert_eq!(partition_of("qr_1", 1), Some(0));
        // Other servers, of other versions too, must come to the same.
        let numbers: Vec<_> = (0..8).map(|id| partition_of(&format!("qr_{id}"), 3).unwrap()).collect();
        assert_eq!(numbers, [0, 1, 1, 2, 1, 0, 0, 2]);
        assert!((0..3).all(|number| numbers.contains(&number)));
    }
}
