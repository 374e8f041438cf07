//! What a verdict needs besides counts, and what it tells of them.

use super::*;

#[test]
fn a_run_without_a_fault_proves_nothing() {
    let mut history = good();
    history.strikes.clear();
    assert_unknown(&history, "no fault fired");
}

#[test]
fn a_fault_that_never_fired_proves_nothing() {
    let mut history = good();
    history.strikes = vec![FaultEvidence {
        fired: false,
        ..strike("msg-0002")
    }];
    assert_unknown(&history, "no fault fired");
}

#[test]
fn one_window_of_two_never_reached_proves_nothing() {
    let mut history = good();
    history.strikes.push(FaultEvidence {
        fired: false,
        ..strike("msg-0003")
    });
    assert_unknown(&history, "1 of 2 windows were never reached");
}

#[test]
fn a_redelivery_is_counted_where_kafka_was_seen_to_make_it_and_is_owed_to_nobody() {
    let mut history = good();
    assert_eq!(effectively_once(&history).counts.redeliveries, 0);
    assert_eq!(effectively_once(&history).verdict, Verdict::Held);
    history.deliveries.insert("msg-0001".into(), 2);
    assert_eq!(effectively_once(&history).counts.redeliveries, 0);
    history.deliveries.insert("msg-0002".into(), 2);
    assert_eq!(effectively_once(&history).counts.redeliveries, 1);
}

#[test]
fn a_strike_that_went_wrong_proves_nothing() {
    let mut history = good();
    history.strikes[0].problem = Some("the successor stalled".into());
    assert_unknown(&history, "the successor stalled");
    history.effects.push(charge("ch_again", "msg-0002"));
    assert_unknown(&history, "the successor stalled");
    // Another one that went right is evidence of what is counted.
    history.strikes.push(strike("msg-0003"));
    assert_eq!(effectively_once(&history).verdict, Verdict::Violated);
    history.effects.pop();
    assert_unknown(&history, "the successor stalled");
}

#[test]
fn what_is_to_be_known_of_a_strike_is_told_and_changes_no_verdict() {
    let mut history = good();
    history.strikes[0].note = Some("nothing was acknowledged".into());
    history.strikes.push(FaultEvidence {
        payment: "msg-0003".into(),
        ..history.strikes[0].clone()
    });
    let judgement = effectively_once(&history);
    assert_eq!(judgement.verdict, Verdict::Held);
    assert_eq!(
        judgement.reasons,
        [
            "2 faults were carried out, 0 payments were delivered again",
            "nothing was acknowledged"
        ]
    );
    history.effects.push(charge("ch_again", "msg-0002"));
    assert_eq!(effectively_once(&history).verdict, Verdict::Violated);
}

#[test]
fn what_only_a_restart_brought_to_its_end_is_told_and_kept_its_promise() {
    let mut history = good();
    history.revived = ["msg-0002".to_owned()].into();
    let judgement = effectively_once(&history);
    assert_eq!(judgement.verdict, Verdict::Held);
    assert_eq!(
        judgement.reasons[1..],
        ["1 payment came to an end only after every process was started anew"]
    );
    history.effects.remove(2);
    assert_eq!(effectively_once(&history).verdict, Verdict::Violated);
}

#[test]
fn what_time_could_clear_is_open() {
    let mut history = good();
    assert!(open(&history).is_empty());
    history.effects.remove(2);
    assert_eq!(open(&history), ["msg-0003".to_owned()].into());
    history.effects.push(charge("ch_again", "msg-0002"));
    assert_eq!(
        open(&history),
        ["msg-0003".to_owned()].into(),
        "no time takes a second charge back"
    );
    history.committed.clear();
    assert_eq!(open(&history).len(), history.produced.len());
}

#[test]
fn a_boundary_that_was_not_seen_accuses_nobody_and_clears_nobody() {
    let mut history = good();
    history.silent = vec!["payment API".into()];
    assert_unknown(&history, "no traffic seen at the payment API");
    history.effects.clear();
    assert_unknown(&history, "no traffic seen at the payment API");
}
