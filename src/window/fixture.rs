//! A consumer's events, as tests name them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::recording::events_of;
use super::{Follower, Recorded};
use crate::event::{Role, Source, Stage, Tap};
use crate::tap::postgres::Transaction;
use crate::tap::{BoundaryEvent, Detail, kafka, postgres};

pub(super) const PAYMENT: &str = "msg-0002";
const TOPIC: &str = "payments";

pub(super) fn event(stage: Stage, signature: &str, message: &str) -> BoundaryEvent {
    BoundaryEvent {
        tap: Tap::Postgres,
        stage,
        source: Source {
            instance: "a".into(),
            incarnation: 1,
        },
        signature: signature.into(),
        subjects: vec![message.into()],
        outcome: String::new(),
        writes: !signature.starts_with("SELECT"),
        role: Role::Request,
        result: None,
        detail: None,
    }
}

/// A statement on the consumer's one connection; its subject is told only where it is `marked`.
pub(super) fn statement(stage: Stage, text: &str, marked: bool, open: bool) -> BoundaryEvent {
    let detail = postgres::Detail {
        transaction: Some(if open {
            Transaction::Open
        } else {
            Transaction::Idle
        }),
        backend_pid: Some(1),
        is_data: !["BEGIN", "COMMIT", "ROLLBACK"].contains(&text),
        ..postgres::Detail::default()
    };
    let event = event(stage, text, PAYMENT).with_detail(Detail::Postgres(detail));
    let subjects = if marked { event.subjects } else { Vec::new() };
    BoundaryEvent { subjects, ..event }
}

/// A commit past the message, which a timer sends whenever it does.
pub(super) fn commit(stage: Stage) -> BoundaryEvent {
    let position = kafka::Position {
        topic: TOPIC.into(),
        partition: 0,
        offset: 8,
        metadata: None,
        payment: Some(PAYMENT.into()),
        error: None,
    };
    let commit = kafka::Commit {
        group: "g".into(),
        member_id: "m".into(),
        group_instance_id: None,
        generation: 1,
        transactional_id: None,
        offsets: vec![position],
    };
    let event = BoundaryEvent {
        tap: Tap::Kafka,
        ..event(stage, "kafka OffsetCommit", PAYMENT)
    };
    event.with_detail(Detail::Kafka(kafka::Detail::Commit(commit)))
}

pub(super) fn delivery() -> BoundaryEvent {
    let record = kafka::DeliveredRecord {
        offset: 7,
        payment: Some(PAYMENT.into()),
    };
    let delivery = kafka::Delivery {
        topic: TOPIC.into(),
        partition: 0,
        records: vec![record],
    };
    let event = BoundaryEvent {
        tap: Tap::Kafka,
        writes: false,
        ..event(Stage::Answered, "kafka Fetch", PAYMENT)
    };
    event.with_detail(Detail::Kafka(kafka::Detail::Fetch(vec![delivery])))
}

pub(super) fn alone() -> Follower {
    Follower::new(PAYMENT).alone(Arc::new(BTreeSet::from(["SELECT poll".to_owned()])))
}

pub(super) fn recorded(events: &[BoundaryEvent], follower: Follower) -> Vec<Recorded> {
    events_of(PAYMENT, &events.iter().collect::<Vec<_>>(), follower)
}
