//! Exploration: every crash window of a consumer, found from outside.
//!
//! ```text
//! record     one run without a fault; what one payment's events are, in order
//! enumerate  the windows between them, and the faults that apply to each: the cells
//! execute    a run of its own for each cell, several at a time, isolated from each other
//! report     what became of the payments, cell by cell, each with a witness that replays
//! ```

mod cells;
mod findings;
mod recording;
mod remarks;

use std::path::{Path, PathBuf};
use std::pin::pin;

use futures::{StreamExt, stream};
use tokio_util::sync::CancellationToken;

use crate::chaos::{Fault, Schedule};
use crate::report::RunReport;
use crate::report::explore::{Cell, ExploreReport};
use crate::run::folder::{self, RunFolder, STATE, State};
use crate::run::{self, Finished, Phases, RunError, Spec, Watcher};
use crate::stack::Endpoints;
use crate::timeline::missed_topics;
use crate::verdict::Outcome;

use self::remarks::Remarks;
pub use cells::Plan;
pub use recording::{Recorded, Recording};

/// How often a window is sought before it is said not to be reached: what a timer does, as automatic
/// commits are, comes before another event in one run and after it in the next.
const ATTEMPTS: u32 = 3;

/// What is explored, and how.
#[derive(Debug, Clone)]
pub struct Exploration {
    /// A run of the consumer without a fault: the recording, and the pattern of every cell.
    pub spec: Spec,
    /// Which faults are tried.
    pub faults: Vec<Fault>,
    /// How many cells run at a time.
    pub parallel: usize,
}

