//! What the lab can be asked to do: a run, a storm, a drill, an exploration. Each keeps its report
//! in the run folder, and says only then in the folder that it is judged. The command line and the
//! dashboard call it, and add what is of a terminal or of HTTP.

mod drill;
pub mod saved;

use std::path::PathBuf;

use tokio_util::sync::CancellationToken;

use crate::explore::{self, Exploration};
use crate::report::RunReport;
use crate::report::explore::ExploreReport;
use crate::report::storm::StormReport;
use crate::run::manifest::Manifest;
use crate::run::{self, Changes, FaultChoice, Finished, RunWatcher, Spec, SpecError};
use crate::session::{self, RunError};
use crate::stack::Endpoints;
use crate::storm::{self, StormSpec, StormWatcher};

pub use drill::{Drill, EndedIncident};

#[derive(Debug, Clone)]
pub struct Executor {
    pub endpoints: Endpoints,
    pub runs: PathBuf,
    pub cancel: CancellationToken,
}

pub struct Judged {
    pub finished: Finished,
    pub report: RunReport,
}

impl Executor {
    /// Clears first what killed runs have left, and returns how many those were.
    pub async fn open(
        endpoints: Endpoints,
        runs: PathBuf,
        cancel: CancellationToken,
    ) -> Result<(Self, usize), RunError> {
        let swept = session::sweep(&runs, &endpoints).await?;
        let executor = Self {
            endpoints,
            runs,
            cancel,
        };
        Ok((executor, swept))
    }

    pub async fn run(&self, spec: Spec, watcher: &dyn RunWatcher) -> Result<Judged, RunError> {
        let run = run::execute(spec, &self.endpoints, &self.runs, watcher, &self.cancel).await?;
        let report = RunReport::new(&run.finished, &self.endpoints);
        run.keep(&report)?;
        let finished = run.finished;
        Ok(Judged { finished, report })
    }

    pub async fn storm(
        &self,
        spec: StormSpec,
        watcher: &dyn StormWatcher,
    ) -> Result<StormReport, RunError> {
        let storm = storm::execute(spec, &self.endpoints, &self.runs, watcher, &self.cancel);
        let storm = storm.await?;
        let report = StormReport::new(&storm.finished);
        storm.keep(&report)?;
        Ok(report)
    }

    /// Nobody can read anywhere what it was before it is revealed.
    pub async fn incident(
        &self,
        drill: Drill,
        watcher: &dyn StormWatcher,
    ) -> Result<EndedIncident, RunError> {
        let spec = drill.spec.clone();
        let storm = storm::execute(spec, &self.endpoints, &self.runs, watcher, &self.cancel);
        Ok(EndedIncident::of(drill, storm.await?))
    }

    pub async fn explore(
        &self,
        exploration: &Exploration,
        progress: &dyn explore::ExploreWatcher,
    ) -> Result<ExploreReport, explore::Failed> {
        let (runs, cancel) = (&self.runs, &self.cancel);
        explore::explore(exploration, &self.endpoints, runs, progress, cancel).await
    }
}

pub fn unstruck(lab: &Manifest, consumer: &str) -> Result<Spec, SpecError> {
    let changes = Changes {
        fault: Some(FaultChoice::None),
        ..Changes::default()
    };
    Spec::decide(lab, consumer, &changes)
}
