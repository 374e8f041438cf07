//! The report of an exploration as data, for jobs that read it (`docs/explore.schema.json`
//! describes it, and a test holds real output to that), for a person ([`terminal`], [`html`]) and
//! for a CI server ([`junit`]).

mod diagram;
#[cfg(test)]
mod fixture;
pub mod html;
pub mod junit;
mod log;
mod matrix;
#[cfg(test)]
mod schema;
mod sentence;
pub mod steps;
pub mod terminal;
#[cfg(test)]
mod wordless;

use std::path::PathBuf;

pub use crate::verdict::CellOutcome;
use schemars::JsonSchema;
pub use sentence::{place, sentence, worst};
use serde::{Deserialize, Serialize};

use super::{Line, Stack, Times, run};
use crate::chaos::Fault;
use crate::verdict::{Guarantee, LogFinding, Verdict};
use crate::window::{Gap, Recording};

/// Of schema 1 the lines of a biography are words alone, and are read as marks.
pub const SCHEMA: u32 = 2;

pub const NOBODYS: &str = "Each changes something while payments are in hand, and carries no mark of \
    one: no payment's id, no order's, no record's coordinates. So none was a window and none was \
    struck: what a crash beside it does is not known. Let each carry the id of what it is about, in \
    a column, a key or a header. What a timer does is known to be nobody's if it is also done in the \
    second before the first payment.";

/// Every crash window of one consumer, struck with every fault that applies to it. `schema` changes
/// when a reader would have to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExploreReport {
    /// The version of this form.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: u32,
    /// The consumer's command, as it was given.
    pub command: Vec<String>,
    /// What was promised.
    pub guarantee: Guarantee,
    /// Violated if one cell is, unknown if none is and something could not be judged.
    pub verdict: Verdict,
    /// The worst finding in plain words; the first line a person reads.
    pub headline: String,
    /// What the verdict rests on, one clause each.
    pub reasons: Vec<String>,
    /// What the consumer does for one payment, in order: the signatures of its boundary events.
    pub recording: Vec<String>,
    /// What the user should know of the recording and of the cells: `no traffic seen at the
    /// Postgres tap`.
    pub warnings: Vec<String>,
    /// Every window with every fault, in the order of the windows.
    pub cells: Vec<Cell>,
    /// The windows that a cell stands for beside its own.
    #[serde(default)]
    pub merged: Vec<Merged>,
    /// What changed something for a payment, and nobody can say for which: it was no window, so that
    /// nothing can be said of it.
    #[serde(default)]
    pub unattributed: Vec<String>,
    /// How many cells were never reached.
    pub unreached: usize,
    /// Where it ran.
    pub stack: Stack,
    /// Where the time went.
    pub seconds: Times,
    /// The exploration's number, for `crashwindow replay`.
    pub run: String,
    /// The exploration's folder.
    pub run_dir: PathBuf,
}

impl ExploreReport {
    #[must_use]
    pub fn sentence(&self) -> String {
        run::sentence(self.verdict, self.guarantee, &self.reasons)
    }
}

/// One window struck with one fault.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ExploreCell")]
pub struct Cell {
    /// The number of the cell, from 1.
    #[schemars(range(min = 1))]
    pub cell: usize,
    /// Where it was struck.
    pub window: CellWindow,
    /// With what.
    pub fault: Fault,
    /// What became of the payments; the worst of them.
    pub outcome: CellOutcome,
    /// Whether that breaks the promise.
    pub verdict: Verdict,
    /// The payment that is told of: the struck one, if it was hit, else one of those that were.
    pub payment: String,
    /// How many payments have that outcome.
    #[serde(default)]
    pub hit: usize,
    /// What happened, in plain words: one sentence.
    pub text: String,
    /// What was seen of positions in the log; it changes no verdict.
    #[serde(default)]
    pub log: Vec<LogFinding>,
    /// The biography of the payment whose outcome this is.
    pub biography: Vec<Line>,
    /// The command that runs this cell again; empty where no run could be made of it.
    pub replay: String,
}

impl Cell {
    #[must_use]
    pub fn was_run(&self) -> bool {
        !self.replay.is_empty()
    }
}

/// The gap between two boundary events.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Window")]
pub struct CellWindow {
    /// The event after which it begins; none for what is not struck in a window.
    pub after: Option<String>,
    /// The event before which it ends; none after the last.
    pub before: Option<String>,
    /// Which of the events of that name within the payment, from 1: of the one at which the window
    /// begins, or ends where it has no beginning.
    #[schemars(range(min = 1))]
    pub occurrence: u32,
    /// Where the event after which it begins stands in the recording, from 1.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub after_event: Option<usize>,
    /// Where the event before which it ends stands in the recording, from 1.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub before_event: Option<usize>,
}

impl CellWindow {
    #[must_use]
    pub fn of(recording: &Recording, gap: Gap) -> Self {
        let at = |place: Option<usize>| Some(&recording.events[place?]);
        let name = |place| Some(at(place)?.signature.clone());
        Self {
            after: name(gap.after),
            before: name(gap.before),
            occurrence: at(gap.after.or(gap.before)).map_or(1, |e| e.occurrence),
            after_event: gap.after.map(|i| i + 1),
            before_event: gap.before.map(|i| i + 1),
        }
    }
}

/// A window that needs no run of its own for a fault: what survives is the same as in a cell's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MergedWindow")]
pub struct Merged {
    /// The window.
    pub window: CellWindow,
    /// The fault.
    pub fault: Fault,
    /// The number of the cell that stands for it.
    #[schemars(range(min = 1))]
    pub cell: usize,
}
