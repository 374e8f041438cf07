//! The report of an exploration for a person at a terminal.

use std::fmt::Write;

use super::log;
use super::matrix::{self, Matrix, Row, Square};
use super::{Cell, CellOutcome, ExploreReport, NOBODYS};
use crate::chaos::Fault;
use crate::named::Named;
use crate::report::terminal::{style, wrap};
use crate::verdict::Verdict;

/// A projector shows about this much.
const WIDTH: usize = 100;

/// The page and the JSON form have every finding.
const MAX_FINDINGS: usize = 5;

/// No line is broken at it.
const UNBROKEN: &str = "\u{a0}";

const GAP: &str = "  ";

const NONE: &str = "·";

/// So that it can be told from what does not break the promise without its colour.
const BROKEN: char = '!';

const UNJUDGED: char = '?';

/// The writer strips the colour codes where there is no terminal.
#[must_use]
pub fn render(report: &ExploreReport, next: &str) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", matrix::shorten(&report.headline, usize::MAX));
    recording(&mut out, report);
    table(&mut out, &Matrix::new(report));
    findings(&mut out, report);
    unjudged(&mut out, report);
    for finding in log::summary(report) {
        let _ = write!(out, "\n{}", paragraph(&finding));
    }
    if !report.warnings.is_empty() {
        out.push('\n');
    }
    for warning in &report.warnings {
        let _ = write!(out, "{}", paragraph(&format!("warning: {warning}")));
    }
    nobodys(&mut out, report);
    let style = style(report.verdict);
    let sentence = paragraph(&report.sentence());
    let _ = writeln!(out, "\n{style}{}{style:#}", sentence.trim_end());
    let _ = writeln!(out, "time: {}", report.seconds);
    let _ = writeln!(out, "next: {next}");
    out
}

fn recording(out: &mut String, report: &ExploreReport) {
    if report.recording.is_empty() {
        return;
    }
    let _ = writeln!(out, "\none payment, and a window after each of its events:");
    for (event, number) in report.recording.iter().zip(1..) {
        let event = matrix::shorten(event, WIDTH - 11);
        let _ = writeln!(out, "{number:>3}  after {event}");
    }
}

fn table(out: &mut String, matrix: &Matrix) {
    if matrix.rows.is_empty() {
        return;
    }
    // A name of two words takes two lines, so that seven columns leave room for the window.
    let heads: Vec<(&str, &str)> = matrix.faults.iter().map(|f| split(*f)).collect();
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(column, (above, below))| {
            let cells = matrix
                .rows
                .iter()
                .map(|row| mark(row.squares[column]).chars().count());
            cells.chain([above.len(), below.len()]).max().unwrap_or(0)
        })
        .collect();
    let taken: usize = widths.iter().map(|w| w + GAP.len()).sum();
    let room = WIDTH.saturating_sub(taken + 5);

    let labels: Vec<Vec<String>> = matrix.rows.iter().map(|row| labels(row, room)).collect();
    let width = labels
        .iter()
        .flatten()
        .map(|l| l.chars().count())
        .max()
        .unwrap_or(0);
    let mut line = |number: &str, label: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|c| format!("{GAP}{c}")).collect();
        let text = format!("{number:>3}  {label:<width$}{cells}");
        let _ = writeln!(out, "{}", text.trim_end());
    };
    let pad = |words: Vec<&str>| -> Vec<String> {
        let padded = words
            .iter()
            .zip(&widths)
            .map(|(word, width)| format!("{word:<width$}"));
        padded.collect()
    };

    line("", "", Vec::new());
    if heads.iter().any(|(above, _)| !above.is_empty()) {
        line("", "", pad(heads.iter().map(|(above, _)| *above).collect()));
    }
    line("", "", pad(heads.iter().map(|(_, below)| *below).collect()));
    for (row, labels) in matrix.rows.iter().zip(&labels) {
        let number = matrix::number(row.window).map_or_else(String::new, |n| n.to_string());
        let squares = row.squares.iter().zip(&widths);
        let squares = squares.map(|(square, width)| coloured(*square, *width));
        line(&number, &labels[0], squares.collect());
        for below in &labels[1..] {
            line("", below, Vec::new());
        }
    }
    line("", "", Vec::new());
    let _ = write!(out, "{}", legend(matrix));
}

/// `lost-response` over two lines; a name of one word stands on the lower one.
fn split(fault: Fault) -> (&'static str, &'static str) {
    let name = fault.name();
    match name.find('-') {
        Some(at) => name.split_at(at + 1),
        None => ("", name),
    }
}

/// On one line where it fits into `room`, else its two edges on a line each.
fn labels(row: &Row, room: usize) -> Vec<String> {
    let edges = matrix::edges(row.window, matrix::brief);
    let whole = edges.join(", ");
    match edges.len() {
        0 => vec![matrix::label(row.window)],
        _ if whole.chars().count() <= room => vec![whole],
        _ => edges
            .iter()
            .enumerate()
            .map(|(at, edge)| {
                let comma = if at + 1 < edges.len() { "," } else { "" };
                matrix::shorten(&format!("{edge}{comma}"), room)
            })
            .collect(),
    }
}

