use super::*;

/// `p0` to `p3` at the offsets 0 to 3 of partition 0.
fn records() -> Vec<LogRecord> {
    let record = |offset: i64| LogRecord {
        payment: format!("p{offset}"),
        key: Some(format!("k{offset}")),
        partition: 0,
        offset,
        took_effect: true,
    };
    (0..4).map(record).collect()
}

fn started(process: &str) -> (&str, LogEvent) {
    (process, LogEvent::Started)
}

fn given<'a>(process: &'a str, offsets: &[i64]) -> (&'a str, LogEvent) {
    let places = offsets.iter().map(|offset| (0, *offset)).collect();
    (process, LogEvent::Delivered { places })
}

fn commits(process: &str, next: i64) -> (&str, LogEvent) {
    let positions = vec![(0, next)];
    let by_transaction = false;
    let committed = LogEvent::Committed {
        positions,
        by_transaction,
    };
    (process, committed)
}

fn asks<'a>(process: &'a str, payment: &str) -> (&'a str, LogEvent) {
    let payments = vec![payment.to_owned()];
    (process, LogEvent::Asked { payments })
}

/// Asked for half a millisecond before.
fn does<'a>(process: &'a str, payments: &[&str]) -> (&'a str, LogEvent) {
    let payments = payments.iter().map(|p| (*p).to_owned()).collect();
    let done = LogEvent::Done {
        payments,
        is_effect: true,
        asked_ms: f64::NAN,
    };
    (process, done)
}

/// One thing in each millisecond.
fn history(seen: Vec<(&str, LogEvent)>) -> LogHistory {
    let fact = |(at, (process, mut event)): (u32, (&str, LogEvent))| {
        let at_ms = f64::from(at);
        if let LogEvent::Done { asked_ms, .. } = &mut event {
            *asked_ms = at_ms - 0.5;
        }
        LogFact {
            at_ms,
            process: process.to_owned(),
            event,
        }
    };
    LogHistory {
        records: records(),
        facts: (0..).zip(seen).map(fact).collect(),
        is_replayed: false,
    }
}

fn told(history: &LogHistory) -> Vec<(&'static str, String)> {
    let findings = log_findings(history, Guarantee::EffectivelyOnce);
    let told = findings.iter().map(|f| (f.name(), f.payment().to_owned()));
    told.collect()
}

fn ahead(payment: &str) -> Vec<(&'static str, String)> {
    vec![("committed_ahead", payment.to_owned())]
}

const NOTHING: [(&str, String); 0] = [];

#[test]
fn a_commit_before_the_work_is_told_with_its_evidence() {
    let history = history(vec![
        given("a#1", &[0, 1]),
        commits("a#1", 1),
        does("a#1", &["p0"]),
    ]);
    let findings = log_findings(&history, Guarantee::EffectivelyOnce);
    let expected = LogFinding::CommittedAhead {
        payment: "p0".to_owned(),
        partition: 0,
        offset: 0,
        by: "a#1".to_owned(),
        position: 1,
        committed_ms: 1.0,
        done_ms: Some(2.0),
    };
    assert_eq!(findings, [expected]);
    assert_eq!(log_findings(&history, Guarantee::AtMostOnce), []);
}

#[test]
fn what_was_never_done_is_told_of_a_payment_without_an_effect_alone() {
    let mut history = history(vec![given("a#1", &[0]), commits("a#1", 1)]);
    assert_eq!(told(&history), NOTHING, "it was done around the taps");
    history.records[0].took_effect = false;
    assert_eq!(told(&history), ahead("p0"));
}

#[test]
fn a_commit_after_the_work_is_right_whoever_does_either() {
    let done = [given("a#1", &[0]), does("a#1", &["p0"]), commits("a#1", 1)];
    assert_eq!(told(&history(done.into())), NOTHING);
    let by_the_next = [
        given("a#1", &[0]),
        does("a#1", &["p0"]),
        started("b#1"),
        given("b#1", &[0]),
        commits("b#1", 1),
    ];
    assert_eq!(told(&history(by_the_next.into())), NOTHING);
    let batch = [
        given("a#1", &[0, 1]),
        does("a#1", &["p0", "p1"]),
        commits("a#1", 2),
    ];
    assert_eq!(told(&history(batch.into())), NOTHING);
}

