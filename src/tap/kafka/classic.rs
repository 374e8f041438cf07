//! Classic groups: JoinGroup, SyncGroup, Heartbeat and LeaveGroup.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    ConsumerProtocolAssignment, HeartbeatRequest, HeartbeatResponse, JoinGroupRequest,
    JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse,
};

use super::Shared;
use super::connection::Closed;
use super::detail::{Member, Protocol, TopicPartition};
use super::membership::{assigned, check_fenced, report, subscription};
use super::reader::Malformed;
use super::shape::decode;
use super::tracker::{ApiTracker, EventReport, TrackedAnswer, encode};

const UNAVAILABLE: i16 = ResponseError::CoordinatorNotAvailable.code();
/// Kafka Connect has another protocol type, with its own assignments.
const CONSUMER: &str = "consumer";

pub(super) struct JoinGroup {
    version: i16,
    member: Member,
    topics: Vec<String>,
}

pub(super) struct SyncGroup {
    version: i16,
    member: Member,
    protocol_type: Option<String>,
}

pub(super) struct Heartbeat {
    version: i16,
    member: Member,
}

pub(super) struct LeaveGroup {
    version: i16,
    member: Member,
}

fn member(group: &str, member_id: &str, instance: Option<&str>, generation: i32) -> Member {
    Member {
        group: group.to_owned(),
        member_id: member_id.to_owned(),
        group_instance_id: instance.map(str::to_owned),
        generation,
        protocol: Protocol::Classic,
    }
}

impl JoinGroup {
    pub(super) fn read(version: i16, body: &Bytes) -> Result<Self, Malformed> {
        let request: JoinGroupRequest = decode(body, version)?;
        let instance = request.group_instance_id.as_deref();
        // Several assignors, with one subscription; a wrong one is the coordinator's to refuse.
        let offered = (request.protocol_type.as_str() == CONSUMER)
            .then(|| request.protocols.first())
            .flatten();
        let topics = offered.and_then(|protocol| subscription(&protocol.metadata).ok());
        let topics = topics.unwrap_or_default();
        Ok(Self {
            version,
            member: member(&request.group_id, &request.member_id, instance, -1),
            topics,
        })
    }
}

