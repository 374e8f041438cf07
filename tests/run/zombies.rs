//! A zombie's successor is given all the time that it takes.

use crashwindow::verdict::Verdict;

use crate::lab_copy::LabCopy;
use crate::support;
use crate::support::consumers::program;

/// A successor that is silent for a while before it acts is not done: a zombie thawed then would
/// win the race by chance, and a broken consumer would be said to hold.
#[test]
fn a_zombie_is_thawed_after_a_slow_successor_and_not_during_it() {
    let program = program("zoo-slow-act");
    let slow = format!("{:?}", program.display().to_string());
    let lab = LabCopy::changed("\"lab-01-broken\"", &slow);
    let short = ["--payments", "2", "--strikes", "1", "--scenario", "zombie"];
    let run = [&["run", "01", "--labs", lab.labs()], &short[..]].concat();
    let report = support::report(&run).unwrap();
    assert_eq!(report.verdict, Verdict::Violated, "{:?}", report.run_dir);
    assert_eq!(report.counts.duplicated, 1);
}
