//! The run of one cell: struck until it tells something, for each payment that could be in hand.

use std::path::Path;
use std::sync::OnceLock;

use tokio_util::sync::CancellationToken;

use super::cells::CellPlan;
use super::first_line;
use super::traffic::Traffic;
use crate::chaos::Planned;
use crate::report::RunReport;
use crate::run::{self, Finished, RunWatcher, Spec};
use crate::session::{RunError, Unkept, Watcher};
use crate::stack::Endpoints;
use crate::verdict::Verdict;
use crate::window::Recording;

/// Before a window is said not to be reached: what a timer does, as automatic commits are, comes
/// before another event in one run and after it in the next.
const ATTEMPTS: u32 = 3;

/// Times what the join took in the recording, which had the machine to itself.
const JOIN: f64 = 8.0;

/// A run for each payment that was struck, or for the first that broke the promise.
pub(super) struct CellRuns(Vec<Finished>);

impl CellRuns {
    /// One that breaks the promise, else one that proves nothing, else one that only a restart
    /// kept.
    pub(super) fn telling(&self) -> &Finished {
        let rank = |finished: &&Finished| match finished.judgement.verdict {
            Verdict::Violated => 0,
            Verdict::Unknown => 1,
            Verdict::Held if !finished.history.revived.is_empty() => 2,
            Verdict::Held => 3,
        };
        self.0
            .iter()
            .min_by_key(rank)
            .expect("at least one was struck")
    }

    pub(super) fn runs(&self) -> &[Finished] {
        &self.0
    }
}

/// Each can be read by itself, as one that was made by itself.
#[derive(Default)]
pub(super) struct Kept {
    /// Why the first report that is missing is.
    missing: OnceLock<String>,
}

impl Kept {
    /// One that cannot be written is no reason to break off: the exploration has a report of its
    /// own.
    pub(super) fn keep(&self, run: Unkept<Finished>, endpoints: &Endpoints) -> Finished {
        let report = RunReport::new(&run.finished, endpoints);
        if let Err(error) = run.keep(&report) {
            self.missing.get_or_init(|| first_line(&error.to_string()));
        }
        run.finished
    }

    pub(super) fn missing(self) -> Option<String> {
        self.missing.into_inner()
    }
}

pub(super) struct Pattern<'a> {
    pub(super) spec: &'a Spec,
    pub(super) recording: &'a Recording,
    pub(super) traffic: &'a Traffic,
    pub(super) endpoints: &'a Endpoints,
    pub(super) runs: &'a Path,
    pub(super) kept: &'a Kept,
}

impl Pattern<'_> {
    pub(super) async fn strike(
        &self,
        plan: &CellPlan,
        cancel: &CancellationToken,
    ) -> Result<CellRuns, RunError> {
        let mut struck = Vec::new();
        for planned in self.in_company(plan) {
            let finished = self.strike_at(planned, cancel).await?;
            let broken = finished.judgement.verdict == Verdict::Violated;
            struck.push(finished);
            if broken {
                return Ok(CellRuns(struck));
            }
        }
        if plan.planned.alone {
            // A batch need not come to every window that a payment comes to by itself.
            let all = struck.len();
            struck.retain(tells);
            if struck.len() < all || struck.is_empty() {
                struck.push(self.strike_at(plan.planned.clone(), cancel).await?);
            }
        }
        Ok(CellRuns(struck))
    }

    /// For each payment that could be in hand then: wherever the window can be told among others,
    /// but for a consumer that has one payment in hand at a time and is followed by more than
    /// marks.
    fn in_company(&self, plan: &CellPlan) -> Vec<Planned> {
        let several = self.recording.several;
        let told = plan.in_company.as_ref();
        let Some(planned) = told.filter(|_| several || !plan.planned.alone) else {
            return Vec::new();
        };
        let victims = self.traffic.victims(several).into_iter();
        let of = |payment| Planned {
            payment,
            ..planned.clone()
        };
        victims.map(of).collect()
    }

    async fn strike_at(
        &self,
        planned: Planned,
        cancel: &CancellationToken,
    ) -> Result<Finished, RunError> {
        let spec = |planned| Spec {
            schedule: self.traffic.struck(&self.spec.schedule, planned),
            idle_ms: 0,
            background: self.recording.background.clone(),
            uses: self.recording.taps.clone(),
            acknowledges: self.recording.events.iter().any(|e| e.acknowledges),
            join_ms: self.join_ms(),
            ..self.spec.clone()
        };
        let mut attempt = 1;
        loop {
            let last = attempt == ATTEMPTS;
            let planned = if last {
                self.wherever_commits_are(planned.clone())
            } else {
                planned.clone()
            };
            let spec = spec(planned);
            let run = run::execute(spec, self.endpoints, self.runs, &NoPhases, cancel);
            let finished = self.kept.keep(run.await?, self.endpoints);
            if tells(&finished) || last {
                return Ok(finished);
            }
            attempt += 1;
        }
    }

    /// A timer's commit may come elsewhere than in the recording: what survives there is evidence
    /// as well. A window at a commit is found by it alone.
    fn wherever_commits_are(&self, planned: Planned) -> Planned {
        let commits = |signature: &String| self.recording.commits(signature);
        if commits(&planned.window.at) {
            return planned;
        }
        let prefix = planned.prefix.map(|prefix| {
            let others = prefix.into_iter().filter(|s| !commits(s));
            others.collect()
        });
        Planned {
            prefix,
            commits_anywhere: true,
            ..planned
        }
    }

    fn join_ms(&self) -> u64 {
        let as_recorded = self.recording.join_seconds * JOIN * 1e3;
        self.spec.join_ms.max(as_recorded as u64)
    }
}

/// It came to its window and was struck there as it should be, or has shown something without it.
fn tells(finished: &Finished) -> bool {
    let fired = finished.fired.iter().map(|fired| &fired.evidence);
    let reached = fired
        .into_iter()
        .any(|evidence| evidence.fired && evidence.problem.is_none());
    reached || finished.judgement.verdict == Verdict::Violated
}

/// Cells run side by side; each tells nothing of its phases.
struct NoPhases;

impl Watcher for NoPhases {
    fn phase(&self, _text: &str) {}
}

impl RunWatcher for NoPhases {}
