//! The zoo: consumers that an exploration must find out without any hint, and consumers that it
//! must not accuse. `tests/zoo/expected.toml` is the oracle, and was written before the first run.

use std::path::PathBuf;

use crashwindow::chaos::Fault;
use crashwindow::report::explore::{Cell, CellOutcome};
use crashwindow::verdict::Verdict;
use serde::Deserialize;

use crate::support::consumers::program;
use crate::support::explore_with;
use crate::support::redis::Redis;

#[derive(Deserialize)]
struct Zoo {
    consumer: Vec<Consumer>,
}

#[derive(Deserialize)]
struct Consumer {
    name: String,
    bin: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    guarantee: String,
    schema: String,
    recorded: Option<String>,
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    redis: bool,
    finds: Vec<Expected>,
    #[serde(default)]
    shows: Vec<Expected>,
    #[serde(default)]
    may_break: Vec<Fault>,
    /// The findings about the log that must be told in some cell; of who breaks nothing, no other may.
    #[serde(default)]
    log: Vec<String>,
    held_otherwise: bool,
}

#[derive(Debug, Deserialize)]
struct Expected {
    fault: Fault,
    before: Option<String>,
    after: Option<String>,
    outcome: CellOutcome,
}

impl Expected {
    /// A window is named by the event that it begins after, or by the one that it ends before; a
    /// statement's first words will do.
    fn is(&self, cell: &Cell) -> bool {
        let named = |name: &Option<String>, event: &Option<String>| {
            name.as_ref()
                .is_none_or(|name| event.as_ref().is_some_and(|e| e.starts_with(name)))
        };
        self.fault == cell.fault
            && named(&self.before, &cell.window.before)
            && named(&self.after, &cell.window.after)
    }
}

fn zoo() -> Zoo {
    let text = include_str!("expected.toml");
    toml::from_str(text).unwrap_or_else(|e| panic!("expected.toml: {}", e.message()))
}

/// What of the matrix is not as the oracle has it.
fn surprises(consumer: &Consumer, cells: &[Cell]) -> Vec<String> {
    let mut surprises = Vec::new();
    let expected = || consumer.finds.iter().chain(&consumer.shows);
    let finds = consumer.finds.iter().map(|want| (want, Verdict::Violated));
    let shows = consumer.shows.iter().map(|want| (want, Verdict::Held));
    for (want, verdict) in finds.chain(shows) {
        let got: Vec<&Cell> = cells.iter().filter(|cell| want.is(cell)).collect();
        let is_there = |cell: &&Cell| cell.outcome == want.outcome && cell.verdict == verdict;
        if !got.iter().any(is_there) {
            let got = got.iter().map(|c| (c.outcome.name(), c.verdict.name()));
            let got: Vec<_> = got.collect();
            surprises.push(format!("{want:?}: {}: got {got:?}", verdict.name()));
        }
    }
    for cell in cells {
        let known =
            expected().any(|want| want.is(cell)) || consumer.may_break.contains(&cell.fault);
        if consumer.held_otherwise && !known && cell.verdict != Verdict::Held {
            let (verdict, text) = (cell.verdict.name(), &cell.text);
            surprises.push(format!(
                "{verdict} and not expected: {text}; {}",
                cell.replay
            ));
        }
    }
    surprises.extend(surprises_of_the_log(consumer, cells));
    surprises
}

/// What is told of the log and should not be, and the other way round.
fn surprises_of_the_log(consumer: &Consumer, cells: &[Cell]) -> Vec<String> {
    let told = || {
        let cells = cells.iter();
        cells.flat_map(|cell| cell.log.iter().map(move |finding| (cell, finding)))
    };
    let is_told = |name: &&String| told().any(|(_, finding)| finding.name() == name.as_str());
    let missing = consumer.log.iter().filter(|name| !is_told(name));
    let missing = missing.map(|name| format!("{name} is told in no cell"));
    let is_known = |name: &str| consumer.log.iter().any(|known| known == name);
    let false_ones = told().filter(|(_, f)| consumer.finds.is_empty() && !is_known(f.name()));
    let false_ones = false_ones.map(|(cell, f)| format!("not expected: {f:?}; {}", cell.replay));
    missing.chain(false_ones).collect()
}

fn check(name: &str) {
    let zoo = zoo();
    let consumer = zoo
        .consumer
        .iter()
        .find(|c| c.name == name)
        .expect("it is in the oracle");
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let schema = root.join("tests/zoo").join(&consumer.schema);
    let bin = consumer.bin.as_ref().unwrap_or(&consumer.name);
    let program = program(bin);
    // What is planted is lost for good. What must not be accused is given all the time there is.
    let patience = if consumer.finds.is_empty() { "20" } else { "3" };
    let mut args = vec![
        "--patience",
        patience,
        "--guarantee",
        &consumer.guarantee,
        "--schema",
        schema.to_str().unwrap(),
    ];
    if let Some(query) = &consumer.recorded {
        args.extend(["--recorded", query]);
    }
    args.extend(consumer.options.iter().map(String::as_str));
    args.extend(["--", program.to_str().unwrap()]);
    args.extend(consumer.args.iter().map(String::as_str));
    let redis = consumer.redis.then(Redis::start);
    let redis_url = redis.as_ref().map(Redis::url);
    let variables = redis_url.as_deref().map(|url| ("REDIS_URL", url));
    let report = explore_with(variables.as_slice(), &args);
    let surprises = surprises(consumer, &report.cells);
    assert!(surprises.is_empty(), "{name}: {surprises:#?}");
    let expected = if consumer.finds.is_empty() {
        Verdict::Held
    } else {
        Verdict::Violated
    };
    assert_eq!(report.verdict, expected, "{name}: {}", report.headline);
}