#[test]
fn what_may_be_the_work_of_any_payment_is_taken_for_it() {
    let after = [given("a#1", &[0]), does("a#1", &[]), commits("a#1", 1)];
    assert_eq!(told(&history(after.into())), NOTHING);
    // Before anybody was given it, it was nobody's.
    let before = [
        does("a#1", &[]),
        given("a#1", &[0]),
        commits("a#1", 1),
        does("a#1", &["p0"]),
    ];
    assert_eq!(told(&history(before.into())), ahead("p0"));
}

#[test]
fn who_commits_past_several_is_told_of_those_that_are_not_done() {
    let seen = [
        given("a#1", &[0, 1]),
        does("a#1", &["p0"]),
        commits("a#1", 2),
        does("a#1", &["p1"]),
    ];
    assert_eq!(told(&history(seen.into())), ahead("p1"));
}

#[test]
fn what_another_process_does_without_the_record_was_handed_over_where_nobody_looks() {
    let committed = [given("a#1", &[0, 1]), commits("a#1", 2)];
    let by_itself = [committed.to_vec(), vec![does("a#1", &["p0", "p1"])]].concat();
    assert!(!hands_over(&history(by_itself)));
    let by_the_next = [
        committed.to_vec(),
        vec![started("a#2"), does("a#2", &["p0"]), does("a#1", &["p1"])],
    ];
    let by_the_next = history(by_the_next.concat());
    assert!(hands_over(&by_the_next));
    assert_eq!(told(&by_the_next), ahead("p1"));
    let written = vec![does("a#1", &[]), started("a#2"), does("a#2", &["p0"])];
    assert!(!hands_over(&history(
        [committed.to_vec(), written].concat()
    )));
    let given_again = vec![started("a#2"), given("a#2", &[0]), does("a#2", &["p0"])];
    assert!(!hands_over(&history(
        [committed.to_vec(), given_again].concat()
    )));
}

#[test]
fn what_nobody_was_seen_to_fetch_is_not_told() {
    let seen = [commits("a#1", 1), does("a#1", &["p0"])];
    assert_eq!(told(&history(seen.into())), NOTHING);
}

/// `p0` is done and acknowledged by `a#1`, and `p1` is there once.
fn settled() -> Vec<(&'static str, LogEvent)> {
    vec![
        started("a#1"),
        given("a#1", &[0, 1]),
        asks("a#1", "p0"),
        does("a#1", &["p0"]),
        commits("a#1", 1),
    ]
}

