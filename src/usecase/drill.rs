//! A drill: a storm whose cause is hidden until somebody has said what it was.

use std::fmt::Display;

use crate::chaos::storm::Cause;
use crate::drill::{Action, DrillReport, digest, evidence, hidden};
use crate::report::storm::StormReport;
use crate::run::manifest::Manifest;
use crate::session::Unkept;
use crate::session::folder::FolderError;
use crate::storm::{StormChanges, StormError, StormFinished, StormSpec};

const SCHEMA: u32 = 1;

#[derive(Debug, Clone)]
pub struct Drill {
    pub spec: StormSpec,
    seed: u64,
    cause: Cause,
}

impl Drill {
    /// Its storms are the incidents.
    pub const LAB: &str = "04";

    /// The incident that the seed of these changes hides; drawn where there is none.
    pub fn decide(lab: &Manifest, changes: StormChanges) -> Result<Self, StormError> {
        let seed = changes.seed;
        let seed = seed.unwrap_or_else(|| rand::random_range(1..10_000));
        let cause = hidden(seed);
        let changes = StormChanges {
            cause: Some(cause),
            seed: Some(seed),
            ..changes
        };
        let spec = StormSpec::decide(lab, &changes)?;
        Ok(Self { spec, seed, cause })
    }

    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// Over, and not revealed. Its run is not judged yet.
pub struct EndedIncident {
    drill: Drill,
    storm: Unkept<StormFinished>,
    report: StormReport,
}

impl EndedIncident {
    pub(super) fn of(drill: Drill, storm: Unkept<StormFinished>) -> Self {
        let report = StormReport::new(&storm.finished);
        Self {
            drill,
            storm,
            report,
        }
    }

    #[must_use]
    pub fn report(&self) -> &StormReport {
        &self.report
    }

    pub fn logs(&self) -> std::io::Result<String> {
        digest(&self.report.run_dir)
    }

    /// Keeps the storm's report for everybody to see. Where there is no answer, what it was stays
    /// hidden, and the folder says why.
    pub fn reveal<E: Display + From<FolderError>>(
        self,
        answer: Result<(Cause, Action), E>,
    ) -> Result<(DrillReport, StormReport), E> {
        let Self {
            drill: Drill { seed, cause, .. },
            storm,
            report,
        } = self;
        let (answer, action) = match answer {
            Ok(answer) => answer,
            Err(error) => {
                storm.give_up(&error)?;
                return Err(error);
            }
        };
        storm.keep(&report)?;
        let right_action = Action::right_for(cause);
        let came_of = DrillReport {
            schema: SCHEMA,
            seed,
            cause,
            answer,
            right_action,
            action,
            right: answer == cause && action == right_action,
            evidence: evidence(&report),
            run: report.run.clone(),
        };
        Ok((came_of, report))
    }
}
