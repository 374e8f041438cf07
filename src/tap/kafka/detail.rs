//! What the tap knows of a request to the broker beyond words.

#![allow(missing_docs, reason = "what has no comment is what its name says")]

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{EventOutcome, Place, Role};

/// What the tap knows of a request. Fields that only the broker's answer fills are empty at
/// [`Stage::Received`](crate::event::Stage::Received).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    Fetch(Vec<Delivery>),
    Produce(Vec<Production>),
    /// Positions are committed, by `OffsetCommit` or within a transaction by `TxnOffsetCommit`.
    Commit(Commit),
    Transaction(Transaction),
    Membership(Membership),
}

impl Detail {
    /// The positions that the request moves for good: an offset commit's own, and those of a
    /// transaction at its end, not before.
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

    /// Whether it moves a position past this record, for good.
    pub(in crate::tap) fn passes(&self, place: &Place) -> bool {
        self.acknowledges().iter().any(|p| {
            (&p.topic, p.partition) == (&place.topic, place.partition)
                && p.offset > place.offset
                && p.error.is_none()
        })
    }

    /// Where it hands this message over.
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

    /// What came of the request, once the broker has answered.
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

    /// The generation (classic) or the member's epoch (KIP-848) in which a member is: of one whose
    /// request was not refused, and none outside a group.
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

/// What came of a request of several parts: refused where every part is, and not certain where some
/// are, or where nobody says of one that it was `done`, as with `acks=0`.
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
    /// The topic's name; its id where no answer through this tap has named it.
    pub topic: String,
    pub partition: i32,
    pub records: Vec<DeliveredRecord>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredRecord {
    pub offset: i64,
    /// The message in its header `message-id`, else in its key or value.
    pub payment: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Production {
    /// The topic's name; its id where no answer through this tap has named it.
    pub topic: String,
    pub partition: i32,
    /// The messages of the records, in their order; a record without one has none here.
    pub payments: Vec<Option<String>>,
    /// The offset of the first record, once the broker has told it (never with `acks=0`).
    pub base_offset: Option<i64>,
    /// The broker's refusal: `NOT_LEADER_OR_FOLLOWER`.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    pub group: String,
    /// The member that commits; empty for a consumer that assigned its partitions itself.
    pub member_id: String,
    /// The static name of the member (KIP-345), if it has one.
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
    /// The next offset to be read.
    pub offset: i64,
    /// What the consumer noted with it.
    pub metadata: Option<String>,
    /// The message of the record before the position, if it was delivered through this tap.
    pub payment: Option<String>,
    /// The broker's refusal: `UNKNOWN_MEMBER_ID`, `ILLEGAL_GENERATION`.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transaction {
    /// The transaction's name; none for a producer that is only idempotent.
    pub transactional_id: Option<String>,
    /// The producer; -1 before it has been given an id.
    pub producer_id: i64,
    /// Counts up whenever the producer is fenced; -1 before the first.
    pub producer_epoch: i16,
    pub step: TransactionStep,
    /// The positions of groups that its end commits or gives up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<Position>,
    /// The broker's refusal: `PRODUCER_FENCED`, `INVALID_PRODUCER_EPOCH`.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransactionStep {
    /// `InitProducerId`: fences whoever has used the name before.
    Init,
    /// `AddPartitionsToTxn`.
    AddPartitions(Vec<TopicPartition>),
    /// `AddOffsetsToTxn`: a group whose positions the transaction will contain.
    AddOffsets(String),
    Commit,
    Abort,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TopicPartition {
    /// The topic's name; its id where no answer through this tap has named it.
    pub topic: String,
    pub partition: i32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub member: Member,
    /// What it subscribes to, where the request says so: topics, and with KIP-848 a pattern.
    #[serde(default)]
    pub topics: Vec<String>,
    /// What it is assigned, where the answer says so.
    pub partitions: Option<Vec<TopicPartition>>,
    /// The broker's refusal: `REBALANCE_IN_PROGRESS`, `FENCED_INSTANCE_ID`.
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub group: String,
    /// The id that the coordinator (classic) or the client (KIP-848) made.
    pub member_id: String,
    /// The static name (KIP-345), if it has one.
    pub group_instance_id: Option<String>,
    /// The generation (classic) or the member's epoch (KIP-848).
    pub generation: i32,
    pub protocol: Protocol,
}

/// How a group agrees on who reads what.
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
