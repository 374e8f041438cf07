use super::*;
use crate::event::{EventOutcome, Source, Tap};
use crate::tap::{BoundaryEvent, Detail, kafka, postgres};

fn source(instance: &str, incarnation: u32) -> Source {
    Source {
        instance: instance.into(),
        incarnation,
    }
}

fn charge(source: Source, stage: Stage, result: Option<EventOutcome>) -> TimelineEvent {
    let event = BoundaryEvent {
        tap: Tap::Provider,
        stage,
        source,
        signature: "POST /v1/charges".into(),
        subjects: vec!["msg-0001".into()],
        outcome: "in words".into(),
        writes: true,
        role: Role::Request,
        result,
        detail: None,
    };
    TimelineEvent::Boundary { event }
}

fn made(id: &str) -> Option<EventOutcome> {
    let effect = Some(id.to_owned());
    Some(EventOutcome::Executed { effect })
}

fn replayed(id: &str) -> Option<EventOutcome> {
    let effect = Some(id.to_owned());
    Some(EventOutcome::Replayed { effect })
}

fn told(events: impl IntoIterator<Item = TimelineEvent>) -> String {
    let entry = |what| Entry {
        at_ms: 0.0,
        payment: Some("msg-0001".into()),
        what,
    };
    prose(
        &events.into_iter().map(entry).collect::<Vec<_>>(),
        "msg-0001",
    )
}

#[test]
fn a_zombie_is_told_from_its_request_to_its_charge() {
    let (a, b) = (source("a", 1), source("b", 1));
    let told = told([
        charge(a.clone(), Stage::Received, None),
        TimelineEvent::Frozen { source: a.clone() },
        TimelineEvent::Evicted {
            source: a.clone(),
            member: "a-1".into(),
        },
        TimelineEvent::Moved {
            partition: 3,
            to: "b".into(),
            committed: Some(8),
        },
        charge(b.clone(), Stage::Received, None),
        charge(b.clone(), Stage::Executed, made("ch_2")),
        charge(b, Stage::Answered, made("ch_2")),
        TimelineEvent::TookOver {
            successor: "b".into(),
            committed: 9,
        },
        TimelineEvent::Thawed { source: a.clone() },
        charge(a, Stage::Answered, made("ch_1")),
    ]);
    assert_eq!(
        told,
        "a sent POST /v1/charges, was frozen and was evicted from the group; \
         b took over partition 3 from offset 8 and charged ch_2; \
         a was thawed and charged ch_1"
    );
}

#[test]
fn a_restarted_instance_is_told_apart_from_the_one_that_died() {
    let (first, second) = (source("a", 1), source("a", 2));
    let told = told([
        charge(first.clone(), Stage::Received, None),
        charge(first.clone(), Stage::Answered, made("ch_1")),
        TimelineEvent::Killed { source: first },
        charge(second.clone(), Stage::Received, None),
        charge(second, Stage::Answered, replayed("ch_1")),
    ]);
    assert_eq!(
        told,
        "a charged ch_1 and was killed; \
         a was started again and was given the first charge again, ch_1 (Idempotent-Replayed)"
    );
}

#[test]
fn a_payment_that_is_delivered_twice_is_given_again() {
    let fetch = |source: Source| {
        let delivery = kafka::Delivery {
            topic: "t".into(),
            partition: 0,
            records: vec![kafka::DeliveredRecord {
                offset: 7,
                payment: Some("msg-0001".into()),
            }],
        };
        let event = BoundaryEvent {
            tap: Tap::Kafka,
            stage: Stage::Answered,
            source,
            signature: "kafka Fetch".into(),
            subjects: Vec::new(),
            outcome: String::new(),
            writes: false,
            role: Role::Request,
            result: None,
            detail: None,
        }
        .with_detail(Detail::Kafka(kafka::Detail::Fetch(vec![delivery])));
        TimelineEvent::Boundary { event }
    };
    let told = told([fetch(source("a", 1)), fetch(source("b", 1))]);
    assert_eq!(
        told,
        "a was given the payment; b was given the payment again"
    );
}

#[test]
fn what_the_provider_did_is_told_by_what_is_known_of_it_and_not_by_its_words() {
    let a = source("a", 1);
    let answer = |result| charge(a.clone(), Stage::Answered, result);
    let found = |effect: Option<&str>| {
        let effect = effect.map(str::to_owned);
        Some(EventOutcome::Found { effect })
    };
    let told = told([
        answer(Some(EventOutcome::DONE)),
        answer(made("ch_1")),
        answer(replayed("ch_1")),
        answer(found(None)),
        answer(found(Some("ch_1"))),
        answer(Some(EventOutcome::failed(402, "card_declined"))),
        answer(Some(EventOutcome::Replayed { effect: None })),
    ]);
    assert_eq!(
        told,
        "a was answered in words, charged ch_1, was given the first charge again, ch_1 \
         (Idempotent-Replayed), searched for a charge of this payment and found none, \
         searched for a charge of this payment and found ch_1, was answered in words and was \
         answered in words"
    );
}

#[test]
fn what_postgres_did_is_told_by_its_tag() {
    let statement = |tag: Option<&str>, sqlstate: Option<&str>| {
        let mut told = charge(source("a", 1), Stage::Answered, None);
        let detail = postgres::Detail {
            tag: tag.map(Into::into),
            sqlstate: sqlstate.map(Into::into),
            ..postgres::Detail::default()
        };
        if let TimelineEvent::Boundary { event } = &mut told {
            event.tap = Tap::Postgres;
            *event = event.clone().with_detail(Detail::Postgres(detail));
        }
        told
    };
    let told = told([
        statement(Some("SELECT 0"), None),
        statement(Some("INSERT 0 1"), None),
        statement(Some("UPDATE 2"), None),
        statement(Some("DELETE 3"), None),
        statement(Some("COMMIT"), None),
        statement(Some("ROLLBACK"), None),
        statement(None, Some("23505")),
    ]);
    assert_eq!(
        told,
        "a read 0 rows, inserted 1 row, updated 2 rows, deleted 3 rows, committed its \
         transaction, rolled its transaction back and was answered in words"
    );
}
