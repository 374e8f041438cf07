use super::*;
use crate::event::{EventOutcome, Role, Tap};
use crate::tap::kafka::{
    Commit, DeliveredRecord, Position, Transaction as KafkaTransaction, TransactionStep,
};
use crate::tap::postgres::{self, Transaction};
use crate::timeline::Timeline;

const TOPIC: &str = "payments";

fn event(tap: Tap, stage: Stage, signature: &str, payment: Option<&str>) -> BoundaryEvent {
    BoundaryEvent {
        tap,
        stage,
        source: Source {
            instance: "a".into(),
            incarnation: 1,
        },
        signature: signature.into(),
        subjects: payment.map(str::to_owned).into_iter().collect(),
        outcome: String::new(),
        writes: true,
        role: Role::Request,
        result: None,
        detail: None,
    }
}

fn position(topic: &str, error: Option<&str>) -> Position {
    Position {
        topic: topic.into(),
        partition: 0,
        offset: 7,
        metadata: None,
        payment: None,
        error: error.map(str::to_owned),
    }
}

fn commit(group: &str, position: Position) -> BoundaryEvent {
    let commit = Commit {
        group: group.into(),
        member_id: "m".into(),
        group_instance_id: None,
        generation: 1,
        transactional_id: None,
        offsets: vec![position],
    };
    event(Tap::Kafka, Stage::Answered, "kafka OffsetCommit", None)
        .with_detail(Detail::Kafka(KafkaDetail::Commit(commit)))
}

/// A statement on connection 1, with the state of its transaction.
fn statement(
    stage: Stage,
    text: &str,
    payment: Option<&str>,
    (tag, transaction): (&str, Transaction),
) -> BoundaryEvent {
    let detail = postgres::Detail {
        tag: (stage == Stage::Answered).then(|| tag.to_owned()),
        rows: None,
        sqlstate: None,
        transaction: Some(transaction),
        backend_pid: Some(1),
        is_data: true,
        parameters: Vec::new(),
    };
    BoundaryEvent {
        writes: text != "BEGIN",
        ..event(Tap::Postgres, stage, text, payment).with_detail(Detail::Postgres(detail))
    }
}

/// A request and its answer.
fn both(
    text: &str,
    payment: Option<&str>,
    tag: &str,
    [before, after]: [Transaction; 2],
) -> [BoundaryEvent; 2] {
    [
        statement(Stage::Received, text, payment, (tag, before)),
        statement(Stage::Answered, text, payment, (tag, after)),
    ]
}

fn facts(events: Vec<BoundaryEvent>) -> Option<Vec<LogEvent>> {
    let timeline = Timeline::in_memory();
    for event in events {
        timeline.record(None, TimelineEvent::Boundary { event });
    }
    let facts = of(&timeline.entries(), TOPIC)?;
    Some(facts.into_iter().map(|fact| fact.event).collect())
}

/// For whom something was done, in order; `*` stands for whom nobody knows.
fn done(events: Vec<BoundaryEvent>) -> Vec<String> {
    let facts = facts(events).expect("one group");
    let done = facts.into_iter().filter_map(|event| match event {
        LogEvent::Done { payments, .. } if payments.is_empty() => Some("*".to_owned()),
        LogEvent::Done { payments, .. } => Some(payments.join(" ")),
        _ => None,
    });
    done.collect()
}

const NOTHING: [&str; 0] = [];
const P: Option<&str> = Some("msg-0001");
use Transaction::{Failed, Idle, Open};

#[test]
fn the_log_is_what_is_fetched_and_committed_of_the_topic() {
    let records = vec![DeliveredRecord {
        offset: 5,
        payment: None,
    }];
    let of_topic = |topic: &str| Delivery {
        topic: topic.into(),
        partition: 1,
        records: records.clone(),
    };
    let fetched = KafkaDetail::Fetch(vec![of_topic("another"), of_topic(TOPIC)]);
    let fetched =
        event(Tap::Kafka, Stage::Answered, "kafka Fetch", P).with_detail(Detail::Kafka(fetched));
    let ended = |error: Option<&str>| {
        let ended = KafkaTransaction {
            transactional_id: Some("t".into()),
            producer_id: 1,
            producer_epoch: 0,
            step: TransactionStep::Commit,
            positions: vec![position(TOPIC, None)],
            error: error.map(str::to_owned),
        };
        event(Tap::Kafka, Stage::Answered, "kafka EndTxn commit", P)
            .with_detail(Detail::Kafka(KafkaDetail::Transaction(ended)))
    };
    let asked = BoundaryEvent {
        stage: Stage::Received,
        ..commit("g", position(TOPIC, None))
    };
    let seen = facts(vec![
        fetched,
        asked,
        commit("g", position(TOPIC, Some("ILLEGAL_GENERATION"))),
        commit("g", position("another", None)),
        commit("g", position(TOPIC, None)),
        ended(Some("PRODUCER_FENCED")),
        ended(None),
    ]);
    let committed = |by_transaction| LogEvent::Committed {
        positions: vec![(0, 7)],
        by_transaction,
    };
    let delivered = LogEvent::Delivered {
        places: vec![(1, 5)],
    };
    assert_eq!(
        seen,
        Some(vec![delivered, committed(false), committed(true)])
    );
}

