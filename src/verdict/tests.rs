//! The checker on literal histories: good, bad and unknown.

mod evidence;

use super::*;

/// All charged once, recorded and committed; a fault fired at the second, delivered again.
fn good() -> History {
    let ids = ["msg-0001", "msg-0002", "msg-0003"];
    History {
        produced: ids
            .iter()
            .zip(0..)
            .map(|(id, offset)| Produced {
                payment: (*id).into(),
                partition: 0,
                offset,
            })
            .collect(),
        effects: ids
            .iter()
            .map(|id| charge(&format!("ch_{id}"), id))
            .collect(),
        processed_ids: Some(ids.iter().map(|id| (*id).to_owned()).collect()),
        committed: [(0, 3)].into(),
        deliveries: ids.iter().map(|id| ((*id).to_owned(), 1)).collect(),
        parked: [].into(),
        silent: Vec::new(),
        unkept: 0,
        revived: [].into(),
        strikes: vec![strike("msg-0002")],
    }
}

fn charge(id: &str, payment: &str) -> Effect {
    Effect {
        charge: id.into(),
        payment: Some(payment.into()),
    }
}

fn strike(payment: &str) -> FaultEvidence {
    FaultEvidence {
        payment: payment.into(),
        fired: true,
        problem: None,
        note: None,
    }
}

fn effectively_once(history: &History) -> Judgement {
    judge(history, Guarantee::EffectivelyOnce, CHARGED)
}

#[track_caller]
fn assert_unknown(history: &History, because: &str) {
    let judgement = effectively_once(history);
    assert_eq!(judgement.verdict, Verdict::Unknown, "{judgement:?}");
    assert!(
        judgement.reasons.iter().any(|r| r.contains(because)),
        "{:?}",
        judgement.reasons
    );
}

#[test]
fn charged_once_after_a_redelivery_is_held() {
    let judgement = effectively_once(&good());
    assert_eq!(judgement.verdict, Verdict::Held);
    assert_eq!(judgement.verdict.exit_code(), 0);
    assert_eq!(judgement.counts.once, 3);
    assert!(judgement.exceptions.is_empty());
}

#[test]
fn a_planted_duplicate_is_violated_and_named() {
    let mut history = good();
    history.effects.insert(1, charge("ch_again", "msg-0002"));
    let judgement = effectively_once(&history);
    assert_eq!(judgement.verdict, Verdict::Violated);
    assert_eq!(judgement.verdict.exit_code(), 1);
    assert_eq!(
        judgement.exceptions,
        [("msg-0002".to_owned(), Outcome::Duplicated)]
    );
    assert_eq!(judgement.reasons, ["1 customer paid more than once"]);
}

#[test]
fn a_duplicate_that_comes_after_everything_else_still_counts() {
    let mut history = good();
    history.effects.push(charge("ch_late", "msg-0001"));
    history.effects.push(charge("ch_later", "msg-0001"));
    let judgement = effectively_once(&history);
    assert_eq!(
        judgement.exceptions,
        [("msg-0001".to_owned(), Outcome::Duplicated)]
    );
}

#[test]
fn committed_without_a_charge_is_lost() {
    let mut history = good();
    history.effects.remove(2);
    let judgement = effectively_once(&history);
    assert_eq!(judgement.verdict, Verdict::Violated);
    assert_eq!(
        judgement.exceptions,
        [("msg-0003".to_owned(), Outcome::Lost)]
    );
    assert_eq!(judgement.reasons, ["1 payment was lost"]);
}

#[test]
fn a_loss_that_the_consumer_recorded_as_done_is_still_a_loss() {
    let mut history = good();
    history
        .effects
        .retain(|e| e.payment.as_deref() != Some("msg-0001"));
    assert!(history.processed_ids.as_ref().unwrap().contains("msg-0001"));
    assert_eq!(outcome_of(&history, "msg-0001"), Outcome::Lost);
}

#[test]
fn charged_and_committed_but_not_recorded_is_half_done() {
    let mut history = good();
    history.processed_ids.as_mut().unwrap().remove("msg-0002");
    let judgement = effectively_once(&history);
    assert_eq!(judgement.verdict, Verdict::Violated);
    assert_eq!(
        judgement.exceptions,
        [("msg-0002".to_owned(), Outcome::HalfDone)]
    );
}