/// Why an exploration ends without a matrix.
#[derive(Debug, thiserror::Error)]
pub enum ExploreError {
    /// The consumer does not even do its work when nothing strikes it.
    #[error("without any fault, {payment} was {}{}, so there is nothing to compare with{}\nnext: read {}", outcome.told(done), hints(warnings), caused(cause.as_deref()), log.display())]
    Baseline {
        /// The payment.
        payment: String,
        /// What became of it.
        outcome: Outcome,
        /// What is done to a payment that takes effect.
        done: String,
        /// What the recording lacks.
        warnings: Vec<String>,
        /// The first line of the consumer's output that names a cause, and where it stands.
        cause: Option<Box<(PathBuf, String)>>,
        /// The consumer's output.
        log: PathBuf,
    },
    /// A run could not be made.
    #[error(transparent)]
    Run(#[from] RunError),
}

fn hints(warnings: &[String]) -> String {
    warnings.iter().map(|w| format!(" ({w})")).collect()
}

fn caused(cause: Option<&(PathBuf, String)>) -> String {
    let told = |(log, line): &(PathBuf, String)| format!("; {} says:\n  {line}", log.display());
    cause.map_or_else(String::new, told)
}

/// Told how an exploration gets on.
pub trait Progress: Watcher {
    /// So many cells are done, of so many.
    fn cells(&self, done: usize, of: usize);
}

/// Explores a consumer. Whatever happens, nothing of it is left running; the folder is kept, with a
/// run folder for each cell.
///
/// # Errors
/// When the consumer fails without any fault, or a run ends without a verdict.
pub async fn explore(
    exploration: &Exploration,
    endpoints: &Endpoints,
    runs: &Path,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<ExploreReport, ExploreError> {
    let mut phases = Phases::start("record");
    let folder = RunFolder::create(runs).map_err(RunError::from)?;
    folder
        .write(STATE, &State::Running)
        .map_err(RunError::from)?;
    let result = execute(
        exploration,
        endpoints,
        &folder,
        progress,
        cancel,
        &mut phases,
    )
    .await;
    let state = match &result {
        Ok(_) => State::Judged,
        Err(e) => State::Inconclusive {
            reason: e.to_string(),
        },
    };
    folder.write(STATE, &state).map_err(RunError::from)?;
    let report = result?;
    folder
        .write("explore.json", &report)
        .map_err(RunError::from)?;
    Ok(report)
}

async fn execute(
    exploration: &Exploration,
    endpoints: &Endpoints,
    folder: &RunFolder,
    progress: &dyn Progress,
    cancel: &CancellationToken,
    phases: &mut Phases,
) -> Result<ExploreReport, ExploreError> {
    let runs = folder.path.join("cells");
    progress.phase("recording one run without a fault");
    let recorded =
        run::execute(exploration.spec.clone(), endpoints, &runs, progress, cancel).await?;
    let recording = Recording::of(&recorded);
    check_baseline(&recorded, &recording)?;
    phases.next("cells");
    let plans = cells::plan(&recording, &exploration.faults);
    let of = plans.len();
    progress.phase(&format!(
        "{of} cells: every window with every fault that applies"
    ));
    progress.cells(0, of);

    // A cell that fails ends the others, and each clears up after itself before this returns.
    let stop = cancel.child_token();
    let one = |plan: Plan| {
        let (runs, stop) = (&runs, &stop);
        async move {
            let spec = spec_of(&exploration.spec, &plan);
            let mut attempt = 1;
            loop {
                let spec = spec.clone();
                let finished = run::execute(spec, endpoints, runs, &Silent, stop).await?;
                if tells(&finished) || attempt == ATTEMPTS {
                    break Ok((plan, finished));
                }
                attempt += 1;
            }
        }
    };
    let planned = stream::iter(plans).take_until(stop.cancelled());
    let mut under_way = pin!(planned.map(one).buffer_unordered(exploration.parallel));
    let mut cells: Vec<Cell> = Vec::with_capacity(of);
    let (mut failed, mut remarks) = (None, Remarks::default());
    while let Some(result) = under_way.next().await {
        match result {
            Ok((plan, finished)) => {
                // Each cell is a run of its own, and can be read as one.
                let report = RunReport::new(&finished, endpoints);
                folder::write(&finished.run_dir, "report.json", &report).map_err(RunError::from)?;
                remarks.on(&finished, &recording);
                cells.push(findings::cell(&plan, &finished, &recording, &folder.id));
                progress.cells(cells.len(), of);
            }
            Err(error) => {
                stop.cancel();
                failed.get_or_insert(error);
            }
        }
    }
    if cells.len() < of {
        return Err(failed.unwrap_or(RunError::Interrupted).into());
    }
    cells.sort_by_key(|cell| cell.cell);
    phases.end();
    Ok(findings::report(
        exploration,
        &recording,
        remarks.warnings(&recording, of),
        cells,
        endpoints,
        folder,
        phases,
    ))
}

/// A consumer that fails without a fault cannot be judged by what it does with one.
fn check_baseline(recorded: &Finished, recording: &Recording) -> Result<(), ExploreError> {
    match recorded.judgement.exceptions.first() {
        None => Ok(()),
        Some((payment, outcome)) => Err(ExploreError::Baseline {
            payment: payment.clone(),
            outcome: *outcome,
            done: recorded.spec.done.clone(),
            warnings: [recording.warnings.clone(), missed(recorded)].concat(),
            cause: run::cause::named_in(&recorded.run_dir.join("logs")).map(Box::new),
            log: recorded.run_dir.join("logs"),
        }),
    }
}

/// What the consumer asked Kafka for in vain, in words.
fn missed(recorded: &Finished) -> Vec<String> {
    let missed = missed_topics(&recorded.timeline).into_iter();
    missed
        .map(|topic| format!("it asked for topic {topic}, which was not there"))
        .collect()
}

/// Whether a cell's run has come to its window, or has shown something without it.
fn tells(finished: &Finished) -> bool {
    let reached = finished.fired.iter().any(|fired| fired.evidence.fired);
    reached || !finished.judgement.exceptions.is_empty()
}

/// The run of one cell: the recording's, with one fault.
fn spec_of(pattern: &Spec, plan: &Plan) -> Spec {
    let mut schedule: Schedule = pattern.schedule.clone();
    schedule.rounds[0].strike = Some(plan.planned.clone());
    Spec {
        schedule,
        idle_ms: 0,
        ..pattern.clone()
    }
}

/// Cells run side by side; each tells nothing of its phases.
struct Silent;

impl Watcher for Silent {
    fn phase(&self, _text: &str) {}
}
