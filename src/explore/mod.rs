//! Exploration: every crash window of a consumer, found from outside.
//!
//! ```text
//! record     one run without a fault: payments one at a time, then several at once; what one
//!            payment's events are, in order, and what nobody can say whose it is
//! enumerate  the windows between them, and the faults that apply to each: the cells
//! execute    a run of its own for each cell, several at a time, isolated from each other
//! report     what became of the payments, cell by cell, each with a witness that replays
//! ```

mod cells;
mod error;
mod findings;
mod lanes;
mod log;
mod recording;
mod remarks;
mod strike;
mod traffic;

use std::path::Path;
use std::pin::pin;
use std::sync::OnceLock;

use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::chaos::{Fault, Schedule};
use crate::report::explore::{Cell, ExploreReport};
use crate::run::{self, RunWatcher, Spec};
use crate::session::folder::{EXPLORATION, RunFolder};
use crate::session::{Phases, RunError};
use crate::stack::Endpoints;

use self::findings::Findings;
use self::lanes::Lanes;
use self::remarks::Remarks;
use self::strike::{CellRuns, Kept, Pattern};
use self::traffic::Traffic;
pub(crate) use cells::CellPlan;
pub(crate) use error::ExploreError;
pub use error::Failed;

/// Two before and beside the struck one, two while it is struck, two after it, on two partitions.
pub const PAYMENTS: u32 = 8;

/// A poll can bring records of both.
pub const PARTITIONS: u32 = 2;

#[derive(Debug, Clone)]
pub struct Exploration {
    /// A run of the consumer without a fault: the pattern of the recording and of every cell. Of
    /// its schedule, only payments and partitions count.
    pub spec: Spec,
    pub faults: Vec<Fault>,
    /// Cells at a time; where nobody says, as many as the machine bears.
    pub parallel: Option<usize>,
}

/// Past the poll of most workers.
const IDLE_MS: u64 = 1_000;

impl Exploration {
    #[must_use]
    pub fn of(spec: Spec, payments: u32, partitions: u32) -> Self {
        let none = Schedule::plan(1, payments, partitions, 1, 0, None);
        Self {
            spec: Spec {
                schedule: none.expect("no strike fits into any number of payments"),
                idle_ms: IDLE_MS,
                wait_for_late_effects: true,
                ..spec
            },
            faults: Fault::ALL.into_iter().filter(|f| f.by_default()).collect(),
            parallel: None,
        }
    }
}

pub trait ExploreWatcher: RunWatcher {
    /// So many are done, of so many.
    fn cells(&self, done: usize, of: usize);
}

/// Whatever happens, nothing is left running; the folder is kept, with the report, and with a run
/// folder for each cell. An error where the consumer fails without any fault, too.
pub async fn explore(
    exploration: &Exploration,
    endpoints: &Endpoints,
    runs: &Path,
    progress: &dyn ExploreWatcher,
    cancel: &CancellationToken,
) -> Result<ExploreReport, Failed> {
    let mut phases = Phases::start("record");
    let folder = RunFolder::create(runs).map_err(RunError::from)?;
    let result = execute(
        exploration,
        endpoints,
        &folder,
        progress,
        cancel,
        &mut phases,
    )
    .await;
    phases.end();
    let (report, error) = match result {
        Ok(report) => {
            let kept = folder.keep(EXPLORATION, &report);
            (report, kept.err().map(|e| RunError::from(e).into()))
        }
        Err(error) => {
            let said = first_line(&error.to_string());
            let report = findings::without_cells(exploration, endpoints, &folder, &phases, said);
            let written = folder.write(EXPLORATION, &report);
            if let Err(second) = folder.give_up(&error).and(written) {
                tracing::warn!("the exploration's folder lacks how it ended: {second}");
            }
            (report, Some(error))
        }
    };
    match error {
        None => Ok(report),
        Some(error) => Err(Failed {
            error,
            report: Some(Box::new(report)),
        }),
    }
}

