//! The examples in other languages, explored like everything else: nothing in them is the lab's.

use crashwindow::chaos::Fault;
use crashwindow::report::explore::CellOutcome;
use crashwindow::verdict::Verdict;

use crate::support::explore;

fn explored(language: &str, consumer: &str) -> crashwindow::report::explore::ExploreReport {
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
    explore(&["--schema", "examples/schema.sql", "--", &program, consumer])
}

/// Which faults after the charge make the broken consumer charge twice.
fn broken_charges_twice(language: &str, faults: &[Fault]) {
    let report = explored(language, "broken");
    assert_eq!(report.verdict, Verdict::Violated, "{}", report.headline);
    for fault in faults {
        let found = report.cells.iter().any(|cell| {
            cell.fault == *fault
                && cell.outcome == CellOutcome::Duplicated
                && cell.window.after.as_deref() == Some("POST /v1/charges")
        });
        assert!(found, "{fault} after the charge: {:#?}", report.cells);
    }
}

fn fixed_charges_once(language: &str) {
    let report = explored(language, "fixed");
    let bad: Vec<_> = report
        .cells
        .iter()
        .filter(|c| c.verdict != Verdict::Held)
        .collect();
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
