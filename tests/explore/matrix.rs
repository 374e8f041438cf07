//! Runs an exploration and reads its matrix.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crashwindow::chaos::Fault;
use crashwindow::report::explore::{Cell, CellOutcome, ExploreReport};

use crate::support;

/// Explores with these arguments.
///
/// # Panics
/// When there is no report.
#[track_caller]
pub fn explore(args: &[&str]) -> ExploreReport {
    // An exploration uses every core by itself; two at once measure each other.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let output = support::crashwindow(&[&["explore", "--json"], args].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        let said = String::from_utf8_lossy(&output.stderr);
        panic!(
            "crashwindow explore {}: {}: {e}\n{said}",
            args.join(" "),
            output.status
        )
    })
}

/// Where a cell stands in a table of reasoning: the event, and whether the fault strikes the event
/// itself or the window behind it.
pub fn place(cell: &Cell) -> (String, bool) {
    let (event, at) = match cell.fault {
        Fault::Kill | Fault::Terminate | Fault::Zombie => (&cell.window.after, false),
        Fault::LostResponse | Fault::Duplicate => (&cell.window.after, true),
        Fault::Unavailable | Fault::StallKill => (&cell.window.before, true),
    };
    (event.clone().unwrap_or_default(), at)
}

/// The outcomes of a report by event, side and fault.
pub fn outcomes(report: &ExploreReport) -> BTreeMap<(String, bool, Fault), CellOutcome> {
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
