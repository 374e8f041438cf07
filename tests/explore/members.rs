//! Who leaves its group without a word keeps nobody out of it.

use std::path::Path;

use crashwindow::verdict::Verdict;

use crate::support::{CRASHWINDOW, explore};

/// It hangs at the lost answer, is ended by SIGTERM, for which it has no handler, and would be a
/// member until its session ends, 45 s later: the clean instance had nothing to read.
#[test]
fn a_clean_instance_joins_although_its_predecessor_sent_no_leave_group() {
    let program = Path::new(CRASHWINDOW).with_file_name("bad-habits");
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
