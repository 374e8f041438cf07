//! Who leaves its group without a word keeps nobody out of it.

use crashwindow::verdict::Verdict;

use crate::support::consumers::program;
use crate::support::{crashwindow, explore};

fn consumer() -> String {
    let program = program("bad-habits");
    format!("exec {}", program.display())
}

/// It hangs at the lost answer, is ended by SIGTERM, for which it has no handler, and would be a
/// member until its session ends, 45 s later: the clean instance had nothing to read.
#[test]
fn a_clean_instance_joins_although_its_predecessor_sent_no_leave_group() {
    let program = program("bad-habits");
    let report = explore(&[
        "--faults",
        "lost-response",
        "--",
        program.to_str().unwrap(),
        "hangs-on-errors",
    ]);
    assert!(!report.cells.is_empty());
    let takes_over = |instance: &str| {
        let mut lines = report.cells.iter().flat_map(|cell| &cell.biography);
        lines.any(|line| line.who == instance)
    };
    assert!(takes_over("clean"), "{:#?}", report.cells);
    for cell in &report.cells {
        assert_eq!(cell.verdict, Verdict::Held, "{}", cell.text);
    }
}

/// As a JVM beside three others does. It was stopped for a clean instance 5 s after the strike, and its
/// start was paid twice.
#[test]
fn who_takes_longer_to_start_than_a_group_may_stand_still_is_not_replaced() {
    let script = format!("sleep 7; {}", consumer());
    let report = explore(&["--faults", "kill", "--", "sh", "-c", &script]);
    assert_eq!(report.verdict, Verdict::Held, "{}", report.headline);
    assert!(!report.cells.is_empty());
    let cells = std::fs::read_dir(report.run_dir.join("cells")).unwrap();
    for cell in cells.flatten() {
        let clean = cell.path().join("logs/clean-1.log");
        assert!(!clean.exists(), "{}", clean.display());
    }
}

#[test]
fn the_replay_of_a_cell_is_told_by_its_consumer_and_no_lab() {
    let report = explore(&["--faults", "duplicate", "--", "sh", "-c", &consumer()]);
    let command = report.cells[0].replay.strip_prefix("crashwindow ").unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let output = crashwindow(&words);
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(told.contains("sh: 8 payments, 1 instances"), "{told}");
    assert!(!told.contains("none"), "{told}");
}
