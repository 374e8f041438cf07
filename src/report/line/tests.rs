use serde_json::json;

use super::*;
use crate::event::{EventOutcome, Role, Source, Stage, Tap};
use crate::tap::{BoundaryEvent, Detail, kafka, postgres};
use crate::timeline::TimelineEvent;

const PAYMENT: &str = "msg-0001";

fn source(instance: &str) -> Source {
    Source {
        instance: instance.into(),
        incarnation: 1,
    }
}

fn event(tap: Tap, stage: Stage, result: Option<EventOutcome>) -> BoundaryEvent {
    BoundaryEvent {
        tap,
        stage,
        source: source("a"),
        signature: "SIGNATURE".into(),
        subjects: vec![PAYMENT.into()],
        outcome: "words".into(),
        writes: true,
        role: Role::Request,
        result,
        detail: None,
    }
}

fn answered(tap: Tap, result: EventOutcome) -> TimelineEvent {
    let event = event(tap, Stage::Answered, Some(result));
    TimelineEvent::Boundary { event }
}

fn knowing(tap: Tap, detail: Detail) -> TimelineEvent {
    let event = event(tap, Stage::Answered, None).with_detail(detail);
    TimelineEvent::Boundary { event }
}

fn sent(tap: Tap) -> TimelineEvent {
    let event = event(tap, Stage::Received, None);
    TimelineEvent::Boundary { event }
}

fn delivered() -> TimelineEvent {
    let detail = Detail::Kafka(kafka::Detail::Fetch(Vec::new()));
    knowing(Tap::Kafka, detail)
}

fn committed(errors: &[Option<&str>], transaction: Option<&str>) -> TimelineEvent {
    let position = |error: &Option<&str>| kafka::Position {
        topic: "payments".into(),
        partition: 0,
        offset: 8,
        metadata: None,
        payment: None,
        error: error.map(str::to_owned),
    };
    let commit = kafka::Commit {
        group: "g".into(),
        member_id: "m".into(),
        group_instance_id: None,
        generation: 1,
        transactional_id: transaction.map(str::to_owned),
        offsets: errors.iter().map(position).collect(),
    };
    knowing(Tap::Kafka, Detail::Kafka(kafka::Detail::Commit(commit)))
}

fn statement(tag: Option<&str>, sqlstate: Option<&str>) -> TimelineEvent {
    let detail = postgres::Detail {
        tag: tag.map(Into::into),
        sqlstate: sqlstate.map(Into::into),
        ..postgres::Detail::default()
    };
    knowing(Tap::Postgres, Detail::Postgres(detail))
}

fn told(happened: impl IntoIterator<Item = TimelineEvent>) -> Vec<Line> {
    let entry = |(at, what): (usize, TimelineEvent)| Entry {
        at_ms: at as f64,
        payment: Some(PAYMENT.into()),
        what,
    };
    let entries: Vec<Entry> = happened.into_iter().enumerate().map(entry).collect();
    lines(&entries, PAYMENT)
}

fn kind(what: TimelineEvent) -> Kind {
    told([what]).remove(0).kind
}

fn answer(party: Tap, result: Option<EventOutcome>) -> Kind {
    Kind::Answer { party, result }
}

const TAPS: [Tap; 4] = [Tap::Provider, Tap::Sink, Tap::Postgres, Tap::Kafka];

#[test]
fn a_request_goes_to_the_party_of_its_tap() {
    for party in TAPS {
        let event = "SIGNATURE".to_owned();
        assert_eq!(kind(sent(party)), Kind::Request { party, event });
        assert!(!kind(sent(party)).is_towards());
    }
}

