use super::*;
use crate::event::Stage;
use crate::tap::kafka::{Commit, Position, Transaction, TransactionStep};
use crate::timeline::{Timeline, TimelineEvent};

fn answered(tap: Tap) -> BoundaryEvent {
    BoundaryEvent {
        tap,
        stage: Stage::Answered,
        source: Source {
            instance: "a".into(),
            incarnation: 1,
        },
        signature: String::new(),
        subjects: Vec::new(),
        outcome: String::new(),
        writes: true,
        role: Role::Request,
        result: None,
        detail: None,
    }
}

fn statement(tag: Option<&str>, sqlstate: Option<&str>) -> BoundaryEvent {
    let detail = postgres::Detail {
        tag: tag.map(Into::into),
        sqlstate: sqlstate.map(Into::into),
        ..postgres::Detail::default()
    };
    answered(Tap::Postgres).with_detail(Detail::Postgres(detail))
}

#[test]
fn who_is_refused_is_busy_and_changes_nothing() {
    let timeline = Timeline::in_memory();
    let seen = |event| {
        timeline.record(None, TimelineEvent::Boundary { event });
        (timeline.activity(), timeline.changes())
    };
    assert_eq!(seen(statement(None, Some("23505"))), (1, 0));
    assert_eq!(seen(statement(Some("INSERT 0 1"), None)), (2, 1));
    let partly = statement(Some("INSERT 0 1; COMMIT"), Some("23505"));
    assert_eq!(seen(partly), (3, 2));
    assert_eq!(seen(statement(Some("ROLLBACK"), None)), (4, 2));
    assert_eq!(seen(statement(None, None)), (5, 3), "nothing is known");
}

#[test]
fn a_request_was_in_vain_that_was_refused_or_answered_before() {
    let provider = |result| {
        let result = Some(result);
        let event = answered(Tap::Provider);
        BoundaryEvent { result, ..event }.was_in_vain()
    };
    assert!(provider(EventOutcome::failed(
        409,
        "idempotency_key_in_use"
    )));
    let effect = || Some("ch_1".to_owned());
    assert!(provider(EventOutcome::Replayed { effect: effect() }));
    assert!(!provider(EventOutcome::Executed { effect: effect() }));
    let may_be_executed = EventOutcome::failed(500, "api_error");
    assert!(!provider(may_be_executed));
}

#[test]
fn a_commit_was_in_vain_when_every_position_was_refused() {
    let commit = |errors: &[Option<&str>]| {
        let position = |error: &Option<&str>| Position {
            topic: "payments".into(),
            partition: 0,
            offset: 1,
            metadata: None,
            payment: None,
            error: error.map(Into::into),
        };
        let commit = Commit {
            group: "g".into(),
            member_id: "m".into(),
            group_instance_id: None,
            generation: 1,
            transactional_id: None,
            offsets: errors.iter().map(position).collect(),
        };
        let detail = Detail::Kafka(kafka::Detail::Commit(commit));
        answered(Tap::Kafka).with_detail(detail).was_in_vain()
    };
    assert!(commit(&[Some("ILLEGAL_GENERATION")]));
    assert!(!commit(&[Some("ILLEGAL_GENERATION"), None]));
    assert!(!commit(&[]));
    let ended = |step, error: Option<&str>| {
        let transaction = Transaction {
            transactional_id: None,
            producer_id: 1,
            producer_epoch: 0,
            step,
            positions: Vec::new(),
            error: error.map(Into::into),
        };
        let detail = Detail::Kafka(kafka::Detail::Transaction(transaction));
        answered(Tap::Kafka).with_detail(detail).was_in_vain()
    };
    assert!(
        ended(TransactionStep::Abort, None)
            && ended(TransactionStep::Commit, Some("PRODUCER_FENCED"))
    );
    assert!(!ended(TransactionStep::Commit, None));
    let sent = |error: Option<&str>, base_offset| {
        let production = kafka::Production {
            topic: "orders".into(),
            partition: 0,
            payments: Vec::new(),
            base_offset,
            error: error.map(Into::into),
        };
        let detail = Detail::Kafka(kafka::Detail::Produce(vec![production]));
        answered(Tap::Kafka).with_detail(detail).was_in_vain()
    };
    assert!(sent(Some("NOT_LEADER_OR_FOLLOWER"), None));
    assert!(!sent(None, Some(7)));
    assert!(!sent(None, None), "with acks=0 nobody says");
}
