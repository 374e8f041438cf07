//! What a run reports.

use crashwindow::verdict::Verdict;
use serde_json::Value;

use crate::support::{self, crashwindow};

/// Few payments: these tests are about the report.
const SHORT: [&str; 4] = ["--payments", "20", "--strikes", "1"];

#[test]
fn a_run_whose_fault_never_fired_is_unknown() {
    let nowhere = [
        "run",
        "01",
        "--at",
        "POST /v1/refunds",
        "--payments",
        "20",
        "--strikes",
        "2",
    ];
    let report = support::report(&nowhere).unwrap();
    assert_eq!(report.verdict, Verdict::Unknown);
    assert_eq!(report.reasons, ["no fault fired"]);
    assert_eq!(
        report.counts.once, 20,
        "the payments themselves went through"
    );
    assert!(
        report
            .faults
            .iter()
            .all(|f| !f.fired && f.instance.is_none())
    );
    assert_eq!(crashwindow(&nowhere).status.code(), Some(2));
}

#[test]
fn a_run_without_a_fault_is_unknown_even_for_the_fixed_consumer() {
    let run = [
        "run",
        "01",
        "--consumer",
        "fixed",
        "--fault",
        "none",
        "--payments",
        "20",
    ];
    let report = support::report(&run).unwrap();
    assert_eq!((report.verdict, report.counts.once), (Verdict::Unknown, 20));
    assert_eq!(
        report.expected, None,
        "the manifest says nothing of such a run"
    );
}

#[test]
fn reports_keep_the_form_that_is_promised() {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/run.schema.json")).expect("it is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a JSON Schema");
    for what in [
        &["--consumer", "broken"][..],
        &["--consumer", "fixed", "--fault", "kill"],
        &["--fault", "none"],
    ] {
        let output = crashwindow(&[&["run", "01", "--json"], what, &SHORT].concat());
        let report: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
        let problems: Vec<String> = validator
            .iter_errors(&report)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(problems.is_empty(), "{what:?}: {problems:#?}");
    }
    // The schema can say no.
    assert!(!validator.is_valid(&serde_json::json!({ "schema": 1 })));
}

#[test]
fn the_report_for_a_person_says_what_happened_and_what_to_type_next() {
    let output = crashwindow(&[&["run", "01", "--seed", "7"][..], &SHORT].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for line in [
        "lab 01 select-then-act, broken: 20 payments, 2 instances, seed 7",
        "struck once: zombie before POST /v1/charges was executed",
        "  charged twice      1   msg-",
        "violated: effectively-once was promised and 1 customer paid more than once.",
        "kept: /",
        "next: crashwindow run 01 --consumer fixed --replay runs/",
    ] {
        assert!(text.contains(line), "no {line:?} in:\n{text}");
    }
    assert!(
        !text.contains('\x1b'),
        "colour codes where there is no terminal:\n{text}"
    );
}

#[test]
fn a_replay_executes_the_saved_schedule_and_finds_the_same() {
    let first = support::report(&[&["run", "01", "--fault", "kill"][..], &SHORT].concat()).unwrap();
    let again = support::report(&["replay", &first.run]).unwrap();
    assert_ne!(first.run, again.run);
    assert_eq!((first.seed, first.verdict), (again.seed, again.verdict));
    let struck = |r: &crashwindow::report::RunReport| r.faults[0].payment.clone();
    assert_eq!(struck(&first), struck(&again));
    assert_eq!(first.counts.duplicated, again.counts.duplicated);
}

#[test]
fn the_same_seed_strikes_the_same_payments() {
    let run = [
        "run",
        "01",
        "--seed",
        "42",
        "--payments",
        "30",
        "--strikes",
        "2",
        "--fault",
        "kill",
    ];
    let struck = || {
        let report = support::report(&run).unwrap();
        report
            .faults
            .iter()
            .map(|f| f.payment.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(struck(), struck());
}

#[test]
fn compare_shows_both_consumers_under_one_schedule() {
    let output = crashwindow(&[&["compare", "01", "--json"][..], &SHORT].concat());
    let reports: Vec<crashwindow::report::RunReport> =
        serde_json::from_slice(&output.stdout).expect("an array of reports");
    let [broken, fixed] = &reports[..] else {
        panic!("{} reports", reports.len())
    };
    assert_eq!(
        (broken.consumer.as_str(), fixed.consumer.as_str()),
        ("broken", "fixed")
    );
    assert_eq!(
        (broken.verdict, fixed.verdict),
        (Verdict::Violated, Verdict::Held)
    );
    assert_eq!(broken.faults[0].payment, fixed.faults[0].payment);
    assert_eq!(
        output.status.code(),
        Some(0),
        "both verdicts are the expected ones"
    );
}

#[test]
fn compare_shows_lab_after_lab_with_what_each_consumer_costs() {
    let output = crashwindow(&[&["compare", "01", "02"][..], &SHORT].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let row = |name: &str, number: usize| -> Vec<String> {
        let table = text.lines().filter(|l| l.starts_with("  "));
        let mut rows = table.filter(|l| l.trim_start().starts_with(name));
        let row = rows
            .nth(number)
            .unwrap_or_else(|| panic!("no {name:?} in:\n{text}"));
        let cells = row.trim_start()[name.len()..].split_whitespace();
        cells.map(str::to_owned).collect()
    };
    assert_eq!(row("broken", 0), ["fixed"]);
    assert_eq!(row("charged twice or more", 0), ["1", "0"]);
    assert_eq!(row("of these absorbed", 0), ["0", "1"]);
    assert_eq!(row("broken", 1), ["marker-first", "fixed"]);
    assert_eq!(row("marked paid twice or more", 0), ["1", "0", "0"]);
    // Two transactions are two commits, and one is one; the struck payment's is done again.
    let commits = row("database commits per payment", 1);
    let commits: Vec<f64> = commits.iter().map(|c| c.parse().unwrap()).collect();
    assert!((1.9..2.2).contains(&commits[0]), "{commits:?}");
    assert!((0.9..1.2).contains(&commits[2]), "{commits:?}");
    for rate in row("payments/s", 0) {
        assert!(rate.parse::<f64>().unwrap() > 0.0);
    }
}

#[test]
fn compare_can_replay_a_recorded_schedule() {
    let first = support::report(&[&["run", "01", "--fault", "kill"][..], &SHORT].concat()).unwrap();
    let output = crashwindow(&["compare", "01", "--replay", &first.run, "--json"]);
    let reports: Vec<crashwindow::report::RunReport> =
        serde_json::from_slice(&output.stdout).expect("an array of reports");
    assert_eq!(reports.len(), 2);
    for report in reports {
        assert_eq!(report.faults[0].payment, first.faults[0].payment);
        assert_eq!(report.faults[0].fault, first.faults[0].fault);
    }
}

#[test]
fn the_ledger_in_the_run_folder_is_what_was_counted() {
    let report =
        support::report(&[&["run", "01", "--fault", "kill"][..], &SHORT].concat()).unwrap();
    let ledger = std::fs::read(report.run_dir.join("ledger.json")).expect("the ledger is saved");
    let ledger: Vec<Value> = serde_json::from_slice(&ledger).unwrap();
    assert_eq!(
        ledger.len(),
        report.counts.once + 2 * report.counts.duplicated
    );
    let duplicate = &report.exceptions[0];
    let charges: Vec<&str> = ledger
        .iter()
        .filter(|c| c["payment"] == duplicate.payment.as_str())
        .map(|c| c["charge"].as_str().unwrap())
        .collect();
    assert_eq!(charges, duplicate.charges);
}
