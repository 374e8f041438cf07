//! What keeps a zombie's successor waiting is told as what it is.

use crashwindow::chaos::Fault;
use crashwindow::report::explore::CellOutcome;
use crashwindow::verdict::{Outcome, Verdict};

use crate::support::consumers::program;
use crate::support::explore;

/// Its position is in the frozen instance's transaction, which nobody ends before it is thawed:
/// without being told, the successor was given up after 20 s.
#[test]
fn who_waits_for_an_open_transaction_is_fenced_and_not_stalled() {
    let program = program("topic-to-topic");
    let flags = ["--effects-topic", "receipts", "--faults", "zombie"];
    let command = ["--", program.to_str().unwrap()];
    let report = explore(&[&flags[..], &command].concat());
    let told = |cell: &&crashwindow::report::explore::Cell| {
        let line = |what: &str| {
            cell.biography
                .iter()
                .any(|line| line.what.starts_with(what))
        };
        line("met the open transaction of a") && line("put offset ")
    };
    let fenced: Vec<_> = report.cells.iter().filter(told).collect();
    assert!(!fenced.is_empty(), "{:#?}", report.cells);
    for cell in fenced {
        assert_eq!(cell.outcome, CellOutcome::Fenced, "{}", cell.text);
        assert_eq!(cell.verdict, Verdict::Held, "{}", cell.text);
    }
}

#[test]
fn the_lock_of_another_payment_is_no_fence_of_the_struck_one() {
    let (program, schema) = (program("bad-habits"), "tests/zoo/schema.sql");
    let command = format!("{} commits-in-pairs", program.display());
    let report = explore(&[
        "--schema",
        schema,
        "--effects",
        "SELECT msg_id FROM claims",
        "--payments",
        "4",
        "--partitions",
        "1",
        "--faults",
        "zombie",
        "--",
        "sh",
        "-c",
        &format!("exec {command}"),
    ]);
    let of_another = |cell: &&crashwindow::report::explore::Cell| {
        let waited = "b waited, with msg-0001 in hand, for a lock that a holds";
        cell.fault == Fault::Zombie && cell.text.contains(waited)
    };
    let cells: Vec<_> = report.cells.iter().filter(of_another).collect();
    assert!(!cells.is_empty(), "{:#?}", report.cells);
    for cell in cells {
        assert_eq!(
            cell.outcome,
            CellOutcome::Of(Outcome::Once),
            "{}",
            cell.text
        );
        assert_eq!(cell.verdict, Verdict::Unknown, "{}", cell.text);
    }
}
