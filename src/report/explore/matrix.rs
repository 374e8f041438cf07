//! The matrix of an exploration, window × fault, as every form of the report shows it.

use super::{Cell, CellWindow, ExploreReport};
use crate::chaos::Fault;

pub(super) struct Matrix<'a> {
    pub faults: Vec<Fault>,
    pub rows: Vec<Row<'a>>,
}

pub(super) struct Row<'a> {
    pub window: &'a CellWindow,
    pub squares: Vec<Square<'a>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Square<'a> {
    None,
    Cell(&'a Cell),
    /// Whatever survives is the same as in this cell, of another window.
    Same(&'a Cell),
}

impl<'a> Square<'a> {
    pub fn cell(self) -> Option<&'a Cell> {
        match self {
            Square::Cell(cell) => Some(cell),
            Square::None | Square::Same(_) => None,
        }
    }
}

impl<'a> Matrix<'a> {
    /// By where they begin and end in the recording; else, in older reports, by the order of the
    /// cells.
    pub fn new(report: &'a ExploreReport) -> Self {
        let occurs = |fault: &Fault| report.cells.iter().any(|cell| cell.fault == *fault);
        let faults: Vec<Fault> = Fault::ALL.into_iter().filter(occurs).collect();
        let cells = report.cells.iter();
        let cells = cells.map(|cell| (&cell.window, cell.fault, Square::Cell(cell)));
        let same = report.merged.iter().filter_map(|same| {
            let cell = report.cells.iter().find(|cell| cell.cell == same.cell)?;
            Some((&same.window, same.fault, Square::Same(cell)))
        });

        let mut rows: Vec<Row<'a>> = Vec::new();
        for (window, fault, square) in cells.chain(same) {
            let Some(column) = faults.iter().position(|f| *f == fault) else {
                continue;
            };
            // A window that was struck twice with one fault gets a second row: no cell is hidden.
            let free =
                |row: &&mut Row| *row.window == *window && row.squares[column] == Square::None;
            match rows.iter_mut().find(free) {
                Some(row) => row.squares[column] = square,
                None => {
                    let mut squares = vec![Square::None; faults.len()];
                    squares[column] = square;
                    rows.push(Row { window, squares });
                }
            }
        }
        if rows.iter().all(|row| position(row.window).is_some()) {
            rows.sort_by_key(|row| position(row.window));
        }
        Self { faults, rows }
    }

    pub fn squares(&self) -> impl Iterator<Item = Square<'a>> + '_ {
        self.rows.iter().flat_map(|row| row.squares.iter().copied())
    }
}

/// The last window ends at no event; none where the report does not say.
fn position(window: &CellWindow) -> Option<(usize, usize)> {
    Some((number(window)?, window.before_event.unwrap_or(usize::MAX)))
}

/// `=3`: as in the window with this number, in which the cell was struck.
pub(super) fn same_as(cell: &Cell) -> String {
    let number = number(&cell.window);
    format!("={}", number.map_or_else(String::new, |n| n.to_string()))
}

/// `msg-0002`, `msg-0002 and 2 others`.
pub(super) fn hit(cell: &Cell) -> String {
    match cell.hit.saturating_sub(1) {
        0 => cell.payment.clone(),
        1 => format!("{} and 1 other", cell.payment),
        others => format!("{} and {others} others", cell.payment),
    }
}

/// With `name` applied to each event. What is not struck in a window has neither.
pub(super) fn edges(window: &CellWindow, name: impl Fn(&str) -> String) -> Vec<String> {
    // The occurrence counts the event at which the window begins, or ends where it has no
    // beginning.
    let nth = ordinal(window.occurrence);
    let (at_after, at_before) = match window.after {
        Some(_) => (nth.as_str(), ""),
        None => ("", nth.as_str()),
    };
    let edge = |side: &str, nth: &str, event: &str| format!("{side} {nth}{}", name(event));
    let after = window.after.as_deref().map(|e| edge("after", at_after, e));
    let before = window
        .before
        .as_deref()
        .map(|e| edge("before", at_before, e));
    after.into_iter().chain(before).collect()
}

/// `2nd `, and nothing for the first.
fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        _ if n <= 1 => return String::new(),
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending} ")
}

/// `after X, before Y`.
pub(super) fn label(window: &CellWindow) -> String {
    let edges = edges(window, str::to_owned);
    if edges.is_empty() {
        return "in no window".to_owned();
    }
    edges.join(", ")
}

/// Of the event after which the window begins, 0 before the first. None for what was not recorded,
/// or by a version that did not say.
pub(super) fn number(window: &CellWindow) -> Option<usize> {
    let ends = window.before_event.map(|at| at - 1);
    window.after_event.or(ends)
}

/// Of a statement its verb and its table, of a Kafka request its name.
pub(super) fn brief(signature: &str) -> String {
    if let Some(request) = signature.strip_prefix("kafka ") {
        return request.to_owned();
    }
    let words: Vec<&str> = signature.split_whitespace().collect();
    let is_table_next =
        |w: &str| matches!(w.to_ascii_uppercase().as_str(), "FROM" | "INTO" | "UPDATE");
    let table = words
        .iter()
        .position(|w| is_table_next(w))
        .and_then(|at| words.get(at + 1));
    match (words.first(), table) {
        (Some(verb), Some(table)) => {
            let end = table.find(['(', ';', ',']).unwrap_or(table.len());
            format!("{verb} {}", &table[..end])
        }
        _ => words.join(" "),
    }
}