#[test]
fn without_tables_to_read_nothing_is_half_done() {
    let mut history = good();
    history.processed_ids = None;
    assert_eq!(effectively_once(&history).verdict, Verdict::Held);
}

#[test]
fn an_uncommitted_payment_is_unfinished_and_nothing_is_proven() {
    let mut history = good();
    history.committed = [(0, 2)].into();
    assert_eq!(outcome_of(&history, "msg-0003"), Outcome::Unfinished);
    assert_unknown(&history, "1 payment was still unfinished");
}

#[test]
fn an_uncommitted_payment_without_a_charge_is_not_called_lost() {
    let mut history = good();
    history.committed.clear();
    history.effects.clear();
    let judgement = effectively_once(&history);
    assert_eq!((judgement.counts.lost, judgement.counts.unfinished), (0, 3));
    assert_eq!(judgement.verdict, Verdict::Unknown);
}

#[test]
fn a_payment_produced_twice_is_finished_when_both_offsets_are() {
    let mut history = good();
    history.produced.push(Produced {
        payment: "msg-0001".into(),
        partition: 0,
        offset: 3,
    });
    assert_eq!(outcome_of(&history, "msg-0001"), Outcome::Unfinished);
    history.committed = [(0, 4)].into();
    assert_eq!(outcome_of(&history, "msg-0001"), Outcome::Once);
    assert_eq!(effectively_once(&history).counts.payments, 3);
}

#[test]
fn what_is_parked_is_neither_lost_nor_done() {
    let mut history = good();
    history.effects.remove(2);
    history.parked = ["msg-0003".to_owned()].into();
    for guarantee in [
        Guarantee::AtMostOnce,
        Guarantee::AtLeastOnce,
        Guarantee::EffectivelyOnce,
        Guarantee::ExactlyOncePerRecord,
    ] {
        let judgement = judge(&history, guarantee, CHARGED);
        assert_eq!(judgement.verdict, Verdict::Held, "{guarantee}");
        let parked = ("msg-0003".to_owned(), Outcome::Parked);
        assert_eq!(judgement.exceptions, [parked]);
    }
    history.parked.clear();
    assert_eq!(effectively_once(&history).verdict, Verdict::Violated);
    history.parked = ["msg-0003".to_owned()].into();
    history.committed = [(0, 2)].into();
    assert_unknown(&history, "1 payment was still unfinished");
}

#[test]
fn another_record_of_the_same_payment_may_take_effect_where_the_promise_is_per_record() {
    let mut history = good();
    history.produced.push(Produced {
        payment: "msg-0002".into(),
        partition: 0,
        offset: 3,
    });
    history.committed = [(0, 4)].into();
    history.effects.push(charge("ch_again", "msg-0002"));
    let verdict = |history: &History, guarantee| judge(history, guarantee, CHARGED).verdict;
    assert_eq!(
        verdict(&history, Guarantee::EffectivelyOnce),
        Verdict::Violated
    );
    assert_eq!(
        verdict(&history, Guarantee::ExactlyOncePerRecord),
        Verdict::Held
    );
    history.effects.push(charge("ch_third", "msg-0002"));
    assert_eq!(
        verdict(&history, Guarantee::ExactlyOncePerRecord),
        Verdict::Violated
    );
    let mut history = good();
    history.effects.push(charge("ch_again", "msg-0001"));
    assert_eq!(
        verdict(&history, Guarantee::ExactlyOncePerRecord),
        Verdict::Violated
    );
}

#[test]
fn a_second_record_that_was_never_committed_is_unfinished_though_both_took_effect() {
    let mut history = good();
    history.produced.push(Produced {
        payment: "msg-0002".into(),
        partition: 0,
        offset: 3,
    });
    history.effects.push(charge("ch_again", "msg-0002"));
    let judgement = judge(&history, Guarantee::ExactlyOncePerRecord, CHARGED);
    assert_eq!(judgement.verdict, Verdict::Unknown, "{judgement:?}");
    assert_eq!(
        judgement.reasons,
        ["1 payment was still unfinished when the run ended"]
    );
    let twice = ("msg-0002".to_owned(), Outcome::Duplicated);
    assert_eq!(judgement.exceptions, [twice]);
    let counts = judgement.counts;
    assert_eq!((counts.duplicated, counts.unfinished), (1, 1));
    let judgement = judge(&history, Guarantee::AtLeastOnce, CHARGED);
    assert_eq!(judgement.verdict, Verdict::Unknown);
    assert_eq!(effectively_once(&history).verdict, Verdict::Violated);
}

