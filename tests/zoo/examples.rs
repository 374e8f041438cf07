//! The examples in other languages, explored like everything else: nothing in them is the lab's.

use crashwindow::chaos::Fault;
use crashwindow::report::explore::{CellOutcome, ExploreReport};
use crashwindow::verdict::{Outcome, Verdict};

use crate::support::explore;

fn explored(language: &str, consumer: &str) -> ExploreReport {
    let options = ["--schema", "examples/schema.sql"];
    explored_with(language, &options, &[consumer])
}

/// A JVM with a framework needs 4 s on a quiet machine to join, and beside compilers longer than the 30 s
/// that are usual.
const JOIN: [&str; 2] = ["--join", "120"];

fn explored_with(language: &str, options: &[&str], consumer: &[&str]) -> ExploreReport {
    let setup = std::process::Command::new("examples/setup")
        .arg(language)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("the setup starts");
    assert!(
        setup.status.success(),
        "{}",
        String::from_utf8_lossy(&setup.stderr)
    );
    let program = format!("examples/{language}/run");
    explore(&[options, &JOIN, &["--", &program], consumer].concat())
}

/// Which faults after the charge make the broken consumer charge twice.
fn broken_charges_twice(language: &str, faults: &[Fault]) {
    let report = explored(language, "broken");
    assert_eq!(report.verdict, Verdict::Violated, "{}", report.headline);
    for fault in faults {
        let found = report.cells.iter().any(|cell| {
            cell.fault == *fault
                && cell.outcome == CellOutcome::Of(Outcome::Duplicated)
                && cell.window.after.as_deref() == Some("POST /v1/charges")
        });
        assert!(found, "{fault} after the charge: {:#?}", report.cells);
    }
}

fn fixed_charges_once(language: &str) {
    holds(&explored(language, "fixed"));
}

#[track_caller]
fn holds(report: &ExploreReport) {
    let cells = report.cells.iter();
    let bad: Vec<_> = cells.filter(|c| c.verdict != Verdict::Held).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    assert_eq!(report.verdict, Verdict::Held, "{}", report.headline);
}

#[test]
fn the_python_examples_are_told_apart() {
    broken_charges_twice("python", &[Fault::Kill, Fault::Zombie, Fault::LostResponse]);
    fixed_charges_once("python");
}

#[test]
fn the_node_examples_are_told_apart() {
    // stripe-node sends a request whose connection broke once more by itself, with the key that it
    // has made up for it: a lost answer alone does not charge twice.
    broken_charges_twice("node", &[Fault::Kill, Fault::Zombie]);
    fixed_charges_once("node");
}

#[test]
fn the_java_examples_are_told_apart() {
    broken_charges_twice("java", &[Fault::Kill, Fault::Zombie, Fault::LostResponse]);
    fixed_charges_once("java");
}

#[test]
fn a_spring_boot_consumer_is_not_accused() {
    let options = ["--schema", "examples/schema.sql"];
    holds(&explored_with("java-spring", &options, &[]));
}

#[test]
fn kafka_streams_is_not_accused_of_what_it_does_not_promise() {
    for (promised, guarantee) in [
        ("exactly-once", "exactly-once-per-record"),
        ("at-least-once", "at-least-once"),
    ] {
        let options = ["--effects-topic", "receipts", "--guarantee", guarantee];
        holds(&explored_with("java-streams", &options, &[promised]));
    }
}

#[test]
fn kafka_streams_that_commit_apart_are_found_to_write_twice() {
    let options = ["--effects-topic", "receipts"];
    let report = explored_with("java-streams", &options, &["at-least-once"]);
    let found = report.cells.iter().any(|cell| {
        cell.fault == Fault::Kill && cell.outcome == CellOutcome::Of(Outcome::Duplicated)
    });
    assert!(found, "{:#?}", report.cells);
}
