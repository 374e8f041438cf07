//! Groups in which the broker assigns (KIP-848): ConsumerGroupHeartbeat.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, TopicName,
};

use super::Shared;
use super::connection::Closed;
use super::detail::{Member, Protocol, TopicPartition};
use super::membership::{assigned, check_fenced, report};
use super::reader::Malformed;
use super::shape::decode;
use super::tracker::{ApiTracker, EventReport, TrackedAnswer, encode};

const API: &str = "ConsumerGroupHeartbeat";
const UNAVAILABLE: i16 = ResponseError::CoordinatorNotAvailable.code();

pub(super) struct ConsumerGroupHeartbeat {
    version: i16,
    member: Member,
    topics: Vec<String>,
}

impl ConsumerGroupHeartbeat {
    pub(super) fn read(version: i16, body: &Bytes) -> Result<Self, Malformed> {
        let request: ConsumerGroupHeartbeatRequest = decode(body, version)?;
        let names = request.subscribed_topic_names.unwrap_or_default();
        let names = names.into_iter().map(|name| name.to_string());
        let pattern = request
            .subscribed_topic_regex
            .map(|regex| regex.to_string());
        let topics = names.chain(pattern).collect();
        let member = Member {
            group: request.group_id.to_string(),
            member_id: request.member_id.to_string(),
            group_instance_id: request.instance_id.map(|id| id.to_string()),
            generation: request.member_epoch,
            protocol: Protocol::Consumer,
        };
        Ok(Self {
            version,
            member,
            topics,
        })
    }

    /// An epoch of -1 leaves for good, -2 leaves for a static member's restart.
    fn leaves(&self) -> bool {
        self.member.generation < 0
    }
}

/// An event at its arrival where it joins or leaves; at its answer also where the epoch, the
/// assignment or the error changes.
impl ApiTracker for ConsumerGroupHeartbeat {
    fn received(&self) -> Option<EventReport> {
        let joins_or_leaves = self.member.generation <= 0;
        joins_or_leaves
            .then(|| report(API, &self.member, None, 0, String::new()).subscribing(&self.topics))
    }

    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: ConsumerGroupHeartbeatResponse = decode(body, self.version)?;
        let state = &shared.state;
        let code = response.error_code;
        // In version 0 the broker made the id.
        if let Some(id) = response.member_id.filter(|_| code == 0) {
            self.member.member_id = id.to_string();
        }
        let Member {
            group, member_id, ..
        } = &self.member;
        let known = state.member(group, member_id);
        let instance = known
            .as_ref()
            .and_then(|known| known.group_instance_id.clone());
        self.member.group_instance_id = self.member.group_instance_id.take().or(instance);
        let Member {
            group, member_id, ..
        } = &self.member;
        let news = state.heartbeat(group, member_id, code)?;
        check_fenced(state, &self.member, code);
        if self.leaves() {
            if code == 0 {
                state.left(group, member_id);
            }
            let left = report(API, &self.member, None, code, "left".to_owned());
            return Ok(TrackedAnswer {
                report: Some(left),
                rewritten: None,
            });
        }

        let joins = self.member.generation == 0;
        if code == 0 {
            self.member.generation = response.member_epoch;
            state.joined(&self.member);
        }
        let moved = known.is_none_or(|known| known.generation != self.member.generation);
        let partitions = response.assignment.map(|assignment| {
            let partitions = assignment.topic_partitions.into_iter().flat_map(|topic| {
                let name = state.topic(&TopicName::default(), topic.topic_id.as_u128());
                let all = topic.partitions.into_iter();
                all.map(move |partition| TopicPartition {
                    topic: name.clone(),
                    partition,
                })
            });
            let mut partitions: Vec<_> = partitions.collect();
            partitions.sort();
            partitions
        });
        if !(joins || news || (code == 0 && moved) || partitions.is_some()) {
            return Ok(TrackedAnswer::default());
        }
        let outcome = match &partitions {
            Some(partitions) => assigned(&self.member, partitions),
            None => format!("generation {}", self.member.generation),
        };
        let report = report(API, &self.member, partitions, code, outcome);
        Ok(TrackedAnswer {
            report: Some(report),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        let response = ConsumerGroupHeartbeatResponse::default().with_error_code(UNAVAILABLE);
        encode(&response, self.version)
    }
}