/// Control characters, which a consumer may put into a statement or a path, must not reach a
/// terminal.
pub(super) fn shorten(text: &str, width: usize) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if plain.chars().count() <= width {
        return plain;
    }
    let kept: String = plain.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn window(after: Option<&str>, before: Option<&str>, occurrence: u32) -> CellWindow {
        let (after, before) = (after.map(Into::into), before.map(Into::into));
        CellWindow {
            after,
            before,
            occurrence,
            after_event: None,
            before_event: None,
        }
    }

    #[test]
    fn a_window_is_named_by_its_events_and_the_occurrence() {
        assert_eq!(label(&window(Some("X"), Some("Y"), 1)), "after X, before Y");
        assert_eq!(
            label(&window(Some("X"), Some("Y"), 2)),
            "after 2nd X, before Y"
        );
        assert_eq!(label(&window(Some("X"), None, 1)), "after X");
        assert_eq!(label(&window(None, Some("Y"), 3)), "before 3rd Y");
        assert_eq!(label(&window(None, None, 1)), "in no window");
    }

    #[test]
    fn a_windows_number_is_that_of_the_event_before_it() {
        let at = |after_event, before_event| CellWindow {
            after_event,
            before_event,
            ..window(Some("INSERT"), Some("INSERT"), 1)
        };
        assert_eq!(number(&at(Some(3), Some(4))), Some(3));
        assert_eq!(number(&at(Some(4), None)), Some(4));
        assert_eq!(number(&at(None, Some(1))), Some(0));
        assert_eq!(number(&at(None, None)), None);
    }

    #[test]
    fn rows_are_in_the_order_of_the_recording_whatever_the_order_of_the_cells() {
        let mut report = fixture::report();
        report.cells.reverse();
        let matrix = Matrix::new(&report);
        let numbers: Vec<_> = matrix.rows.iter().map(|row| number(row.window)).collect();
        assert_eq!(numbers, (1..=6).map(Some).collect::<Vec<_>>());
        let labels: Vec<String> = matrix.rows.iter().map(|row| label(row.window)).collect();
        // Two statements alike are two windows.
        let insert = fixture::INSERT;
        assert_eq!(labels[3], format!("after {insert}, before {insert}"));
        assert_eq!(
            labels[4],
            format!("after 2nd {insert}, before {}", fixture::COMMIT)
        );
    }

    #[test]
    fn a_window_that_needs_no_run_shows_whose_it_is_the_same_as() {
        let report = fixture::report();
        let matrix = Matrix::new(&report);
        let Square::Same(cell) = matrix.rows[1].squares[0] else {
            panic!("{:?}", matrix.rows[1].squares);
        };
        assert_eq!(cell.cell, 1);
        assert_eq!(same_as(cell), "=1");
        let same = matrix.squares().filter(|s| matches!(s, Square::Same(_)));
        assert_eq!(same.count(), report.merged.len());
    }

    #[test]
    fn a_report_that_says_no_positions_keeps_the_order_of_its_cells() {
        let mut report = fixture::report();
        report.merged.clear();
        for cell in &mut report.cells {
            (cell.window.after_event, cell.window.before_event) = (None, None);
        }
        let first = report.cells.pop().unwrap();
        report.cells.insert(0, first);
        let matrix = Matrix::new(&report);
        let told: Vec<usize> = matrix
            .squares()
            .filter_map(Square::cell)
            .map(|c| c.cell)
            .collect();
        assert_eq!(told.len(), report.cells.len());
        assert_eq!(matrix.rows[0].window, &report.cells[0].window);
    }

    #[test]
    fn the_payments_that_were_hit_are_counted() {
        let told = [0, 1, 2, 4].map(|payments| {
            let mut cell = fixture::report().cells.remove(0);
            cell.hit = payments;
            hit(&cell)
        });
        let one = "msg-0001";
        let expected = [one, one, "msg-0001 and 1 other", "msg-0001 and 3 others"];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_statement_is_known_by_its_verb_and_table() {
        for (signature, told) in [
            (
                "SELECT 1 FROM processed WHERE msg_id = $1",
                "SELECT processed",
            ),
            (
                "insert into processed(msg_id) values ($1)",
                "insert processed",
            ),
            ("UPDATE orders SET paid = true", "UPDATE orders"),
            ("DELETE FROM inbox;", "DELETE inbox"),
            ("COMMIT", "COMMIT"),
            ("POST /v1/charges", "POST /v1/charges"),
            ("kafka OffsetCommit", "OffsetCommit"),
            ("", ""),
        ] {
            assert_eq!(brief(signature), told);
        }
    }

    #[test]
    fn what_is_shortened_says_so_and_holds_no_control_characters() {
        assert_eq!(shorten("POST /v1/charges", 16), "POST /v1/charges");
        assert_eq!(shorten("POST /v1/charges", 9), "POST /v1…");
        assert_eq!(shorten("a\x1b[2Jb\nc", 9), "a [2Jb c");
    }

    #[test]
    fn occurrences_are_counted_in_words() {
        let told = [1, 2, 3, 4, 11, 12, 21, 113].map(ordinal);
        assert_eq!(told.join(""), "2nd 3rd 4th 11th 12th 21st 113th ");
    }
}
