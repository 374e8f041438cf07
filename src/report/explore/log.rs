//! What was seen of the log, in words.

use super::{Cell, ExploreReport};
use crate::verdict::LogFinding;

/// What is told of a cell: a line for each kind of finding, with the evidence of the first.
#[must_use]
pub fn lines(cell: &Cell) -> Vec<String> {
    let kinds = kinds(&cell.log);
    let line = |first: &&LogFinding| {
        let alike = cell.log.iter().filter(|f| f.name() == first.name());
        let others = match alike.count() - 1 {
            0 => String::new(),
            1 => "; so it was with 1 other payment".to_owned(),
            n => format!("; so it was with {n} other payments"),
        };
        format!("{}: {}{others}", head(first), evidence(first))
    };
    kinds.iter().map(line).collect()
}

/// What is told of all cells together: for each kind of finding in how many it was made, with the
/// evidence of the first, and what it means.
#[must_use]
pub fn summary(report: &ExploreReport) -> Vec<String> {
    let cells = &report.cells;
    let kinds = kinds(cells.iter().flat_map(|cell| &cell.log));
    let of_kind = |first: &&LogFinding| {
        let has = |cell: &&Cell| cell.log.iter().any(|f| f.name() == first.name());
        let (number, all) = (cells.iter().filter(has).count(), cells.len());
        let (head, evidence, means) = (head(first), evidence(first), means(first));
        format!("{number} of {all} cells: {head}: {evidence}. {means}")
    };
    kinds.iter().map(of_kind).collect()
}

/// The first of each kind.
fn kinds<'a>(findings: impl IntoIterator<Item = &'a LogFinding>) -> Vec<&'a LogFinding> {
    let mut kinds: Vec<&LogFinding> = Vec::new();
    for finding in findings {
        if !kinds.iter().any(|known| known.name() == finding.name()) {
            kinds.push(finding);
        }
    }
    kinds
}

fn head(finding: &LogFinding) -> &'static str {
    match finding {
        LogFinding::CommittedAhead { .. } => "committed ahead of work",
        LogFinding::RedeliveredAfterCommit { .. } => "redelivered after the commit",
        LogFinding::OutOfOrder { .. } => "order broken within a key",
    }
}

fn means(finding: &LogFinding) -> &'static str {
    match finding {
        LogFinding::CommittedAhead { .. } => {
            "That loses nothing by itself; a crash in between does."
        }
        LogFinding::RedeliveredAfterCommit { .. } => {
            "That does no harm by itself; without dedup it does."
        }
        LogFinding::OutOfOrder { .. } => {
            "Kafka keeps the order of a key, and this consumer does not."
        }
    }
}

fn evidence(finding: &LogFinding) -> String {
    match finding {
        LogFinding::CommittedAhead {
            payment,
            partition,
            offset,
            by,
            position,
            committed_ms,
            done_ms,
        } => {
            let done = match done_ms {
                Some(done) => format!("that was done {:.1} ms later", done - committed_ms),
                None => "nothing was done for it afterwards".to_owned(),
            };
            format!(
                "{by} committed offset {position} of partition {partition}, past {payment} at \
                 {offset}, when nothing was seen to be done for it; {done}"
            )
        }
        LogFinding::RedeliveredAfterCommit {
            payment,
            partition,
            offset,
            to,
            delivered_ms,
            committed_by,
            position,
            committed_ms,
        } => {
            let since = delivered_ms - committed_ms;
            format!(
                "{to} was given {payment}, at {offset} of partition {partition}, {since:.1} ms after \
                 {committed_by} had committed offset {position}; the payment had been done"
            )
        }
        LogFinding::OutOfOrder {
            key,
            partition,
            first,
            second,
            ..
        } => format!(
            "{second} was done before {first} was begun, which has the same key, {key}, and stands \
             before it in partition {partition}"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn ahead(payment: &str, done_ms: Option<f64>) -> LogFinding {
        LogFinding::CommittedAhead {
            payment: payment.into(),
            partition: 1,
            offset: 2,
            by: "a#1".into(),
            position: 3,
            committed_ms: 100.0,
            done_ms,
        }
    }

    #[test]
    fn each_kind_is_a_line_with_the_evidence_of_the_first() {
        let mut cell = fixture::report().cells.remove(0);
        assert!(lines(&cell).is_empty());
        cell.log = vec![
            ahead("msg-0003", Some(112.5)),
            ahead("msg-0004", None),
            LogFinding::RedeliveredAfterCommit {
                payment: "msg-0005".into(),
                partition: 0,
                offset: 6,
                to: "b#1".into(),
                delivered_ms: 30.0,
                committed_by: "a#1".into(),
                position: 9,
                committed_ms: 20.0,
            },
            LogFinding::OutOfOrder {
                key: "order-1".into(),
                partition: 0,
                first: "msg-0001".into(),
                second: "msg-0002".into(),
                second_done_ms: 1.0,
                first_asked_ms: 2.0,
            },
        ];
        let expected = [
            "committed ahead of work: a#1 committed offset 3 of partition 1, past msg-0003 at 2, when \
             nothing was seen to be done for it; that was done 12.5 ms later; so it was with 1 other \
             payment",
            "redelivered after the commit: b#1 was given msg-0005, at 6 of partition 0, 10.0 ms after \
             a#1 had committed offset 9; the payment had been done",
            "order broken within a key: msg-0002 was done before msg-0001 was begun, which has the \
             same key, order-1, and stands before it in partition 0",
        ];
        assert_eq!(lines(&cell), expected);
    }

    #[test]
    fn cells_are_counted_once_for_each_kind() {
        let mut report = fixture::report();
        for cell in &mut report.cells {
            cell.log.clear();
        }
        assert!(summary(&report).is_empty());
        let found = vec![ahead("msg-0003", None), ahead("msg-0004", None)];
        (report.cells[1].log, report.cells[2].log) = (found.clone(), found);
        let told = summary(&report);
        let [only] = told.as_slice() else {
            panic!("{told:?}");
        };
        assert!(
            only.starts_with("2 of 10 cells: committed ahead of work: a#1"),
            "{only}"
        );
        assert!(
            only.contains("nothing was done for it afterwards. That loses"),
            "{only}"
        );
    }
}
