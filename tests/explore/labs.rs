//! The matrix of each lab's consumers equals the table in the lab's manifest.

use std::collections::BTreeMap;

use crashwindow::chaos::Fault;
use crashwindow::report::explore::{Cell, CellOutcome, ExploreReport};
use crashwindow::run::manifest::{self, ExploreRow, Manifest};
use crashwindow::verdict::{Outcome, Verdict};
use crashwindow::window::FaultTarget;

use crate::support::{self, explore};

type Matrix = BTreeMap<(String, bool, Fault), CellOutcome>;

/// Where a cell stands in a table of reasoning: the event, and whether the fault strikes the event
/// itself or the window behind it.
fn place(cell: &Cell) -> (String, bool) {
    let (event, at) = match cell.fault.target() {
        FaultTarget::Gap { .. } => (&cell.window.after, false),
        FaultTarget::Answer(_) | FaultTarget::Workload => (&cell.window.after, true),
        FaultTarget::Request(_) => (&cell.window.before, true),
    };
    (event.clone().unwrap_or_default(), at)
}

/// The outcomes of a report by event, side and fault. A window for which a kill needs no run of its own
/// is no cell, and a table has no kill for it.
fn outcomes(report: &ExploreReport) -> Matrix {
    let key = |cell: &Cell| {
        let (event, at) = place(cell);
        (event, at, cell.fault)
    };
    report
        .cells
        .iter()
        .map(|cell| (key(cell), cell.outcome))
        .collect()
}

fn lab(id: &str) -> Manifest {
    manifest::find(&support::labs(), id).unwrap()
}

/// The table of the manifest, with the beginnings of signatures.
fn expected(rows: &[ExploreRow]) -> Matrix {
    let of = |row: &ExploreRow, cells: &BTreeMap<Fault, CellOutcome>, at: bool| {
        let event = row.event.clone();
        cells
            .iter()
            .map(move |(f, o)| ((event.clone(), at, *f), *o))
            .collect::<Vec<_>>()
    };
    rows.iter()
        .flat_map(|row| [of(row, &row.after, false), of(row, &row.at, true)].concat())
        .collect()
}

/// The matrix that was found, its signatures cut to the beginnings that the table uses.
fn found(rows: &[ExploreRow], outcomes: Matrix) -> Matrix {
    let name = |signature: String| {
        let row = rows.iter().find(|row| signature.starts_with(&row.event));
        row.map_or(signature, |row| row.event.clone())
    };
    outcomes
        .into_iter()
        .map(|((event, at, fault), o)| ((name(event), at, fault), o))
        .collect()
}

/// What is in one and not, or not so, in the other.
fn difference(one: &Matrix, other: &Matrix) -> Matrix {
    let differs =
        |(key, outcome): &(&(String, bool, Fault), &CellOutcome)| other.get(*key) != Some(*outcome);
    one.iter()
        .filter(differs)
        .map(|(k, o)| (k.clone(), *o))
        .collect()
}

/// Asserts that the matrix is the one in lab 1's manifest for this consumer.
pub fn is_lab_1(consumer: &str, report: &ExploreReport) {
    let surprises = surprises(&lab("01").explore[consumer], report);
    assert!(surprises.is_none(), "{}", surprises.unwrap_or_default());
}

/// What of the matrix is not as the manifest has it.
fn surprises(rows: &[ExploreRow], report: &ExploreReport) -> Option<String> {
    let (found, expected) = (found(rows, outcomes(report)), expected(rows));
    let missing: Matrix = difference(&expected, &found);
    let surplus: Matrix = difference(&found, &expected);
    let kills = |number| {
        let mut cells = report.cells.iter();
        cells.any(|c| c.cell == number && c.fault == Fault::Kill)
    };
    let mut merged = report.merged.iter();
    let stood_for = merged.all(|m| m.fault == Fault::Kill && kills(m.cell));
    let is_judged = report.cells.iter().all(|c| c.verdict != Verdict::Unknown);
    let as_expected = missing.is_empty() && surplus.is_empty() && stood_for && is_judged;
    let folder = report.run_dir.display();
    (!as_expected).then(|| format!("expected {missing:#?}\nfound {surplus:#?}\nin {folder}"))
}

/// How often each consumer is explored: once, or `EXPLORE_RUNS` times in a row (`make explorations`).
fn runs() -> usize {
    std::env::var("EXPLORE_RUNS").map_or(1, |n| n.parse().expect("EXPLORE_RUNS is a number"))
}

/// Explores a consumer of a lab as often as asked, and returns the last report.
fn check(id: &str, consumer: &str) -> ExploreReport {
    let lab = lab(id);
    let rows = &lab.explore[consumer];
    let (mut last, mut failures, mut cells, mut seconds) = (None, Vec::new(), 0, Vec::new());
    for run in 1..=runs() {
        let report = explore(&[id, "--consumer", consumer]);
        cells += report.cells.len();
        seconds.push(report.seconds.total);
        failures.extend(surprises(rows, &report).map(|what| format!("exploration {run}: {what}")));
        last = Some(report);
    }
    seconds.sort_by(f64::total_cmp);
    println!(
        "lab {id} {consumer}: {} of {} explorations as in the manifest, {cells} cells; median {:.1} s, longest {:.1} s",
        runs() - failures.len(),
        runs(),
        seconds[seconds.len() / 2],
        seconds[seconds.len() - 1],
    );
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    last.expect("at least one run")
}

#[test]
fn the_matrix_of_lab_1_broken_is_the_one_in_its_manifest() {
    let report = check("01", "broken");
    assert_eq!(report.verdict, Verdict::Violated);
    assert!(
        report.headline.contains("was charged twice"),
        "{}",
        report.headline
    );
    for cell in report
        .cells
        .iter()
        .filter(|c| c.outcome == CellOutcome::Of(Outcome::Duplicated))
    {
        let charges = cell
            .biography
            .iter()
            .filter(|l| l.what.starts_with("charged ch_"))
            .count();
        assert_eq!(
            charges, 2,
            "the witness of cell {} shows both charges",
            cell.cell
        );
    }
}

#[test]
fn the_matrix_of_lab_1_fixed_is_the_one_in_its_manifest() {
    let report = check("01", "fixed");
    assert_eq!(report.verdict, Verdict::Held, "{}", report.headline);
}

/// A consumer whose table has nothing but payments that took effect once keeps its promise.
fn verdict_of(rows: &[ExploreRow]) -> Verdict {
    let mut outcomes = rows
        .iter()
        .flat_map(|r| r.after.values().chain(r.at.values()));
    if outcomes.all(|o| matches!(o, CellOutcome::Of(Outcome::Once) | CellOutcome::Fenced)) {
        Verdict::Held
    } else {
        Verdict::Violated
    }
}

/// With `EXPLORE=all`, as `make zoo` sets it, every consumer is explored; without, the fixed ones,
/// because an exploration takes half a minute.
#[test]
fn the_matrix_of_the_other_labs_is_the_one_in_their_manifests() {
    let all = std::env::var("EXPLORE").is_ok_and(|which| which == "all");
    let labs = manifest::all(&support::labs()).unwrap();
    let mut explored = 0;
    for lab in labs.iter().filter(|lab| lab.id != "01") {
        for (consumer, rows) in &lab.explore {
            if all || consumer == "fixed" {
                let report = check(&lab.id, consumer);
                assert_eq!(report.verdict, verdict_of(rows), "{}", report.headline);
                explored += 1;
            }
        }
    }
    assert!(explored >= 2, "only {explored} consumers have a table");
}