#[test]
fn a_payment_that_is_not_recorded_is_half_done_however_often_it_took_effect() {
    let verdict = |history: &History| judge(history, Guarantee::AtLeastOnce, CHARGED);
    let mut history = good();
    history.processed_ids.as_mut().unwrap().remove("msg-0002");
    let once = verdict(&history);
    history.effects.push(charge("ch_again", "msg-0002"));
    let twice = verdict(&history);
    assert_eq!(
        (once.verdict, twice.verdict),
        (Verdict::Violated, Verdict::Violated)
    );
    assert_eq!(once.reasons, twice.reasons);
    assert_eq!((twice.counts.duplicated, twice.counts.half_done), (1, 1));
    // What is not acknowledged will be delivered again, and can still be recorded.
    history.committed = [(0, 1)].into();
    let judgement = verdict(&history);
    assert_eq!(judgement.verdict, Verdict::Unknown);
    assert_eq!(judgement.counts.half_done, 0);
}

#[test]
fn a_charge_for_nothing_we_sent_leaves_doubt() {
    let mut history = good();
    history.effects.push(Effect {
        charge: "ch_x".into(),
        payment: None,
    });
    assert_unknown(&history, "1 effect was counted for no payment");
    history.effects[3].payment = Some("msg-9999".into());
    assert_unknown(&history, "1 effect was counted for no payment");
}

#[test]
fn nothing_produced_proves_nothing() {
    let history = History {
        strikes: vec![strike("msg-0001")],
        ..History::default()
    };
    assert_unknown(&history, "no payment was produced");
}

#[test]
fn a_duplicate_without_any_fault_is_violated_all_the_same() {
    let mut history = good();
    history.strikes.clear();
    history.effects.push(charge("ch_again", "msg-0002"));
    assert_eq!(effectively_once(&history).verdict, Verdict::Violated);
}

#[test]
fn each_guarantee_forbids_only_what_it_says() {
    let mut duplicated = good();
    duplicated.effects.push(charge("ch_again", "msg-0002"));
    let mut lost = good();
    lost.effects.remove(0);
    let verdict = |h, g| judge(h, g, CHARGED).verdict;
    assert_eq!(verdict(&duplicated, Guarantee::AtLeastOnce), Verdict::Held);
    assert_eq!(
        verdict(&duplicated, Guarantee::AtMostOnce),
        Verdict::Violated
    );
    assert_eq!(verdict(&lost, Guarantee::AtLeastOnce), Verdict::Violated);
    assert_eq!(verdict(&lost, Guarantee::AtMostOnce), Verdict::Held);
}

#[test]
fn several_breaches_are_all_named() {
    let mut history = good();
    history.effects = vec![charge("ch_1", "msg-0001"), charge("ch_2", "msg-0001")];
    let judgement = effectively_once(&history);
    assert_eq!(
        judgement.reasons,
        ["1 customer paid more than once", "2 payments were lost"]
    );
}

#[test]
fn what_is_not_a_charge_is_told_in_its_own_word() {
    let mut history = good();
    history.effects.insert(1, charge("tx2/1", "msg-0002"));
    let judgement = judge(&history, Guarantee::EffectivelyOnce, "marked paid");
    assert_eq!(
        judgement.reasons,
        ["1 payment was marked paid more than once"]
    );
}

#[test]
fn a_run_with_more_events_than_are_kept_is_not_held_and_its_ledger_still_counts() {
    let mut history = good();
    history.unkept = 7;
    assert_unknown(&history, "7 events were more than can be kept");
    let effect = history.effects[0].clone();
    history.effects.push(Effect {
        charge: "ch_again".to_owned(),
        ..effect
    });
    let judgement = judge(&history, Guarantee::EffectivelyOnce, "charged");
    assert_eq!(judgement.verdict, Verdict::Violated, "{judgement:?}");
}
