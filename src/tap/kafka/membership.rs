//! What the requests of members have in common, whichever protocol they speak.

use super::detail::{Detail, Member, Membership, TopicPartition};
use super::names::error_name;
use super::reader::{Malformed, Reader};
use super::state::State;
use super::tracker::EventReport;

/// No membership request counts as a write: it moves partitions, and what comes of that others
/// write.
pub(super) fn report(
    api: &str,
    member: &Member,
    partitions: Option<Vec<TopicPartition>>,
    error_code: i16,
    outcome: String,
) -> EventReport {
    let error = error_name(error_code);
    EventReport {
        signature: api.to_owned(),
        subjects: Vec::new(),
        outcome: error.clone().unwrap_or(outcome),
        writes: false,
        detail: Detail::Membership(Membership {
            member: member.clone(),
            topics: Vec::new(),
            partitions,
            error,
        }),
    }
}

impl EventReport {
    pub(super) fn subscribing(mut self, to: &[String]) -> Self {
        if let Detail::Membership(membership) = &mut self.detail {
            membership.topics = to.to_vec();
        }
        self
    }
}

/// ConsumerProtocolSubscription, sent with JoinGroup: a version, then what all versions begin with.
pub(super) fn subscription(bytes: &[u8]) -> Result<Vec<String>, Malformed> {
    let mut reader = Reader::new(bytes);
    reader.take(2)?;
    let mut topics = Vec::new();
    for _ in 0..reader.count(false)?.unwrap_or(0) {
        topics.extend(reader.string(false)?.map(str::to_owned));
    }
    Ok(topics)
}

pub(super) fn assigned(member: &Member, partitions: &[TopicPartition]) -> String {
    let generation = format!("generation {}", member.generation);
    let Some(first) = partitions.first() else {
        return format!("{generation}, no partition");
    };
    let one_topic = partitions.iter().all(|p| p.topic == first.topic);
    let names = partitions.iter().map(|p| match one_topic {
        true => p.partition.to_string(),
        false => p.to_string(),
    });
    let names = names.collect::<Vec<_>>().join(" ");
    let noun = if partitions.len() == 1 {
        "partition"
    } else {
        "partitions"
    };
    format!("{generation}, {noun} {names}")
}

/// UNKNOWN_MEMBER_ID, FENCED_INSTANCE_ID or FENCED_MEMBER_EPOCH.
pub(super) fn check_fenced(state: &State, member: &Member, error_code: i16) {
    if [25, 82, 110].contains(&error_code) {
        state.left(&member.group, &member.member_id);
    }
}
