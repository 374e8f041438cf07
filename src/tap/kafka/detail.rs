//! What the tap knows of a request to the broker beyond words.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{EventOutcome, Place, Role};

/// What only the answer tells is empty at [`Stage::Received`](crate::event::Stage::Received).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    Fetch(Vec<Delivery>),
    Produce(Vec<Production>),
    /// By `OffsetCommit`, or within a transaction by `TxnOffsetCommit`.
    Commit(Commit),
    Transaction(Transaction),
    Membership(Membership),
}

impl Detail {
    /// The positions that it moves for good: a transaction's at its end, not before.
    #[must_use]
    pub fn acknowledges(&self) -> &[Position] {
        match self {
            Self::Commit(commit) if commit.transactional_id.is_none() => &commit.offsets,
            Self::Transaction(transaction) if transaction.step == TransactionStep::Commit => {
                &transaction.positions
            }
            _ => &[],
        }
    }

    pub(in crate::tap) fn passes(&self, place: &Place) -> bool {
        self.acknowledges().iter().any(|p| {
            (&p.topic, p.partition) == (&place.topic, place.partition)
                && p.offset > place.offset
                && p.error.is_none()
        })
    }

    pub(in crate::tap) fn delivered_at(&self, message: &str) -> Option<Place> {
        let Self::Fetch(deliveries) = self else {
            return None;
        };
        deliveries.iter().find_map(|delivery| {
            let mut records = delivery.records.iter();
            let record = records.find(|r| r.payment.as_deref() == Some(message))?;
            Some(Place {
                topic: delivery.topic.clone(),
                partition: delivery.partition,
                offset: record.offset,
            })
        })
    }

    /// What is handed over or acknowledged is told by where it is, and a group is no message's.
    pub(in crate::tap) fn can_be_a_messages(&self) -> bool {
        match self {
            Self::Produce(_) | Self::Transaction(_) => true,
            Self::Fetch(_) | Self::Commit(_) | Self::Membership(_) => false,
        }
    }

    pub(in crate::tap) fn role(&self) -> Role {
        match self {
            Self::Fetch(_) => Role::Deliver,
            _ if !self.acknowledges().is_empty() => Role::Acknowledge,
            _ => Role::Request,
        }
    }

    pub(in crate::tap) fn result(&self) -> EventOutcome {
        match self {
            Self::Fetch(_) => EventOutcome::DONE,
            Self::Produce(sent) => each(sent, |p| p.error.as_deref(), |p| p.base_offset.is_some()),
            Self::Commit(commit) => each(&commit.offsets, |p| p.error.as_deref(), |_| true),
            Self::Transaction(transaction) => match &transaction.error {
                Some(code) => EventOutcome::Refused { code: code.clone() },
                None if transaction.step == TransactionStep::Abort => EventOutcome::RolledBack,
                None => EventOutcome::DONE,
            },
            Self::Membership(membership) => match &membership.error {
                Some(code) => EventOutcome::Refused { code: code.clone() },
                None => EventOutcome::DONE,
            },
        }
    }

    /// The generation (classic) or the member's epoch (KIP-848), where the request was not refused.
    #[must_use]
    pub fn generation(&self) -> Option<i32> {
        let generation = match self {
            Self::Commit(commit) if commit.offsets.iter().all(|p| p.error.is_none()) => {
                commit.generation
            }
            Self::Membership(membership) if membership.error.is_none() => {
                membership.member.generation
            }
            _ => return None,
        };
        (generation >= 0).then_some(generation)
    }
}