#[test]
fn an_answer_comes_from_the_party_of_its_tap_with_its_outcome() {
    let code = || "code".to_owned();
    for result in [
        EventOutcome::DONE,
        EventOutcome::Executed {
            effect: Some("ch_1".into()),
        },
        EventOutcome::Found { effect: None },
        EventOutcome::Replayed {
            effect: Some("ch_1".into()),
        },
        EventOutcome::Refused { code: code() },
        EventOutcome::Uncertain { code: code() },
        EventOutcome::Gone { code: code() },
    ] {
        for party in [Tap::Provider, Tap::Sink] {
            let drawn = kind(answered(party, result.clone()));
            assert_eq!(drawn, answer(party, Some(result.clone())));
            assert_eq!(drawn.effect(), result.effect());
            assert!(drawn.is_towards());
        }
    }
}

#[test]
fn whatever_postgres_answers_is_an_answer() {
    let code = || "23505".to_owned();
    for (tag, sqlstate, result) in [
        (Some("SELECT 0"), None, Some(EventOutcome::DONE)),
        (Some("INSERT 0 1"), None, Some(EventOutcome::DONE)),
        (Some("UPDATE 1"), None, Some(EventOutcome::DONE)),
        (Some("DELETE 1"), None, Some(EventOutcome::DONE)),
        (Some("MERGE 1"), None, Some(EventOutcome::DONE)),
        (Some("COMMIT"), None, Some(EventOutcome::DONE)),
        (Some("ROLLBACK"), None, Some(EventOutcome::RolledBack)),
        (
            None,
            Some("23505"),
            Some(EventOutcome::Refused { code: code() }),
        ),
        (
            Some("COMMIT"),
            Some("23505"),
            Some(EventOutcome::Uncertain { code: code() }),
        ),
        (None, None, None),
    ] {
        let drawn = kind(statement(tag, sqlstate));
        assert_eq!(drawn, answer(Tap::Postgres, result), "{tag:?} {sqlstate:?}");
    }
}

#[test]
fn a_delivery_comes_from_kafka_and_a_position_goes_there() {
    let moved = |towards| Kind::Move {
        party: Tap::Kafka,
        towards,
    };
    assert_eq!(kind(delivered()), moved(true));
    assert_eq!(kind(committed(&[None], None)), moved(false));
    assert_eq!(kind(committed(&[None], Some("tx"))), moved(false));
    let taken_over = TimelineEvent::Moved {
        partition: 3,
        to: "b".into(),
        committed: None,
    };
    assert_eq!(kind(taken_over), moved(true));
    let given = TimelineEvent::Rebalanced {
        partition: 3,
        partitions: [("a".into(), vec![0, 2]), ("b".into(), vec![1, 3])].into(),
    };
    let clause = given.clause().expect("it is told");
    let told = "was given partition 3 when the group gave all out anew";
    assert_eq!((clause.who.as_str(), clause.what.as_str()), ("b", told));
    assert_eq!(kind(given), moved(true));
    let republished = TimelineEvent::Republished {
        partition: 3,
        offset: 9,
    };
    assert_eq!(kind(republished), moved(false));
}

#[test]
fn a_commit_that_was_refused_is_an_answer() {
    let code = || "ILLEGAL_GENERATION".to_owned();
    let refused = Some("ILLEGAL_GENERATION");
    assert_eq!(
        kind(committed(&[refused], None)),
        answer(Tap::Kafka, Some(EventOutcome::Refused { code: code() }))
    );
    assert_eq!(
        kind(committed(&[None, refused], None)),
        answer(Tap::Kafka, Some(EventOutcome::Uncertain { code: code() }))
    );
}

