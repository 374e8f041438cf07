//! Produce: what an instance tells others by records.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

use super::Shared;
use super::connection::Closed;
use super::detail::{Detail, Production};
use super::names::error_name;
use super::reader::Malformed;
use super::records;
use super::shape::decode;
use super::tracker::{ApiTracker, EventReport, TrackedAnswer, each_once, encode};
use crate::event::Marks;

const UNAVAILABLE: i16 = ResponseError::NotLeaderOrFollower.code();

pub(super) struct Produce {
    version: i16,
    acks: i16,
    /// The topics as the request names them, for an answer in its form.
    refused: Vec<TopicProduceResponse>,
    productions: Vec<Production>,
    subjects: Vec<String>,
}

impl Produce {
    pub(super) fn read(version: i16, body: &Bytes, shared: &Shared) -> Result<Self, Malformed> {
        let request: ProduceRequest = decode(body, version)?;
        let (mut refused, mut productions) = (Vec::new(), Vec::new());
        let mut subjects = Vec::new();
        for topic in request.topic_data {
            let name = shared.state.topic(&topic.name, topic.topic_id.as_u128());
            let mut partitions = Vec::new();
            for partition in topic.partition_data {
                let records = partition.records.unwrap_or_default();
                let marks = marks(&records, &name, &shared.marks);
                subjects.extend(marks.iter().flatten().cloned());
                productions.push(Production {
                    topic: name.clone(),
                    partition: partition.index,
                    payments: marks.into_iter().map(|m| m.into_iter().next()).collect(),
                    base_offset: None,
                    error: None,
                });
                let refusal = PartitionProduceResponse::default().with_index(partition.index);
                // -1: no record got an offset.
                partitions.push(refusal.with_error_code(UNAVAILABLE).with_base_offset(-1));
            }
            let refusal = TopicProduceResponse::default().with_name(topic.name);
            let refusal = refusal.with_topic_id(topic.topic_id);
            refused.push(refusal.with_partition_responses(partitions));
        }
        Ok(Self {
            version,
            acks: request.acks,
            refused,
            productions,
            subjects: each_once(subjects.iter().map(String::as_str)),
        })
    }

    fn report(&self, outcome: String) -> EventReport {
        let mut topics: Vec<&str> = self.productions.iter().map(|p| p.topic.as_str()).collect();
        topics.dedup();
        EventReport {
            signature: format!("Produce {}", topics.join(",")),
            subjects: self.subjects.clone(),
            outcome,
            writes: true,
            detail: Detail::Produce(self.productions.clone()),
        }
    }
}

impl ApiTracker for Produce {
    fn received(&self) -> Option<EventReport> {
        Some(self.report(String::new()))
    }

    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        if !self.expects_answer() {
            let report = Some(self.report("unacknowledged".to_owned()));
            return Ok(TrackedAnswer {
                report,
                rewritten: None,
            });
        }
        let mut response: ProduceResponse = decode(body, self.version)?;
        for topic in &response.responses {
            let name = shared.state.topic(&topic.name, topic.topic_id.as_u128());
            for partition in &topic.partition_responses {
                let of = |p: &&mut Production| p.topic == name && p.partition == partition.index;
                let Some(production) = self.productions.iter_mut().find(of) else {
                    continue;
                };
                production.error = error_name(partition.error_code);
                production.base_offset =
                    (partition.error_code == 0).then_some(partition.base_offset);
            }
        }
        let results = self
            .productions
            .iter()
            .map(|p| match (&p.error, p.base_offset) {
                (Some(error), _) => error.clone(),
                (None, Some(offset)) => format!("offset {offset}"),
                (None, None) => "no result".to_owned(),
            });
        let report = Some(self.report(results.collect::<Vec<_>>().join(", ")));
        if response.node_endpoints.is_empty() {
            return Ok(TrackedAnswer {
                report,
                rewritten: None,
            });
        }
        for node in &mut response.node_endpoints {
            shared.rewrite(node.node_id.0, &mut node.host, &mut node.port)?;
        }
        Ok(TrackedAnswer {
            report,
            rewritten: Some(encode(&response, self.version)?),
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        let response = ProduceResponse::default().with_responses(self.refused.clone());
        encode(&response, self.version)
    }

    fn expects_answer(&self) -> bool {
        self.acks != 0
    }
}

/// Records that cannot be read are the broker's to refuse, not the tap's.
fn marks(batches: &[u8], topic: &str, marks: &Marks) -> Vec<Vec<String>> {
    match records::produced(batches, marks) {
        Ok(records) => records.into_iter().map(|record| record.marks).collect(),
        Err(error) => {
            tracing::warn!(topic, %error, "the Kafka tap cannot read what is produced");
            Vec::new()
        }
    }
}
