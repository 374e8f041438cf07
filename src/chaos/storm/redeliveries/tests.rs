use super::*;
use crate::event::Role;
use bytes::BytesMut;
use tokio_postgres::types::ToSql;

pub(super) fn source(instance: &str) -> Source {
    Source {
        instance: instance.to_owned(),
        incarnation: 1,
    }
}

pub(super) fn event(instance: &str, signature: &str) -> BoundaryEvent {
    BoundaryEvent {
        tap: Tap::Postgres,
        stage: Stage::Answered,
        source: source(instance),
        signature: signature.to_owned(),
        subjects: Vec::new(),
        outcome: String::new(),
        writes: true,
        role: Role::Request,
        result: None,
        detail: None,
    }
}

fn bound(value: &(impl ToSql + Sync), of: &Type) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    value
        .to_sql(of, &mut bytes)
        .expect("an array can be written");
    Some(bytes.freeze())
}

pub(super) fn check(offsets: &[i64], transaction: Transaction) -> Detail {
    let partitions = vec![3_i32; offsets.len()];
    Detail {
        transaction: Some(transaction),
        parameters: vec![
            bound(&partitions, &Type::INT4_ARRAY),
            bound(&offsets.to_vec(), &Type::INT8_ARRAY),
        ],
        ..Detail::default()
    }
}

fn end(tag: &str) -> Detail {
    Detail {
        tag: Some(tag.to_owned()),
        transaction: Some(Transaction::Idle),
        ..Detail::default()
    }
}

pub(super) const CHECK: &str = "INSERT INTO processed SELECT";
const STATEMENT: &str = "-- Written by hand.\nINSERT INTO processed\n    SELECT;\n";

pub(super) fn counting() -> Redeliveries {
    Redeliveries::of(STATEMENT, 1, 2)
}

#[test]
fn a_record_that_is_checked_again_is_a_redelivery_whoever_checks_it() {
    let mut counted = counting();
    counted.saw(&event("a", CHECK), &check(&[1, 2, 3], Transaction::Idle));
    counted.saw(&event("b", CHECK), &check(&[2, 3, 4], Transaction::Idle));
    counted.saw(
        &event("b", "SELECT key"),
        &check(&[2, 3, 4], Transaction::Idle),
    );
    assert_eq!(
        (counted.checked(), counted.again(), counted.unread()),
        (6, 2, 0)
    );
}

#[test]
fn a_statement_that_holds_the_words_of_the_check_is_another() {
    let mut counted = counting();
    for signature in [
        "INSERT INTO processed SELECT 1",
        "INSERT INTO processed",
        "",
    ] {
        let other = event("a", signature);
        assert!(!counted.is_check(&other), "{signature}");
        counted.saw(&other, &check(&[1], Transaction::Idle));
    }
    assert_eq!((counted.checked(), counted.unread()), (0, 0));
    assert!(counted.is_check(&event("a", CHECK)));
}

#[test]
fn what_was_rolled_back_or_refused_was_not_checked() {
    let mut counted = counting();
    let refused = Detail {
        sqlstate: Some("40P01".to_owned()),
        ..check(&[1], Transaction::Idle)
    };
    counted.saw(&event("a", CHECK), &refused);
    counted.saw(&event("a", CHECK), &check(&[1], Transaction::Open));
    counted.saw(&event("a", "ROLLBACK"), &end("ROLLBACK"));
    assert_eq!(counted.checked(), 0);
    counted.saw(&event("a", CHECK), &check(&[1], Transaction::Open));
    counted.saw(&event("a", "COMMIT"), &end("COMMIT"));
    counted.saw(&event("b", CHECK), &check(&[1], Transaction::Idle));
    assert_eq!((counted.checked(), counted.again()), (2, 1));
}

#[test]
fn what_cannot_be_an_offset_is_told_and_takes_no_memory() {
    let mut counted = counting();
    for offset in [-1, i64::MAX] {
        counted.saw(&event("a", CHECK), &check(&[offset], Transaction::Idle));
    }
    assert_eq!((counted.checked(), counted.unread()), (0, 2));
}

#[test]
fn a_statement_without_coordinates_is_told() {
    let mut counted = Redeliveries::of(STATEMENT, 2, 1);
    counted.saw(&event("a", CHECK), &check(&[1], Transaction::Idle));
    assert_eq!((counted.checked(), counted.unread()), (0, 1));
}