/// Not certain where only some parts are refused, or nobody says that one is `done` (`acks=0`).
fn each<T>(
    parts: &[T],
    error: impl Fn(&T) -> Option<&str>,
    done: impl Fn(&T) -> bool,
) -> EventOutcome {
    let refused: Vec<&str> = parts.iter().filter_map(&error).collect();
    let code = refused.first().copied().map(str::to_owned);
    match code {
        Some(code) if refused.len() == parts.len() => EventOutcome::Refused { code },
        Some(code) => EventOutcome::Uncertain { code },
        None if parts.iter().all(done) => EventOutcome::DONE,
        None => EventOutcome::Uncertain {
            code: "unacknowledged".to_owned(),
        },
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// An id where no answer through this tap has named it.
    pub topic: String,
    pub partition: i32,
    pub records: Vec<DeliveredRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredRecord {
    pub offset: i64,
    /// In the header `message-id`, else in the key or value.
    pub payment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Production {
    pub topic: String,
    pub partition: i32,
    pub payments: Vec<Option<String>>,
    /// Of the first record; never with `acks=0`.
    pub base_offset: Option<i64>,
    /// `NOT_LEADER_OR_FOLLOWER`.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    pub group: String,
    /// Empty for a consumer that assigned its partitions itself.
    pub member_id: String,
    /// Of a static member (KIP-345).
    pub group_instance_id: Option<String>,
    /// The generation (classic) or the member's epoch (KIP-848); -1 outside a group.
    pub generation: i32,
    pub transactional_id: Option<String>,
    pub offsets: Vec<Position>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub topic: String,
    pub partition: i32,
    /// The next to be read.
    pub offset: i64,
    pub metadata: Option<String>,
    /// Of the record before the position, if it was delivered through this tap.
    pub payment: Option<String>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// None for a producer that is only idempotent.
    pub transactional_id: Option<String>,
    /// -1 before it has been given an id.
    pub producer_id: i64,
    /// Counts up whenever the producer is fenced; -1 before the first.
    pub producer_epoch: i16,
    pub step: TransactionStep,
    /// Of groups, committed or given up by its end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<Position>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionStep {
    /// `InitProducerId`: fences whoever has used the name before.
    Init,
    AddPartitions(Vec<TopicPartition>),
    /// A group.
    AddOffsets(String),
    Commit,
    Abort,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TopicPartition {
    pub topic: String,
    pub partition: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub member: Member,
    /// Where the request says so: topics, and with KIP-848 a pattern.
    #[serde(default)]
    pub topics: Vec<String>,
    pub partitions: Option<Vec<TopicPartition>>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub group: String,
    /// Made by the coordinator (classic) or the client (KIP-848).
    pub member_id: String,
    pub group_instance_id: Option<String>,
    pub generation: i32,
    pub protocol: Protocol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// JoinGroup and SyncGroup: a member leads.
    Classic,
    /// KIP-848: the broker assigns.
    Consumer,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(transaction: Option<&str>) -> Detail {
        Detail::Commit(Commit {
            group: "g".into(),
            member_id: "m".into(),
            group_instance_id: None,
            generation: 1,
            transactional_id: transaction.map(str::to_owned),
            offsets: vec![position()],
        })
    }

    fn position() -> Position {
        Position {
            topic: "payments".into(),
            partition: 0,
            offset: 8,
            metadata: None,
            payment: None,
            error: None,
        }
    }

    fn end(step: TransactionStep, positions: Vec<Position>) -> Detail {
        Detail::Transaction(Transaction {
            transactional_id: Some("tx".into()),
            producer_id: 1,
            producer_epoch: 0,
            step,
            positions,
            error: None,
        })
    }

    #[test]
    fn what_hands_records_over_delivers_and_what_moves_a_position_for_good_acknowledges() {
        assert_eq!(Detail::Fetch(Vec::new()).role(), Role::Deliver);
        assert_eq!(commit(None).role(), Role::Acknowledge);
        assert_eq!(
            commit(Some("tx")).role(),
            Role::Request,
            "not before its end"
        );
        let with_positions = || vec![position()];
        assert_eq!(
            end(TransactionStep::Commit, with_positions()).role(),
            Role::Acknowledge
        );
        assert_eq!(
            end(TransactionStep::Commit, Vec::new()).role(),
            Role::Request
        );
        assert_eq!(
            end(TransactionStep::Abort, with_positions()).role(),
            Role::Request
        );
        assert_eq!(Detail::Produce(Vec::new()).role(), Role::Request);
    }
}