fn mark(square: Square) -> String {
    match square {
        Square::None => NONE.to_owned(),
        Square::Same(cell) => matrix::same_as(cell),
        Square::Cell(cell) if cell.verdict == Verdict::Violated => {
            format!("{}{BROKEN}", cell.outcome.word())
        }
        Square::Cell(cell) if is_unjudged(cell) => {
            format!("{}{UNJUDGED}", cell.outcome.word())
        }
        Square::Cell(cell) => cell.outcome.word().to_owned(),
    }
}

fn is_unjudged(cell: &Cell) -> bool {
    cell.verdict == Verdict::Unknown && cell.outcome != CellOutcome::NotReached
}

fn coloured(square: Square, width: usize) -> String {
    let mark = mark(square);
    let padding = " ".repeat(width.saturating_sub(mark.chars().count()));
    match square {
        Square::None => format!("{mark}{padding}"),
        Square::Cell(cell) | Square::Same(cell) => {
            let style = style(cell.verdict);
            format!("{style}{mark}{style:#}{padding}")
        }
    }
}

/// Words that do not explain themselves, as far as they occur.
fn legend(matrix: &Matrix) -> String {
    let any = |is: &dyn Fn(Square) -> bool| matrix.squares().any(is);
    let came_to = |outcome| any(&|s| s.cell().is_some_and(|c| c.outcome == outcome));
    let broken = any(&|s| s.cell().is_some_and(|c| c.verdict == Verdict::Violated));
    let unjudged = any(&|s| s.cell().is_some_and(is_unjudged));
    let mut entries = vec![
        (broken, "! breaks the promise".to_owned()),
        (unjudged, "WORD?: no evidence".to_owned()),
    ];
    entries.extend(CellOutcome::every().filter_map(|outcome| {
        let told = format!("{}: {}", outcome.word(), outcome.legend()?);
        Some((came_to(outcome), told))
    }));
    entries.extend([
        (
            any(&|s| matches!(s, Square::Same(_))),
            "=N: as in row N".to_owned(),
        ),
        (any(&|s| s == Square::None), "·: none".to_owned()),
    ]);
    let told = entries.into_iter().filter(|(occurs, _)| *occurs);
    // No line ends within an entry.
    let told: Vec<String> = told
        .map(|(_, entry)| entry.replace(' ', UNBROKEN))
        .collect();
    match told.is_empty() {
        true => "every payment took effect once\n".to_owned(),
        false => wrap(&told.join(", ")).replace(UNBROKEN, " "),
    }
}

/// One cell for each way in which the promise was broken, the worst way first.
fn findings(out: &mut String, report: &ExploreReport) {
    let violated = report
        .cells
        .iter()
        .filter(|c| c.verdict == Verdict::Violated);
    let mut told: Vec<&Cell> = Vec::new();
    let mut all = 0;
    for cell in violated {
        all += 1;
        if !told
            .iter()
            .any(|t| (t.outcome, t.fault) == (cell.outcome, cell.fault))
        {
            told.push(cell);
        }
    }
    told.sort_by_key(|cell| std::cmp::Reverse(cell.outcome));
    told.truncate(MAX_FINDINGS);
    for cell in &told {
        let (word, hit, fault) = (cell.outcome.word(), matrix::hit(cell), cell.fault);
        let place = matrix::label(&cell.window);
        let head = format!("{word}: {hit}, {fault} {place}");
        let _ = write!(out, "\n{}", paragraph(&head));
        let _ = write!(out, "{}", paragraph(&cell.text));
        for line in log::lines(cell) {
            let _ = write!(out, "{}", paragraph(&line));
        }
        let _ = writeln!(out, "replay: {}", cell.replay);
    }
    if all > told.len() {
        let more = all - told.len();
        let _ = writeln!(
            out,
            "\nand {more} more such cells: {}",
            report.run_dir.display()
        );
    }
}

/// Cells of which there is no run, and those whose run is no evidence.
fn unjudged(out: &mut String, report: &ExploreReport) {
    let all = report.cells.len();
    let ran = |cell: &&Cell| cell.was_run() && cell.verdict == Verdict::Unknown;
    let not_run = report.cells.iter().filter(|cell| !cell.was_run());
    let kinds: [(&str, Vec<&Cell>); 2] = [
        ("run", not_run.collect()),
        ("judged", report.cells.iter().filter(ran).collect()),
    ];
    for (what, cells) in kinds.iter().filter(|(_, cells)| !cells.is_empty()) {
        let _ = writeln!(out, "\n{} of {all} cells could not be {what}:", cells.len());
        for cell in cells.iter().take(MAX_FINDINGS) {
            let _ = write!(out, "{}", paragraph(&cell.text));
        }
        if cells.len() > MAX_FINDINGS {
            let _ = writeln!(out, "and {} more", cells.len() - MAX_FINDINGS);
        }
    }
}

/// What changes something and is attributed to no payment: why nothing can be said.
fn nobodys(out: &mut String, report: &ExploreReport) {
    if report.unattributed.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nnobody can say which payment this is about:");
    for event in &report.unattributed {
        let _ = writeln!(out, "     {}", matrix::shorten(event, WIDTH - 5));
    }
    let _ = write!(out, "{}", wrap(NOBODYS));
}

/// Without the control characters that a payload can hold.
fn paragraph(text: &str) -> String {
    wrap(&matrix::shorten(text, usize::MAX))
}

#[cfg(test)]
mod tests;
