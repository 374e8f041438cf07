use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{Consumer, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use tokio::time::timeout;

use super::{EffectsError, message_in, named};
use crate::event::Marks;
use crate::group::Cluster;
use crate::stack::Kafka;
use crate::verdict::Effect;

/// As in the topic of payments.
const ID_HEADER: &str = "message-id";

/// With more to read: far above what a healthy broker needs, even right after its start.
const SILENCE: Duration = Duration::from_secs(20);

/// A record is an effect of the payment that its header `message-id` names, else of the one in its
/// key, else in its value. Records of aborted or open transactions are none; nor is a tombstone,
/// which takes something away from whoever reads the topic.
pub struct TopicCounter {
    kafka: Kafka,
    cluster: Cluster,
    topic: String,
    marks: Marks,
}

/// Kafka's own bound on a topic's name is 249; the run's own name goes before this.
const LONGEST_SUFFIX: usize = 200;

/// What may follow the name of a run's topic; an error says what Kafka does not take.
pub(super) fn topic_suffix(name: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if (1..=LONGEST_SUFFIX).contains(&name.len()) && name.chars().all(legal) {
        Ok(name.to_owned())
    } else {
        Err(format!(
            "a topic's name is made of up to {LONGEST_SUFFIX} letters, digits, '.', '_' and '-'"
        ))
    }
}

impl TopicCounter {
    /// The topic need not be there yet; connects to nothing.
    pub fn new(kafka: &Kafka, topic: &str, marks: Marks) -> Result<Self, EffectsError> {
        Ok(Self {
            kafka: kafka.clone(),
            cluster: Cluster::new(&kafka.bootstrap, kafka.security.clone())?,
            topic: topic.to_owned(),
            marks,
        })
    }

    /// All that a `read_committed` consumer could have been shown at the call. What a producer was
    /// just told is committed may still be invisible: Kafka writes its markers after it answers.
    /// [`EffectsError::Missing`] while there is no such topic.
    pub async fn effects(&self) -> Result<Vec<Effect>, EffectsError> {
        let partitions = self.cluster.partitions(&self.topic).await?;
        let partitions = partitions.ok_or_else(|| EffectsError::Missing {
            what: format!("topic {}", self.topic),
            next: "check the name in --effects-topic",
        })?;
        let (starts, ends) = tokio::try_join!(
            self.cluster.start_offsets(&self.topic, &partitions),
            self.cluster.stable_offsets(&self.topic, &partitions),
        )?;
        let spans = ends.into_iter().filter_map(|(partition, end)| {
            let start = *starts.get(&partition)?;
            (start < end).then_some((partition, Span { next: start, end }))
        });
        self.read(spans.collect()).await
    }

    async fn read(&self, mut open: BTreeMap<i32, Span>) -> Result<Vec<Effect>, EffectsError> {
        let mut effects = Vec::new();
        if open.is_empty() {
            return Ok(effects);
        }
        let consumer = self.consumer(&open).map_err(|e| self.unreadable(e))?;
        let mut last = "nothing".to_owned();
        while !open.is_empty() {
            let Ok(received) = timeout(SILENCE, consumer.recv()).await else {
                return Err(self.silent(&open, last));
            };
            match received {
                Ok(record) => {
                    let (partition, offset) = (record.partition(), record.offset());
                    let Some(span) = open.get_mut(&partition) else {
                        continue;
                    };
                    if offset < span.end {
                        effects.extend(effect(&record, &self.marks));
                    }
                    span.next = offset + 1;
                    if span.next >= span.end {
                        open.remove(&partition);
                    }
                }
                // The client has come to the present stable offset, no less than before: what it
                // was not shown is aborted, or a transaction's marker.
                Err(KafkaError::PartitionEOF(partition)) => {
                    open.remove(&partition);
                }
                Err(e) if passes(&e) => last = e.to_string(),
                Err(e) => return Err(self.unreadable(e)),
            }
        }
        Ok(effects)
    }

    fn consumer(&self, open: &BTreeMap<i32, Span>) -> Result<StreamConsumer, KafkaError> {
        let consumer: StreamConsumer = self
            .kafka
            .client_config()
            // Never joined nor committed to: librdkafka assigns nothing without a name here.
            .set("group.id", "crashwindow-effects")
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            // Says where the stable end is, beyond which there may be records that are not shown.
            .set("enable.partition.eof", "true")
            // A compacted or truncated start is not an end: what is left is counted.
            .set("auto.offset.reset", "earliest")
            .create()?;
        let mut list = TopicPartitionList::new();
        for (partition, span) in open {
            list.add_partition_offset(&self.topic, *partition, Offset::Offset(span.next))?;
        }
        consumer.assign(&list)?;
        Ok(consumer)
    }

    fn unreadable(&self, source: KafkaError) -> EffectsError {
        EffectsError::Read {
            topic: self.topic.clone(),
            source,
        }
    }

    fn silent(&self, open: &BTreeMap<i32, Span>, last: String) -> EffectsError {
        let missing = open
            .iter()
            .map(|(partition, Span { next, end })| format!("[{partition}] at {next} of {end}"));
        EffectsError::Waited {
            after: SILENCE,
            topic: self.topic.clone(),
            missing: missing.collect::<Vec<_>>().join(", "),
            last,
        }
    }
}

struct Span {
    next: i64,
    /// The last stable offset when the count was asked for.
    end: i64,
}

/// The client tries again by itself.
fn passes(e: &KafkaError) -> bool {
    matches!(
        e.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::Resolve
        )
    )
}

fn effect(record: &BorrowedMessage<'_>, marks: &Marks) -> Option<Effect> {
    let value = String::from_utf8_lossy(record.payload()?);
    let key = String::from_utf8_lossy(record.key().unwrap_or_default());
    let by_header = record.headers().and_then(|headers| {
        let header = headers.iter().find(|header| header.key == ID_HEADER)?;
        let id = std::str::from_utf8(header.value?).ok()?;
        Some(named(marks, id))
    });
    Some(Effect {
        charge: format!(
            "{}[{}]@{}",
            record.topic(),
            record.partition(),
            record.offset()
        ),
        payment: by_header.or_else(|| message_in(marks, [&*key, &*value])),
    })
}