impl ApiTracker for JoinGroup {
    fn received(&self) -> Option<EventReport> {
        let report = report("JoinGroup", &self.member, None, 0, String::new());
        Some(report.subscribing(&self.topics))
    }

    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: JoinGroupResponse = decode(body, self.version)?;
        check_fenced(&shared.state, &self.member, response.error_code);
        if response.error_code == 0 {
            self.member.member_id = response.member_id.to_string();
            self.member.generation = response.generation_id;
            shared.state.joined(&self.member);
        }
        let outcome = format!("generation {}", response.generation_id);
        let report = report(
            "JoinGroup",
            &self.member,
            None,
            response.error_code,
            outcome,
        );
        Ok(TrackedAnswer {
            report: Some(report),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        encode(
            &JoinGroupResponse::default().with_error_code(UNAVAILABLE),
            self.version,
        )
    }
}

impl SyncGroup {
    pub(super) fn read(version: i16, body: &Bytes) -> Result<Self, Malformed> {
        let request: SyncGroupRequest = decode(body, version)?;
        let instance = request.group_instance_id.as_deref();
        let generation = request.generation_id;
        let member = member(&request.group_id, &request.member_id, instance, generation);
        let protocol_type = request.protocol_type.map(|name| name.to_string());
        Ok(Self {
            version,
            member,
            protocol_type,
        })
    }
}

impl ApiTracker for SyncGroup {
    fn received(&self) -> Option<EventReport> {
        Some(report("SyncGroup", &self.member, None, 0, String::new()))
    }

    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: SyncGroupResponse = decode(body, self.version)?;
        check_fenced(&shared.state, &self.member, response.error_code);
        // Clients before version 5 do not say; most groups are of consumers.
        let consumer = self.protocol_type.as_deref().unwrap_or(CONSUMER) == CONSUMER;
        let partitions = (response.error_code == 0 && consumer)
            .then(|| assignment(&response.assignment))
            .transpose();
        let partitions = partitions.unwrap_or_else(|error| {
            let group = &self.member.group;
            tracing::warn!(group, %error, "the Kafka tap cannot read an assignment");
            None
        });
        let outcome = match &partitions {
            Some(partitions) => assigned(&self.member, partitions),
            None => format!("generation {}", self.member.generation),
        };
        let code = response.error_code;
        let report = report("SyncGroup", &self.member, partitions, code, outcome);
        Ok(TrackedAnswer {
            report: Some(report),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        encode(
            &SyncGroupResponse::default().with_error_code(UNAVAILABLE),
            self.version,
        )
    }
}

/// A version in front, then what all versions have in common. No bytes: no partitions.
fn assignment(bytes: &Bytes) -> Result<Vec<TopicPartition>, Malformed> {
    let Some((_version, body)) = bytes.split_at_checked(2) else {
        return Ok(Vec::new());
    };
    let assignment: ConsumerProtocolAssignment = decode(&bytes.slice_ref(body), 0)?;
    let partitions = assignment
        .assigned_partitions
        .into_iter()
        .flat_map(|topic| {
            let name = topic.topic.to_string();
            let all = topic.partitions.into_iter();
            all.map(move |partition| TopicPartition {
                topic: name.clone(),
                partition,
            })
        });
    let mut partitions: Vec<_> = partitions.collect();
    partitions.sort();
    Ok(partitions)
}

impl Heartbeat {
    pub(super) fn read(version: i16, body: &Bytes) -> Result<Self, Malformed> {
        let request: HeartbeatRequest = decode(body, version)?;
        let instance = request.group_instance_id.as_deref();
        let generation = request.generation_id;
        let member = member(&request.group_id, &request.member_id, instance, generation);
        Ok(Self { version, member })
    }
}

/// Background: an event only where the answer is another than the last.
impl ApiTracker for Heartbeat {
    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: HeartbeatResponse = decode(body, self.version)?;
        let code = response.error_code;
        let Member {
            group, member_id, ..
        } = &self.member;
        let changed = shared.state.heartbeat(group, member_id, code)?;
        check_fenced(&shared.state, &self.member, code);
        let said = || {
            report(
                "Heartbeat",
                &self.member,
                None,
                code,
                "in the group".to_owned(),
            )
        };
        Ok(TrackedAnswer {
            report: changed.then(said),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        encode(
            &HeartbeatResponse::default().with_error_code(UNAVAILABLE),
            self.version,
        )
    }
}

impl LeaveGroup {
    pub(super) fn read(version: i16, body: &Bytes) -> Result<Self, Malformed> {
        let request: LeaveGroupRequest = decode(body, version)?;
        // Consumers leave one by one; only tools name several.
        let first = request.members.first();
        let id = first.map_or(&request.member_id, |member| &member.member_id);
        let instance = first.and_then(|member| member.group_instance_id.as_deref());
        Ok(Self {
            version,
            member: member(&request.group_id, id, instance, -1),
        })
    }
}

impl ApiTracker for LeaveGroup {
    fn received(&self) -> Option<EventReport> {
        Some(report("LeaveGroup", &self.member, None, 0, String::new()))
    }

    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: LeaveGroupResponse = decode(body, self.version)?;
        let of_member = response
            .members
            .first()
            .map_or(0, |member| member.error_code);
        let code = if response.error_code == 0 {
            of_member
        } else {
            response.error_code
        };
        check_fenced(&shared.state, &self.member, code);
        let Member {
            group, member_id, ..
        } = &self.member;
        if let Some(known) = shared.state.member(group, member_id) {
            self.member = known;
        }
        if code == 0 {
            shared
                .state
                .left(&self.member.group, &self.member.member_id);
        }
        let report = report("LeaveGroup", &self.member, None, code, "left".to_owned());
        Ok(TrackedAnswer {
            report: Some(report),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        encode(
            &LeaveGroupResponse::default().with_error_code(UNAVAILABLE),
            self.version,
        )
    }
}
