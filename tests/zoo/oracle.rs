//! The zoo: consumers that an exploration must find out without any hint, and consumers that it
//! must not accuse. `tests/zoo/expected.toml` is the oracle, and was written before the first run.

use std::path::PathBuf;

use crashwindow::chaos::Fault;
use crashwindow::report::explore::{Cell, CellOutcome};
use crashwindow::verdict::Verdict;
use serde::Deserialize;

use crate::support::explore;

#[derive(Deserialize)]
struct Zoo {
    consumer: Vec<Consumer>,
}

#[derive(Deserialize)]
struct Consumer {
    name: String,
    guarantee: String,
    schema: String,
    recorded: String,
    finds: Vec<Expected>,
    #[serde(default)]
    shows: Vec<Expected>,
    #[serde(default)]
    may_break: Vec<Fault>,
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
    /// A window is named by the event that it begins after, or by the one that it ends before.
    fn is(&self, cell: &Cell) -> bool {
        let named = |name: &Option<String>, event: &Option<String>| {
            name.as_ref()
                .is_none_or(|name| event.as_ref() == Some(name))
        };
        self.fault == cell.fault
            && named(&self.before, &cell.window.before)
            && named(&self.after, &cell.window.after)
    }
}

fn zoo() -> Zoo {
    let text = include_str!("expected.toml");
    toml::from_str(text).expect("the oracle is well formed")
}

/// What of the matrix is not as the oracle has it.
fn surprises(consumer: &Consumer, cells: &[Cell]) -> Vec<String> {
    let mut surprises = Vec::new();
    let expected = || consumer.finds.iter().chain(&consumer.shows);
    for want in expected() {
        if !cells
            .iter()
            .any(|cell| want.is(cell) && cell.outcome == want.outcome)
        {
            let got: Vec<&str> = cells
                .iter()
                .filter(|c| want.is(c))
                .map(|c| c.outcome.name())
                .collect();
            surprises.push(format!("{want:?}: got {got:?}"));
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
    surprises
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
    let program = PathBuf::from(crate::support::CRASHWINDOW).with_file_name(name);
    // What is planted is lost for good. What must not be accused is given all the time there is.
    let patience = if consumer.finds.is_empty() { "20" } else { "3" };
    let report = explore(&[
        "--patience",
        patience,
        "--guarantee",
        &consumer.guarantee,
        "--schema",
        schema.to_str().unwrap(),
        "--recorded",
        &consumer.recorded,
        "--",
        program.to_str().unwrap(),
    ]);
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
}
