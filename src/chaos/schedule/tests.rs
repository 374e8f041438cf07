//! What is planned, and what of a saved schedule is refused.

use super::*;
use crate::window::Edge;

fn plan(seed: u64, payments: u32, strikes: u32) -> Result<Schedule, ScheduleError> {
    let window = Window::first("POST /v1/charges", Edge::Before);
    Schedule::plan(seed, payments, 4, 2, strikes, Some((Fault::Zombie, window)))
}

#[test]
fn the_same_seed_plans_the_same_schedule() {
    assert_eq!(plan(7, 200, 3), plan(7, 200, 3));
}

#[test]
fn another_seed_plans_another_schedule() {
    let struck = |seed| {
        plan(seed, 200, 3)
            .unwrap()
            .strikes()
            .map(|s| s.payment.clone())
            .collect()
    };
    let distinct: std::collections::BTreeSet<Vec<String>> = (0..20).map(struck).collect();
    assert!(distinct.len() > 15, "{distinct:?}");
}

#[test]
fn the_rounds_hold_every_payment_once_and_their_own_strike() {
    for (payments, strikes) in [(200, 3), (3, 3), (7, 1), (10, 4)] {
        let schedule = plan(1, payments, strikes).unwrap();
        let mut next = 1;
        for round in &schedule.rounds {
            assert_eq!(round.first, next);
            next = round.last + 1;
            let ids: Vec<String> = (round.first..=round.last).map(message_id).collect();
            assert!(ids.contains(&round.strike.as_ref().unwrap().payment));
        }
        assert_eq!(next, payments + 1);
        assert_eq!(schedule.strikes().count(), strikes as usize);
    }
}

#[test]
fn without_a_fault_everything_is_one_round() {
    let schedule = Schedule::plan(1, 200, 4, 2, 3, None).unwrap();
    assert_eq!(
        schedule.rounds,
        [Round {
            first: 1,
            last: 200,
            during: 0,
            after: 0,
            strike: None
        }]
    );
}

#[test]
fn more_strikes_than_payments_are_refused() {
    assert_eq!(
        plan(1, 2, 3),
        Err(ScheduleError::TooFewPayments {
            strikes: 3,
            payments: 2
        })
    );
}

#[test]
fn a_saved_schedule_of_another_form_is_refused() {
    let mut schedule = plan(1, 10, 1).unwrap();
    schedule.schema = 9;
    assert_eq!(schedule.checked(), Err(ScheduleError::Schema { found: 9 }));
}

fn refused(change: impl FnOnce(&mut Schedule)) -> String {
    let mut schedule = plan(1, 10, 1).unwrap();
    assert_eq!(schedule.clone().checked(), Ok(schedule.clone()));
    change(&mut schedule);
    let refusal = schedule.checked().expect_err("it cannot be executed");
    refusal.to_string()
}

fn at(payment: &str) -> String {
    refused(|schedule| {
        let strike = schedule.rounds[0].strike.as_mut();
        payment.clone_into(&mut strike.expect("one is planned").payment);
    })
}

#[test]
fn a_saved_schedule_that_cannot_be_executed_is_refused() {
    assert_eq!(
        refused(|schedule| schedule.partitions = 0),
        "the schedule has 0 partitions, and needs 1 to 2147483647"
    );
    assert_eq!(
        refused(|schedule| schedule.rounds[0].first = 0),
        "a round of the schedule begins with payment 0, and payments are numbered from 1"
    );
    assert_eq!(
        refused(|schedule| schedule.rounds[0].during = 10),
        "the round of payments 1 to 10 of the schedule has none that is produced at once"
    );
    assert_eq!(
        refused(|schedule| schedule.instances = 0),
        "the schedule has no instance"
    );
    for (payments, payment) in [(9, 11), (12, 11)] {
        assert_eq!(
            refused(|schedule| schedule.payments = payments),
            format!("the rounds of the schedule do not hold payment {payment} in its turn")
        );
    }
    assert_eq!(
        refused(|schedule| schedule.rounds.push(schedule.rounds[0].clone())),
        "the rounds of the schedule do not hold payment 11 in its turn"
    );
    assert_eq!(
        at("x"),
        "the schedule strikes at x, and that round has the payments msg-0001 to msg-0010"
    );
    for nobody in ["msg-0000", "msg-0011", "msg-1", "msg-99999999999"] {
        assert!(at(nobody).contains(nobody), "{nobody}");
    }
}