#[test]
fn what_is_done_to_an_instance_is_a_mark() {
    let a = || source("a");
    let b = || "b".to_owned();
    for (what, mark) in [
        (struck(), Mark::Struck),
        (TimelineEvent::Killed { source: a() }, Mark::Dead),
        (TimelineEvent::Terminated { source: a() }, Mark::Terminated),
        (TimelineEvent::Frozen { source: a() }, Mark::Frozen),
        (TimelineEvent::Thawed { source: a() }, Mark::Thawed),
        (
            TimelineEvent::Evicted {
                source: a(),
                member: "m".into(),
            },
            Mark::Evicted,
        ),
        (
            TimelineEvent::Fenced {
                successor: b(),
                holder: a(),
            },
            Mark::Lock,
        ),
        (
            TimelineEvent::Blocked {
                successor: b(),
                holder: a(),
                payment: PAYMENT.into(),
            },
            Mark::Lock,
        ),
        (
            TimelineEvent::AwaitsTransaction {
                successor: b(),
                holder: a(),
            },
            Mark::Lock,
        ),
        (
            TimelineEvent::Stalled {
                successor: b(),
                seconds: 10.0,
            },
            Mark::Dot,
        ),
        (
            TimelineEvent::Unacknowledged {
                source: a(),
                seconds: 10.0,
            },
            Mark::Dot,
        ),
        (TimelineEvent::Waited { hours: 25 }, Mark::Dot),
        (TimelineEvent::StrikeFailed { reason: b() }, Mark::Dot),
        (TimelineEvent::Tuned { what: b() }, Mark::Dot),
    ] {
        assert_eq!(kind(what.clone()), Kind::of(mark), "{what:?}");
    }
}

fn struck() -> TimelineEvent {
    TimelineEvent::Struck {
        fault: "kill".into(),
        window: "before X".into(),
        source: source("a"),
        partition: 0,
        offset: 7,
    }
}

/// From 1, if the strike is the first of these lines.
fn window(rest: Vec<TimelineEvent>) -> Option<usize> {
    let lines = told([vec![struck()], rest].concat());
    assert!(lines[1..].iter().all(|l| l.window_ends.is_none()));
    lines[0].window_ends
}

#[test]
fn a_window_is_open_from_the_strike_to_where_the_instance_goes_on_or_is_gone() {
    let a = || source("a");
    let killed = || TimelineEvent::Killed { source: a() };
    let thawed = || TimelineEvent::Thawed { source: a() };
    let ended = || TimelineEvent::Terminated { source: a() };
    let answer = || answered(Tap::Postgres, EventOutcome::DONE);
    let beside = || TimelineEvent::Frozen {
        source: source("b"),
    };
    assert_eq!(window(vec![killed(), delivered()]), Some(2));
    assert_eq!(window(vec![answer(), ended(), delivered()]), Some(3));
    assert_eq!(window(vec![beside(), thawed(), answer()]), Some(3));
    assert_eq!(window(vec![answer(), sent(Tap::Kafka)]), Some(2), "it asks");
    assert_eq!(window(vec![answer(), delivered()]), Some(2), "it is given");
    assert_eq!(window(vec![answer(), beside()]), Some(3), "until all ends");
    assert_eq!(window(Vec::new()), Some(1));
}

#[test]
fn a_line_reads_back_as_it_was_written() {
    let all = told([
        sent(Tap::Provider),
        statement(None, Some("23505")),
        delivered(),
        struck(),
        TimelineEvent::Killed {
            source: source("a"),
        },
    ]);
    let text = serde_json::to_string(&all).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Line>>(&text).unwrap(), all);
    let stored = serde_json::to_value(&all).unwrap();
    assert_eq!(
        stored[1],
        json!({
            "at_ms": 1.0, "who": "a", "what": "was answered words", "kind": "answer",
            "party": "postgres", "result": { "came": "refused", "code": "23505" },
        })
    );
    assert_eq!(stored[3]["window_ends"], 5);
}

#[test]
fn of_an_older_report_only_the_words_are_known_and_a_kind_that_is_none_is_refused() {
    let mut line = json!({ "at_ms": 1.0, "who": "a", "what": "was frozen" });
    let old: Line = serde_json::from_value(line.clone()).unwrap();
    assert_eq!((old.kind, old.window_ends), (Kind::of(Mark::Dot), None));
    line["kind"] = json!("meteor");
    assert!(serde_json::from_value::<Line>(line).is_err());
}
