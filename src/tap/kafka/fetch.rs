//! Fetch: which records a consumer is handed.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
use kafka_protocol::messages::{FetchRequest, FetchResponse};

use super::Shared;
use super::connection::Closed;
use super::detail::{DeliveredRecord, Delivery, Detail};
use super::reader::Malformed;
use super::records::{self, Aborted};
use super::shape::decode;
use super::tracker::{ApiTracker, EventReport, FetchPositions, TrackedAnswer, each_once, encode};
use crate::event::Marks;

const UNAVAILABLE: i16 = ResponseError::NotLeaderOrFollower.code();

pub(super) struct Fetch {
    version: i16,
    positions: Arc<FetchPositions>,
    /// Without its records: a refusal in the answer's form.
    refused: FetchResponse,
}

impl Fetch {
    pub(super) fn read(
        version: i16,
        body: &Bytes,
        positions: &mut Arc<FetchPositions>,
    ) -> Result<Self, Malformed> {
        let request: FetchRequest = decode(body, version)?;
        let session = Arc::make_mut(positions);
        // 0 opens a session, -1 does without one: both name every partition (KIP-227).
        if request.session_epoch <= 0 {
            session.clear();
        }
        for topic in request.forgotten_topics_data {
            for partition in topic.partitions {
                session.remove(&(topic.topic.clone(), topic.topic_id.as_u128(), partition));
            }
        }
        for topic in request.topics {
            for partition in topic.partitions {
                let id = topic.topic_id.as_u128();
                let key = (topic.topic.clone(), id, partition.partition);
                session.insert(key, partition.fetch_offset);
            }
        }
        Ok(Self {
            version,
            positions: Arc::clone(positions),
            refused: FetchResponse::default(),
        })
    }

    fn delivery(
        &self,
        topic: &FetchableTopicResponse,
        partition: &PartitionData,
        name: &str,
        marks: &Marks,
    ) -> Option<Delivery> {
        let batches = partition
            .records
            .as_ref()
            .filter(|records| !records.is_empty())?;
        let index = partition.partition_index;
        let key = (topic.topic.clone(), topic.topic_id.as_u128(), index);
        // The broker sends whole batches: what lies before the position is for nobody.
        let position = self.positions.get(&key).copied().unwrap_or(0);
        let aborted = partition
            .aborted_transactions
            .iter()
            .flatten()
            .map(|transaction| Aborted {
                producer_id: transaction.producer_id.0,
                first_offset: transaction.first_offset,
            });
        match records::delivered(batches, position, aborted.collect(), marks) {
            Ok(records) if records.is_empty() => None,
            Ok(records) => {
                let records = records.into_iter().map(|record| DeliveredRecord {
                    offset: record.offset,
                    payment: record.marks.into_iter().next(),
                });
                let topic = name.to_owned();
                Some(Delivery {
                    topic,
                    partition: index,
                    records: records.collect(),
                })
            }
            Err(error) => {
                let topic = name;
                tracing::warn!(topic, index, %error, "the Kafka tap cannot read what is fetched");
                None
            }
        }
    }
}

impl ApiTracker for Fetch {
    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let mut response: FetchResponse = decode(body, self.version)?;
        let mut deliveries = Vec::new();
        for topic in &response.responses {
            let name = shared.state.topic(&topic.topic, topic.topic_id.as_u128());
            let of_topic = topic.partitions.iter();
            deliveries
                .extend(of_topic.filter_map(|p| self.delivery(topic, p, &name, &shared.marks)));
        }
        for delivery in &deliveries {
            shared.state.deliver(delivery);
            for record in &delivery.records {
                if let Some(message) = &record.payment {
                    let (topic, partition) = (&delivery.topic, delivery.partition);
                    shared.marks.place(topic, partition, record.offset, message);
                }
            }
        }
        let rewritten = if response.node_endpoints.is_empty() {
            None
        } else {
            for node in &mut response.node_endpoints {
                shared.rewrite(node.node_id.0, &mut node.host, &mut node.port)?;
            }
            Some(encode(&response, self.version)?)
        };
        for partition in response
            .responses
            .iter_mut()
            .flat_map(|topic| &mut topic.partitions)
        {
            partition.error_code = UNAVAILABLE;
            partition.records = Some(Bytes::new());
        }
        self.refused = response;
        Ok(TrackedAnswer {
            report: report(deliveries),
            rewritten,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        encode(&self.refused, self.version)
    }
}

/// A long poll that came back empty is no event.
fn report(deliveries: Vec<Delivery>) -> Option<EventReport> {
    if deliveries.is_empty() {
        return None;
    }
    let each = deliveries
        .iter()
        .map(|delivery| match delivery.records.as_slice() {
            [first, .., last] => {
                let (from, to) = (first.offset, last.offset);
                format!("partition {} offsets {from} to {to}", delivery.partition)
            }
            one => {
                let offsets: String = one.iter().map(|record| record.offset.to_string()).collect();
                format!("partition {} offset {offsets}", delivery.partition)
            }
        });
    let outcome = each.collect::<Vec<_>>().join(", ");
    let records = deliveries.iter().flat_map(|delivery| &delivery.records);
    Some(EventReport {
        signature: "Fetch".to_owned(),
        subjects: each_once(records.filter_map(|record| record.payment.as_deref())),
        outcome,
        writes: false,
        detail: Detail::Fetch(deliveries),
    })
}
