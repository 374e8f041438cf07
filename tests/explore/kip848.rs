//! Lab 1's consumers in a group of the new protocol (KIP-848) have lab 1's matrix: what a consumer
//! promises does not hang on how its group is managed.
//!
//! Its zombies may go on with records from their buffers before they hear that they were evicted,
//! which is what the successor has done by then.

use std::path::Path;

use crashwindow::verdict::Verdict;

use crate::labs::is_lab_1;
use crate::support::consumers::program;
use crate::support::{explore, labs};

fn check(consumer: &str) -> Verdict {
    let folder = labs().join("01-select-then-act");
    is_lab_1s_source(consumer, &folder);
    let program = program(&format!("kip848-{consumer}"));
    let report = explore(&[
        "--schema",
        folder.join("schema.sql").to_str().unwrap(),
        "--recorded",
        "SELECT msg_id FROM processed",
        "--",
        program.to_str().unwrap(),
    ]);
    is_lab_1(consumer, &report);
    report.verdict
}

/// The program differs from lab 1's in its title and in one setting: else the matrices could not be
/// compared.
fn is_lab_1s_source(consumer: &str, lab: &Path) {
    let own = format!("tests/explore/consumers/kip848_{consumer}.rs");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join(own);
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let (own, lab) = (read(&own), read(&lab.join(format!("{consumer}.rs"))));
    let differing: Vec<(&str, &str)> = own
        .lines()
        .zip(lab.lines())
        .filter(|(own, lab)| own != lab)
        .collect();
    assert_eq!(own.lines().count(), lab.lines().count());
    assert!(
        matches!(differing[..], [_, (new, old)]
            if new.contains("\"group.protocol\", \"consumer\"") && old.contains("heartbeat.interval")),
        "{differing:#?}"
    );
}

#[test]
fn lab_1_broken_has_the_same_matrix_under_kip_848() {
    assert_eq!(check("broken"), Verdict::Violated);
}

#[test]
fn lab_1_fixed_has_the_same_matrix_under_kip_848() {
    assert_eq!(check("fixed"), Verdict::Held);
}