macro_rules! zoo {
    ($($test:ident => $name:literal,)*) => {
        $(#[test]
        fn $test() {
            check($name);
        })*

        #[test]
        fn every_consumer_of_the_zoo_is_tried() {
            let mut tried = vec![$($name),*];
            let oracle = zoo();
            let mut known: Vec<&str> = oracle.consumer.iter().map(|c| c.name.as_str()).collect();
            tried.sort_unstable();
            known.sort_unstable();
            assert_eq!(tried, known);
        }
    };
}

zoo! {
    auto_commit_behind_a_slow_effect_is_found_to_lose => "zoo-auto-commit-slow",
    a_commit_before_the_effect_is_found_to_lose => "zoo-commit-first",
    a_swallowed_error_is_found_to_lose => "zoo-swallow",
    a_shutdown_that_commits_too_far_is_found_to_lose => "zoo-shutdown",
    dedup_on_the_offset_is_found_to_duplicate => "zoo-dedup-offset",
    a_charge_without_a_key_is_found_to_duplicate => "zoo-no-key",
    a_zombie_of_a_slow_consumer_is_found_to_duplicate => "zoo-slow-act",
    auto_commit_that_polls_when_done_is_not_accused => "zoo-auto-commit-poll",
    a_durable_worker_is_not_accused => "zoo-durable-worker",
    a_successor_that_waits_for_a_lock_is_not_accused => "zoo-lock-waiter",
    a_double_entry_ledger_is_not_accused => "zoo-double-entry",
    statements_of_the_order_alone_are_found_to_duplicate => "zoo-order-broken",
    statements_of_the_order_alone_are_not_accused => "zoo-order-twin",
    a_timer_that_outruns_a_pickled_job_is_found_to_lose => "zoo-pickled-broken",
    pickled_jobs_are_not_accused => "zoo-pickled-twin",
    a_queue_that_nobody_looks_after_is_found_to_lose => "zoo-queue-broken",
    a_queue_that_the_next_start_recovers_is_not_accused => "zoo-queue-twin",
    sealed_rows_are_found_to_duplicate => "zoo-sealed-broken",
    sealed_rows_are_not_accused => "zoo-sealed-twin",
    coordinates_as_key_are_found_to_duplicate_a_message => "zoo-coordinates-per-message",
    coordinates_as_key_are_not_accused_of_a_record => "zoo-coordinates-per-record",
    a_batch_written_after_its_commit_is_found_to_lose => "zoo-batch-broken",
    a_batch_written_before_its_commit_is_not_accused => "zoo-batch-twin",
    the_skipped_rest_of_a_poll_is_found_to_be_lost => "zoo-skip-rest-broken",
    going_back_after_a_failure_is_not_accused => "zoo-skip-rest-twin",
    parking_that_nobody_waits_for_is_found_to_lose => "zoo-park-broken",
    what_is_parked_is_not_called_lost => "zoo-park-twin",
    a_marker_in_redis_before_the_charge_is_found_to_lose => "zoo-redis-broken",
    a_marker_in_redis_after_the_charge_is_not_accused => "zoo-redis-twin",
    a_group_that_is_never_left_is_judged_to_lose => "zoo-no-leave-broken",
    a_group_that_is_never_left_is_judged_to_hold => "zoo-no-leave-twin",
    a_revoked_partition_committed_too_far_is_found_to_lose => "zoo-revoke-broken",
    work_dropped_with_its_partition_is_not_accused => "zoo-revoke-twin",
    a_group_that_waits_for_work_in_hand_is_not_accused => "zoo-rejoin",
}

#[test]
fn what_is_told_of_the_log_is_held_against_the_oracle_in_both_directions() {
    let cells = |log: serde_json::Value| -> Vec<Cell> {
        let cell = serde_json::json!([{
            "cell": 1, "window": { "after": null, "before": null, "occurrence": 1 }, "fault": "kill",
            "outcome": "once", "verdict": "held", "payment": "msg-0001", "text": "", "log": log,
            "biography": [], "replay": "",
        }]);
        serde_json::from_value(cell).expect("a cell")
    };
    let ahead = serde_json::json!([{
        "finding": "committed_ahead", "payment": "msg-0001", "partition": 0, "offset": 0, "by": "a#1",
        "position": 1, "committed_ms": 1.0, "done_ms": null,
    }]);
    let surprises = |name: &str, log: &serde_json::Value| {
        let zoo = zoo();
        let consumer = zoo.consumer.iter().find(|c| c.name == name);
        surprises_of_the_log(consumer.expect(name), &cells(log.clone())).len()
    };
    let nothing = serde_json::json!([]);
    assert_eq!(surprises("zoo-commit-first", &ahead), 0);
    assert_eq!(
        surprises("zoo-commit-first", &nothing),
        1,
        "it must be told"
    );
    assert_eq!(surprises("zoo-lock-waiter", &nothing), 0);
    assert_eq!(
        surprises("zoo-lock-waiter", &ahead),
        1,
        "it must not be told"
    );
}