async fn execute(
    exploration: &Exploration,
    endpoints: &Endpoints,
    folder: &RunFolder,
    progress: &dyn ExploreWatcher,
    cancel: &CancellationToken,
    phases: &mut Phases,
) -> Result<ExploreReport, ExploreError> {
    let runs = folder.path.join("cells");
    let traffic = Traffic::of(exploration.spec.schedule.payments);
    progress.phase("recording one run without a fault");
    let spec = Spec {
        schedule: traffic.recording(&exploration.spec.schedule),
        ..exploration.spec.clone()
    };
    let kept = Kept::default();
    let recorded = run::execute(spec, endpoints, &runs, progress, cancel).await?;
    let recorded = kept.keep(recorded, endpoints);
    let recording = recording::of(&recorded, &traffic);
    error::check_baseline(&recorded, &recording)?;
    drop(recorded);

    phases.next("cells");
    let victim = if recording.alone {
        Traffic::victim_alone()
    } else {
        traffic.victims(false).remove(0)
    };
    let (plans, merged) = cells::plan(&recording, &exploration.faults, &victim);
    let of = plans.len();
    progress.phase(&format!(
        "{of} cells: every window with every fault that applies"
    ));
    progress.cells(0, of);

    let pattern = Pattern {
        spec: &exploration.spec,
        recording: &recording,
        traffic: &traffic,
        endpoints,
        runs: &runs,
        kept: &kept,
    };
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let lanes = Lanes::new(exploration.parallel, cores, recording.join_seconds);
    let mut done = DoneCells::new(folder, progress, of);
    let mut failed: Vec<(CellPlan, RunError)> = Vec::new();
    let mut not_begun: Vec<CellPlan> = Vec::new();
    let broken_off = OnceLock::new();
    {
        let one = |plan: CellPlan| {
            let (pattern, lanes, broken_off) = (&pattern, &lanes, &broken_off);
            async move {
                let lane = lanes.enter().await;
                if broken_off.get().is_some() {
                    return (plan, None);
                }
                let struck = pattern.strike(&plan, cancel).await;
                match &struck {
                    Err(error) if ends_everything(error) => {
                        broken_off.get_or_init(|| first_line(&error.to_string()));
                    }
                    Err(_) => lanes.narrow(lane),
                    Ok(_) => {}
                }
                (plan, Some(struck))
            }
        };
        let width = lanes.open();
        let mut under_way = pin!(stream::iter(plans).map(one).buffer_unordered(width));
        while let Some((plan, struck)) = under_way.next().await {
            match struck {
                Some(Ok(struck)) => done.add(&plan, &struck),
                Some(Err(error)) => failed.push((plan, error)),
                None => not_begun.push(plan),
            }
        }
    }
    // Late joins and servers that were busy: once more, with the machine to itself.
    failed.sort_by_key(|(plan, _)| plan.number);
    for (plan, error) in failed {
        let error = match error {
            error if broken_off.get().is_some() => error,
            _ => match pattern.strike(&plan, cancel).await {
                Ok(struck) => {
                    done.add(&plan, &struck);
                    continue;
                }
                Err(error) => error,
            },
        };
        let reason = first_line(&error.to_string());
        if ends_everything(&error) {
            broken_off.get_or_init(|| reason.clone());
        }
        done.not_made(&plan, &reason);
    }
    let broken_off = broken_off.into_inner();
    for plan in not_begun {
        done.not_made(&plan, broken_off.as_deref().unwrap_or_default());
    }
    phases.end();
    let DoneCells {
        remarks,
        hands_over,
        mut cells,
        ..
    } = done;
    if hands_over {
        log::forget_commits(&mut cells);
    }
    cells.sort_by_key(|cell| cell.cell);
    let mut warnings = remarks.warnings(&recording, of);
    warnings.extend(kept.missing());
    let findings = Findings {
        exploration,
        recording: &recording,
        warnings,
        cells,
        merged,
        broken_off,
    };
    Ok(findings.report(endpoints, folder, phases))
}

struct DoneCells<'a> {
    folder: &'a RunFolder,
    progress: &'a dyn ExploreWatcher,
    of: usize,
    remarks: Remarks,
    /// See [`log::hands_over`].
    hands_over: bool,
    cells: Vec<Cell>,
}

impl<'a> DoneCells<'a> {
    fn new(folder: &'a RunFolder, progress: &'a dyn ExploreWatcher, of: usize) -> Self {
        Self {
            folder,
            progress,
            of,
            remarks: Remarks::default(),
            hands_over: false,
            cells: Vec::with_capacity(of),
        }
    }

    fn add(&mut self, plan: &CellPlan, struck: &CellRuns) {
        self.remarks.on(struck.runs());
        self.hands_over |= log::hands_over(struck.runs());
        self.cells
            .push(findings::cell(plan, struck, &self.folder.id));
        self.progress.cells(self.cells.len(), self.of);
    }

    fn not_made(&mut self, plan: &CellPlan, reason: &str) {
        self.cells.push(findings::not_made(plan, reason));
        self.progress.cells(self.cells.len(), self.of);
    }
}

/// No other cell can be run after this either.
fn ends_everything(error: &RunError) -> bool {
    matches!(error, RunError::Interrupted | RunError::StackDied { .. })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}
