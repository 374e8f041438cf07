//! OffsetCommit and TxnOffsetCommit: where a group goes on after a crash.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::{
    OffsetCommitRequest, OffsetCommitResponse, TopicName, TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::Shared;
use super::connection::Closed;
use super::detail::{Commit, Detail, Position};
use super::names::error_name;
use super::reader::Malformed;
use super::shape::decode;
use super::state::State;
use super::tracker::{ApiTracker, EventReport, TrackedAnswer, encode};

const UNAVAILABLE: i16 = ResponseError::CoordinatorNotAvailable.code();

/// The two requests differ in the names of their types, and in when the positions count.
macro_rules! commit {
    (
        $name:ident, $request:ty, $response:ty, $topic:ty, $partition:ty,
        generation: $generation:ident,
        transaction: $transaction:expr,
        counts: $counts:expr $(,)?
    ) => {
        pub(super) struct $name {
            version: i16,
            commit: Commit,
            subjects: Vec<String>,
        }

        impl $name {
            pub(super) fn read(
                version: i16,
                body: &Bytes,
                state: &State,
            ) -> Result<Self, Malformed> {
                let request: $request = decode(body, version)?;
                let transactional_id = $transaction(&request);
                let offsets = request.topics.into_iter().flat_map(|topic| {
                    let partitions = topic.partitions.into_iter();
                    partitions.map(move |partition| Position {
                        topic: topic.name.to_string(),
                        partition: partition.partition_index,
                        offset: partition.committed_offset,
                        metadata: partition.committed_metadata.map(|m| m.to_string()),
                        payment: None,
                        error: None,
                    })
                });
                let mut commit = Commit {
                    group: request.group_id.to_string(),
                    member_id: request.member_id.to_string(),
                    group_instance_id: request.group_instance_id.map(|id| id.to_string()),
                    generation: request.$generation,
                    transactional_id,
                    offsets: offsets.collect(),
                };
                let subjects = identify(&mut commit, state);
                Ok(Self {
                    version,
                    commit,
                    subjects,
                })
            }

            fn report(&self, outcome: String) -> EventReport {
                EventReport {
                    signature: stringify!($name).to_owned(),
                    subjects: self.subjects.clone(),
                    outcome,
                    writes: true,
                    detail: Detail::Commit(self.commit.clone()),
                }
            }
        }

        impl ApiTracker for $name {
            fn received(&self) -> Option<EventReport> {
                Some(self.report(String::new()))
            }

            fn answered(
                &mut self,
                body: &Bytes,
                shared: &Arc<Shared>,
            ) -> Result<TrackedAnswer, Closed> {
                let response: $response = decode(body, self.version)?;
                for topic in response.topics {
                    for partition in topic.partitions {
                        let (index, code) = (partition.partition_index, partition.error_code);
                        settle(&mut self.commit, &topic.name, index, code);
                    }
                }
                $counts(&shared.state, &self.commit)?;
                put_out(&self.commit, &shared.state);
                Ok(TrackedAnswer {
                    report: Some(self.report(outcome(&self.commit.offsets))),
                    rewritten: None,
                })
            }

            fn refusal(&self) -> Result<Bytes, Malformed> {
                let topics = by_topic(&self.commit.offsets);
                let topics = topics.into_iter().map(|(topic, partitions)| {
                    let partitions = partitions.into_iter().map(|partition| {
                        <$partition>::default()
                            .with_partition_index(partition)
                            .with_error_code(UNAVAILABLE)
                    });
                    <$topic>::default()
                        .with_name(topic_name(topic))
                        .with_partitions(partitions.collect())
                });
                let response = <$response>::default().with_topics(topics.collect());
                encode(&response, self.version)
            }
        }
    };
}

commit!(
    OffsetCommit,
    OffsetCommitRequest,
    OffsetCommitResponse,
    OffsetCommitResponseTopic,
    OffsetCommitResponsePartition,
    generation: generation_id_or_member_epoch,
    transaction: |_: &OffsetCommitRequest| None,
    counts: |state: &State, commit: &Commit| -> Result<(), Closed> {
        state.commit(&commit.offsets);
        Ok(())
    },
);

commit!(
    TxnOffsetCommit,
    TxnOffsetCommitRequest,
    TxnOffsetCommitResponse,
    TxnOffsetCommitResponseTopic,
    TxnOffsetCommitResponsePartition,
    generation: generation_id,
    transaction: |request: &TxnOffsetCommitRequest| Some(request.transactional_id.to_string()),
    counts: |state: &State, commit: &Commit| -> Result<(), Closed> {
        // Only the end of the transaction makes them count.
        match &commit.transactional_id {
            Some(transaction) => Ok(state.pend(transaction, &commit.offsets)?),
            None => Ok(()),
        }
    },
);

fn identify(commit: &mut Commit, state: &State) -> Vec<String> {
    for position in &mut commit.offsets {
        let (topic, partition) = (&position.topic, position.partition);
        position.payment = state.message_before(topic, partition, position.offset);
    }
    state.passed_by(&commit.offsets)
}

fn settle(commit: &mut Commit, topic: &TopicName, partition: i32, error_code: i16) {
    let position = commit
        .offsets
        .iter_mut()
        .find(|position| position.topic == topic.as_str() && position.partition == partition);
    if let Some(position) = position {
        position.error = error_name(error_code);
    }
}

/// A member whose commit is refused because nobody knows it is no longer one.
fn put_out(commit: &Commit, state: &State) {
    let unknown = ["UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID"];
    let refused = |p: &Position| p.error.as_deref().is_some_and(|e| unknown.contains(&e));
    if commit.offsets.iter().any(refused) {
        state.left(&commit.group, &commit.member_id);
    }
}

fn outcome(offsets: &[Position]) -> String {
    let result = |position: &Position| match &position.error {
        Some(error) => error.clone(),
        None => format!("offset {}", position.offset),
    };
    if let [only] = offsets {
        return result(only);
    }
    let first = offsets.first().and_then(|position| position.error.as_ref());
    if let Some(error) = first.filter(|e| offsets.iter().all(|p| p.error.as_ref() == Some(e))) {
        return error.clone();
    }
    let each = offsets
        .iter()
        .map(|p| format!("partition {} {}", p.partition, result(p)));
    each.collect::<Vec<_>>().join(", ")
}

fn by_topic(offsets: &[Position]) -> Vec<(&str, Vec<i32>)> {
    let mut topics: Vec<(&str, Vec<i32>)> = Vec::new();
    for position in offsets {
        match topics
            .iter_mut()
            .find(|(topic, _)| *topic == position.topic)
        {
            Some((_, partitions)) => partitions.push(position.partition),
            None => topics.push((&position.topic, vec![position.partition])),
        }
    }
    topics
}

fn topic_name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}