fn with(more: Vec<(&'static str, LogEvent)>) -> LogHistory {
    history([settled(), more].concat())
}

fn again() -> Vec<(&'static str, String)> {
    vec![("redelivered_after_commit", "p0".to_owned())]
}

#[test]
fn who_goes_back_behind_its_own_commit_is_told() {
    let seeks = with(vec![given("a#1", &[0]), asks("a#1", "p0")]);
    assert_eq!(told(&seeks), again());
    let findings = log_findings(&seeks, Guarantee::EffectivelyOnce);
    let expected = LogFinding::RedeliveredAfterCommit {
        payment: "p0".to_owned(),
        partition: 0,
        offset: 0,
        to: "a#1".to_owned(),
        delivered_ms: 5.0,
        committed_by: "a#1".to_owned(),
        position: 1,
        committed_ms: 4.0,
    };
    assert_eq!(findings, [expected]);
}

#[test]
fn who_begins_behind_what_is_committed_is_told() {
    let begins = vec![started("a#2"), given("a#2", &[0]), asks("a#2", "p0")];
    assert_eq!(told(&with(begins)), again());
}

#[test]
fn a_record_that_is_fetched_and_not_handed_over_is_no_redelivery() {
    assert_eq!(told(&with(vec![given("a#1", &[0])])), NOTHING);
    let another = vec![given("a#1", &[0]), asks("a#1", "p1")];
    assert_eq!(told(&with(another)), NOTHING);
}

#[test]
fn between_its_delivery_and_its_commit_a_record_may_come_again() {
    let seen = [
        started("a#1"),
        given("a#1", &[0]),
        does("a#1", &["p0"]),
        started("a#2"),
        given("a#2", &[0, 1]),
        asks("a#2", "p0"),
        commits("a#2", 1),
    ];
    assert_eq!(told(&history(seen.into())), NOTHING);
}

#[test]
fn who_lived_already_and_did_not_commit_itself_may_be_given_it() {
    let zombie = [
        vec![started("z#1")],
        settled(),
        vec![given("z#1", &[0]), asks("z#1", "p0")],
    ];
    assert_eq!(told(&history(zombie.concat())), NOTHING);
}

#[test]
fn who_was_struck_may_go_back_to_what_it_does_not_know_to_be_acknowledged() {
    let struck = vec![
        ("a#1", LogEvent::Struck),
        given("a#1", &[0]),
        asks("a#1", "p0"),
    ];
    assert_eq!(told(&with(struck)), NOTHING);
}

#[test]
fn a_position_that_went_back_makes_what_lies_behind_it_legal() {
    let back = vec![commits("b#1", 0), given("a#1", &[0]), asks("a#1", "p0")];
    assert_eq!(told(&with(back)), NOTHING);
}

#[test]
fn a_position_of_a_transaction_may_come_late() {
    let mut seen = settled();
    let LogEvent::Committed { by_transaction, .. } = &mut seen[4].1 else {
        panic!("{seen:?}");
    };
    *by_transaction = true;
    seen.extend([started("a#2"), given("a#2", &[0]), asks("a#2", "p0")]);
    assert_eq!(told(&history(seen)), NOTHING);
}

#[test]
fn who_reads_everything_twice_is_left_alone_and_so_is_a_replay() {
    let twice = with(vec![given("a#1", &[0, 1]), asks("a#1", "p0")]);
    assert_eq!(told(&twice), NOTHING);
    let mut replayed = with(vec![given("a#1", &[0]), asks("a#1", "p0")]);
    replayed.is_replayed = true;
    assert_eq!(told(&replayed), NOTHING);
}

#[test]
fn what_is_not_done_may_come_again_whatever_is_committed() {
    // Its own position is the consumer's; that of the group is moved by a timer that nobody heeds.
    let seen = [
        started("a#1"),
        given("a#1", &[0, 1]),
        does("a#1", &[]),
        commits("a#1", 1),
        started("a#2"),
        given("a#2", &[0]),
        asks("a#2", "p0"),
        does("a#2", &["p0"]),
    ];
    assert_eq!(told(&history(seen.into())), NOTHING);
}

fn of_one_key(seen: Vec<(&'static str, LogEvent)>) -> LogHistory {
    let mut history = history(seen);
    for record in &mut history.records {
        record.key = Some("k".to_owned());
    }
    history
}

#[test]
fn of_one_key_the_later_is_not_to_be_done_first() {
    let swapped = || vec![does("a#1", &["p1"]), does("a#1", &["p0"])];
    let told_of = told(&of_one_key(swapped()));
    assert_eq!(told_of, [("out_of_order", "p0".to_owned())]);
    assert_eq!(told(&history(swapped())), NOTHING, "each has its own key");
    let in_order = vec![does("a#1", &["p0"]), does("a#1", &["p1"])];
    assert_eq!(told(&of_one_key(in_order)), NOTHING);
    let again = vec![
        does("a#1", &["p0"]),
        does("a#1", &["p1"]),
        does("a#1", &["p0"]),
    ];
    assert_eq!(told(&of_one_key(again)), NOTHING);
}

#[test]
fn what_overlaps_or_is_of_another_kind_is_in_no_order() {
    let spoilt = |spoil: &dyn Fn(&mut LogEvent)| {
        let mut history = of_one_key(vec![does("a#1", &["p1"]), does("a#1", &["p0"])]);
        spoil(&mut history.facts[1].event);
        told(&history)
    };
    let overlaps = spoilt(&|event| {
        let LogEvent::Done { asked_ms, .. } = event else {
            panic!("{event:?}");
        };
        *asked_ms = 0.0;
    });
    assert_eq!(overlaps, NOTHING);
    let another = spoilt(&|event| {
        let LogEvent::Done { is_effect, .. } = event else {
            panic!("{event:?}");
        };
        *is_effect = false;
    });
    assert_eq!(another, NOTHING);
}
