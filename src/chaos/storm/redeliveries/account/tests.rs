use std::collections::{HashMap, HashSet};

use super::super::tests::{CHECK, check, counting, event, source};
use super::*;
use crate::tap::postgres::Transaction;

fn told(checks: u64, redelivered: u64, answered: u64) -> MetricReading {
    MetricReading {
        checks,
        redelivered,
        answered,
    }
}

/// `a` checks three statements of two records each, `b` the last three of these records again.
fn counted() -> Redeliveries {
    let mut counted = counting();
    for offsets in [[1, 2], [3, 4], [5, 6]] {
        counted.saw(&event("a", CHECK), &check(&offsets, Transaction::Idle));
    }
    counted.saw(&event("b", CHECK), &check(&[4, 5], Transaction::Idle));
    counted.saw(&event("b", CHECK), &check(&[6, 7], Transaction::Idle));
    counted
}

fn account(told: &[(&str, MetricReading)], living: &[&str]) -> RedeliveryAccount {
    let told = told.iter().map(|(name, told)| (source(name), *told));
    let living = living.iter().map(|name| source(name));
    counted().account(&told.collect(), &living.collect(), &HashSet::new())
}

#[test]
fn what_everybody_told_is_compared_whole() {
    let all = account(&[("a", told(6, 0, 6)), ("b", told(4, 3, 4))], &["a", "b"]);
    let expected = RedeliveryAccount {
        outside: 3,
        metric: 3,
        ..RedeliveryAccount::default()
    };
    assert_eq!(all, expected);
}

#[test]
fn what_a_dead_process_was_answered_after_its_last_page_is_in_neither_number() {
    // b told of its first statement, was answered a second one, and died.
    let all = account(&[("a", told(6, 0, 6)), ("b", told(2, 2, 2))], &["a"]);
    let expected = RedeliveryAccount {
        outside: 2,
        metric: 2,
        uncounted: 2,
        doubtful: 0,
    };
    assert_eq!(all, expected);
    // Nor does it matter that the answer had just left when the page was asked for.
    let all = account(&[("a", told(6, 0, 6)), ("b", told(2, 2, 4))], &["a"]);
    assert_eq!(all, expected);
    let never_asked = account(&[("a", told(6, 0, 6))], &["a"]);
    assert_eq!((never_asked.outside, never_asked.uncounted), (0, 4));
}

#[test]
fn who_lives_has_no_excuse_for_what_it_does_not_tell() {
    let all = account(&[("a", told(6, 0, 6)), ("b", told(2, 2, 4))], &["a", "b"]);
    assert_eq!((all.outside, all.metric, all.uncounted), (3, 2, 0));
}

#[test]
fn a_process_that_had_long_been_silent_about_its_checks_is_not_excused_by_its_death() {
    // Both statements were answered when the page was asked for, and it tells of neither.
    let all = account(&[("a", told(6, 0, 6)), ("b", told(0, 0, 4))], &["a"]);
    assert_eq!((all.outside, all.metric, all.uncounted), (3, 0, 0));
}

#[test]
fn a_metric_that_calls_redeliveries_new_is_caught() {
    let all = account(&[("a", told(6, 0, 6)), ("b", told(4, 0, 4))], &["a", "b"]);
    assert_eq!((all.outside, all.metric), (3, 0));
}

#[test]
fn a_page_that_was_read_in_the_middle_of_a_statement_leaves_its_records_in_doubt() {
    let all = account(&[("a", told(6, 0, 6)), ("b", told(3, 2, 2))], &["a"]);
    assert_eq!((all.outside, all.doubtful, all.uncounted), (2, 1, 0));
}

#[test]
fn a_record_whose_first_check_was_answered_to_nobody_may_be_a_redelivery_or_not() {
    let mut counted = counting();
    counted.went_on(&event("a", CHECK), &check(&[1, 2], Transaction::Idle));
    // a dies, the connection is gone, and b is given the records.
    counted.went_on(&event("b", CHECK), &check(&[1], Transaction::Idle));
    counted.saw(&event("b", CHECK), &check(&[1], Transaction::Idle));
    for redelivered in [0, 1] {
        let told = HashMap::from([(source("b"), told(1, redelivered, 1))]);
        let living = HashSet::from([source("b")]);
        let all = counted.account(&told, &living, &HashSet::new());
        assert_eq!((all.outside, all.doubtful), (0, 1));
        assert_eq!(all.metric, redelivered);
    }
}

#[test]
fn a_check_that_was_answered_leaves_no_doubt_and_neither_does_one_that_failed() {
    let mut counted = counting();
    counted.went_on(&event("a", CHECK), &check(&[1], Transaction::Idle));
    counted.saw(&event("a", CHECK), &check(&[1], Transaction::Idle));
    let refused = crate::tap::postgres::Detail {
        sqlstate: Some("40P01".to_owned()),
        ..check(&[2], Transaction::Idle)
    };
    counted.went_on(&event("a", CHECK), &check(&[2], Transaction::Idle));
    counted.saw(&event("a", CHECK), &refused);
    counted.saw(&event("b", CHECK), &check(&[2], Transaction::Idle));
    let all = counted.account(&HashMap::new(), &HashSet::new(), &HashSet::new());
    assert_eq!(all.doubtful, 0);
}

#[test]
fn a_redelivery_of_what_the_producer_sent_again_is_the_producers() {
    let told = HashMap::from([(source("a"), told(6, 0, 6)), (source("b"), told(4, 2, 4))]);
    let living = HashSet::from([source("a"), source("b")]);
    let all = counted().account(&told, &living, &HashSet::from([(3, 5)]));
    assert_eq!((all.outside, all.metric), (2, 2));
}