#[test]
fn of_a_topic_that_several_groups_read_nothing_is_known() {
    let seen = vec![
        commit("g", position(TOPIC, None)),
        commit("audit", position(TOPIC, None)),
    ];
    assert_eq!(facts(seen), None);
    let elsewhere = vec![
        commit("g", position(TOPIC, None)),
        commit("audit", position("another", None)),
    ];
    assert!(facts(elsewhere).is_some());
}

#[test]
fn what_a_transaction_writes_is_done_when_it_is_committed() {
    let written = [
        both("BEGIN", None, "BEGIN", [Idle, Open]),
        both("INSERT", P, "INSERT 0 1", [Open, Open]),
    ]
    .concat();
    assert_eq!(done(written.clone()), NOTHING);
    let ends = |tag| both("COMMIT", P, tag, [Open, Idle]).to_vec();
    let committed = [written.clone(), ends("COMMIT")].concat();
    assert_eq!(done(committed), ["msg-0001"]);
    let failed = both("COMMIT", P, "ROLLBACK", [Failed, Idle]).to_vec();
    assert_eq!(done([written, failed].concat()), NOTHING);
    let empty = [
        both("BEGIN", None, "BEGIN", [Idle, Open]).to_vec(),
        ends("COMMIT"),
    ];
    assert_eq!(done(empty.concat()), NOTHING);
}

#[test]
fn what_is_written_outside_a_transaction_is_done_at_once() {
    assert_eq!(
        done(both("INSERT", P, "INSERT 0 1", [Idle, Idle]).into()),
        ["msg-0001"]
    );
    assert_eq!(
        done(both("INSERT", None, "INSERT 0 1", [Idle, Idle]).into()),
        ["*"]
    );
    let mut in_vain = both("INSERT", P, "INSERT 0 0", [Idle, Idle]);
    let Some(Detail::Postgres(statement)) = &mut in_vain[1].detail else {
        panic!("{in_vain:?}");
    };
    statement.rows = Some(0);
    assert_eq!(done(in_vain.into()), NOTHING);
}

#[test]
fn what_is_never_answered_may_have_been_done() {
    let asked = |text, payment, transaction| {
        vec![statement(Stage::Received, text, payment, ("", transaction))]
    };
    assert_eq!(done(asked("INSERT", P, Idle)), ["msg-0001"]);
    assert_eq!(
        done(asked("INSERT", P, Open)),
        NOTHING,
        "it was not committed"
    );
    let written = both("INSERT", P, "INSERT 0 1", [Open, Open]).to_vec();
    let commit = asked("COMMIT", P, Open);
    assert_eq!(done([written, commit].concat()), ["msg-0001"]);
}

#[test]
fn the_provider_tells_of_all_that_it_executes() {
    let charge = |stage| event(Tap::Provider, stage, "POST /v1/charges", P);
    assert_eq!(done(vec![charge(Stage::Received)]), NOTHING);
    let executed = BoundaryEvent {
        result: Some(EventOutcome::Executed {
            effect: Some("ch_1".into()),
        }),
        ..charge(Stage::Executed)
    };
    let seen = facts(vec![charge(Stage::Received), executed]).expect("no group at all");
    let [
        LogEvent::Asked { payments },
        LogEvent::Done { is_effect, .. },
    ] = seen.as_slice()
    else {
        panic!("{seen:?}");
    };
    assert_eq!(
        (payments.as_slice(), is_effect),
        (&["msg-0001".to_owned()][..], &true)
    );
}
