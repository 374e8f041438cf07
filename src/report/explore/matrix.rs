//! The matrix of an exploration, window × fault, as every form of the report shows it: which rows
//! and columns there are, and the words for a window and an outcome.

use super::{Cell, CellWindow, ExploreReport};

/// The order of the columns: from what every consumer meets first to what is particular. A fault
/// that is not named here comes after those that are.
const COLUMNS: [&str; 7] = [
    "kill",
    "terminate",
    "zombie",
    "lost-response",
    "unavailable",
    "stall-kill",
    "duplicate",
];

/// Cells by window and fault.
pub(super) struct Matrix<'a> {
    /// The faults that occur, in the order of [`COLUMNS`].
    pub faults: Vec<String>,
    /// The windows, in the order of the report.
    pub rows: Vec<Row<'a>>,
}

/// One window with what each fault came to in it.
pub(super) struct Row<'a> {
    /// The window.
    pub window: &'a CellWindow,
    /// A cell for each column; none where the fault does not apply.
    pub cells: Vec<Option<&'a Cell>>,
}

impl<'a> Matrix<'a> {
    /// Arranges the cells of a report.
    pub fn new(report: &'a ExploreReport) -> Self {
        let mut faults: Vec<String> = Vec::new();
        for cell in &report.cells {
            let fault = cell.fault.to_string();
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        faults.sort_by_key(|f| COLUMNS.iter().position(|c| c == f).unwrap_or(COLUMNS.len()));

        let mut rows: Vec<Row<'a>> = Vec::new();
        for cell in &report.cells {
            let fault = cell.fault.to_string();
            let Some(column) = faults.iter().position(|f| *f == fault) else {
                continue;
            };
            // A window that was struck twice with one fault gets a second row: no cell is hidden.
            let free = |r: &&mut Row| *r.window == cell.window && r.cells[column].is_none();
            match rows.iter_mut().find(free) {
                Some(row) => row.cells[column] = Some(cell),
                None => {
                    let mut cells = vec![None; faults.len()];
                    cells[column] = Some(cell);
                    let window = &cell.window;
                    rows.push(Row { window, cells });
                }
            }
        }
        Self { faults, rows }
    }
}

/// The edges of a window in words, with `name` applied to each event: `after X` and `before Y`.
/// What is not struck in a window has neither.
pub(super) fn edges(window: &CellWindow, name: impl Fn(&str) -> String) -> Vec<String> {
    // The occurrence counts the event at which the window begins, or ends where it has no beginning.
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

/// A window in full: `after X, before Y`.
pub(super) fn label(window: &CellWindow) -> String {
    let edges = edges(window, str::to_owned);
    if edges.is_empty() {
        return "in no window".to_owned();
    }
    edges.join(", ")
}

/// The number of a window in the recording: that of the event after which it begins, 0 for the one
/// before the first event. None for what was not recorded, or by a version that did not say.
pub(super) fn number(window: &CellWindow) -> Option<usize> {
    let ends = window.before_event.map(|at| at - 1);
    window.after_event.or(ends)
}

/// A signature in the fewest words that tell it from its neighbours: of a statement its verb and
/// its table, of a Kafka request its name.
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

/// At most `width` characters on one line, with `…` for what is missing. Control characters, which
/// a consumer may put into a statement or a path, must not reach a terminal.
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
