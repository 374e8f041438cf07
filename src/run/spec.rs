//! What a run is asked to do.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde::{Deserialize, Serialize};

use super::manifest::{Manifest, ManifestError, Provider};
use crate::chaos::{Fault, Schedule};
use crate::effects::EffectSource;
use crate::event::Tap;
use crate::named::{Named, by_name};
use crate::verdict::{self, Guarantee, Verdict};
use crate::window::Window;

/// Fully decided: no default is looked up after this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// `none` for a consumer that belongs to no lab.
    pub lab: String,
    pub lab_name: String,
    pub consumer: String,
    pub command: Vec<String>,
    pub cwd: PathBuf,
    pub guarantee: Guarantee,
    /// The schedule was planned from it.
    pub scenario: String,
    pub expected: Option<Verdict>,
    pub database_schema: String,
    /// SQL for the ids that the consumer has recorded as done; none where nobody said how to tell.
    #[serde(rename = "recorded")]
    pub processed_ids: Option<String>,
    #[serde(default)]
    pub effects: EffectSource,
    #[serde(default)]
    pub parked_topic: Option<String>,
    /// SQL for the ids of payments that the consumer has put aside because they cannot be done.
    #[serde(default)]
    pub parked: Option<String>,
    #[serde(default)]
    pub reset: Option<String>,
    #[serde(rename = "done", default = "charged")]
    pub effect_verb: String,
    #[serde(default)]
    pub provider: Provider,
    pub schedule: Schedule,
    /// Without any boundary event, before the run is over.
    pub quiet_ms: u64,
    /// For what looks lost, half-done or unfinished to prove otherwise.
    pub patience_ms: u64,
    /// From an instance's start to its first partition.
    pub join_ms: u64,
    /// Before the first payment; what the consumer does then is background noise. 0 for not at all.
    pub idle_ms: u64,
    /// At rest means that every payment has had time for what follows its acknowledgement.
    #[serde(rename = "seeks_windows")]
    pub wait_for_late_effects: bool,
    /// Signatures of what the consumer does without any payment: no change that a run waits for.
    #[serde(default)]
    pub background: BTreeSet<String>,
    /// Taps that the consumer is known to use: one that sees nothing of it spoils the evidence.
    #[serde(default)]
    pub uses: Vec<Tap>,
    /// The consumer is known to acknowledge what it has finished: a successor that does not is
    /// slow, however silent. Where it is not known, the run may show it.
    #[serde(default)]
    pub acknowledges: bool,
    /// A tap at which nothing is attributed, to check that what was not seen is never passed over.
    #[serde(default)]
    pub blind: Option<Tap>,
}

#[derive(Debug, Clone, Default)]
pub struct Changes {
    pub scenario: Option<String>,
    /// Picks the first scenario that has it.
    pub fault: Option<FaultChoice>,
    pub window: WindowChange,
    pub strikes: Option<u32>,
    pub payments: Option<u32>,
    /// Drawn where there is none.
    pub seed: Option<u64>,
    pub schedule: Option<Schedule>,
    pub quiet: Option<Duration>,
    pub patience: Option<Duration>,
    pub join: Option<Duration>,
}

impl Changes {
    /// Does what an earlier run did, whoever is run.
    pub fn take(&mut self, earlier: &Spec) {
        self.scenario = Some(earlier.scenario.clone());
        self.schedule = Some(earlier.schedule.clone());
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultChoice {
    /// The verdict can only be *unknown* or *violated*.
    None,
    Some(Fault),
}

impl FaultChoice {
    const ALL: [Self; Fault::ALL.len() + 1] = {
        let mut all = [Self::None; Fault::ALL.len() + 1];
        let mut at = 0;
        while at < Fault::ALL.len() {
            all[at] = Self::Some(Fault::ALL[at]);
            at += 1;
        }
        all
    };
}

impl Named for FaultChoice {
    const KIND: &'static str = "fault";

    fn every() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter()
    }

    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Some(fault) => fault.name(),
        }
    }
}

by_name!(FaultChoice);

impl ValueEnum for FaultChoice {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::None => Some(PossibleValue::new(self.name()).help("nothing is struck")),
            Self::Some(fault) => fault.to_possible_value(),
        }
    }
}

#[derive(Debug, Clone, Default)]
pub struct WindowChange {
    pub at: Option<String>,
    pub edge: Option<crate::window::Edge>,
}

#[derive(Debug, thiserror::Error)]
pub enum SpecError {
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("{0}\nnext: fewer --strikes or more --payments")]
    Schedule(#[from] crate::chaos::ScheduleError),
    #[error(
        "lab {0} has no crash windows to strike: its lesson is a storm\nnext: crashwindow storm {0}"
    )]
    IsStorm(String),
    #[error("the consumer's program {} is not there\nnext: cargo build", .0.display())]
    NotBuilt(PathBuf),
}

impl Spec {
    /// In place of a lab's id.
    pub const NO_LAB: &str = "none";

    #[must_use]
    pub fn of_command(
        name: &str,
        command: Vec<String>,
        database_schema: String,
        processed_ids: Option<String>,
    ) -> Self {
        let none = Schedule::plan(0, 0, 1, 1, 0, None);
        Self {
            lab: Self::NO_LAB.to_owned(),
            lab_name: String::new(),
            consumer: name.to_owned(),
            command,
            cwd: here(),
            guarantee: Guarantee::EffectivelyOnce,
            scenario: String::new(),
            expected: None,
            database_schema,
            processed_ids,
            effects: EffectSource::Ledger,
            parked_topic: None,
            parked: None,
            reset: None,
            effect_verb: charged(),
            provider: Provider::default(),
            schedule: none.expect("no strike fits into no payments"),
            quiet_ms: millis(DEFAULT_QUIET),
            patience_ms: millis(DEFAULT_PATIENCE),
            join_ms: millis(DEFAULT_JOIN),
            idle_ms: 0,
            wait_for_late_effects: false,
            background: BTreeSet::new(),
            uses: Vec::new(),
            acknowledges: false,
            blind: None,
        }
    }

    pub fn decide(lab: &Manifest, consumer: &str, changes: &Changes) -> Result<Self, SpecError> {
        if lab.scenarios.is_empty() {
            return Err(SpecError::IsStorm(lab.id.clone()));
        }
        let program = lab.consumer(consumer)?.bin.clone();
        let scenario = match (&changes.scenario, changes.fault) {
            (Some(name), _) => lab.scenario(name)?,
            (None, Some(FaultChoice::Some(fault))) => lab
                .scenarios
                .iter()
                .find(|s| s.fault == fault)
                .unwrap_or(&lab.scenarios[0]),
            (None, _) => &lab.scenarios[0],
        };
        let fault = match changes.fault {
            Some(FaultChoice::None) => None,
            Some(FaultChoice::Some(fault)) => Some(fault),
            None => Some(scenario.fault),
        };
        let window = Window::first(
            changes.window.at.as_ref().unwrap_or(&scenario.at),
            changes.window.edge.unwrap_or(scenario.edge),
        );
        let as_declared =
            fault == Some(scenario.fault) && window == Window::first(&scenario.at, scenario.edge);
        let schedule = match &changes.schedule {
            Some(schedule) => schedule.clone(),
            None => {
                let w = &lab.workload;
                Schedule::plan(
                    changes.seed.unwrap_or_else(draw_seed),
                    changes.payments.unwrap_or(w.payments),
                    w.partitions,
                    w.instances,
                    changes.strikes.unwrap_or(scenario.strikes),
                    fault.map(|fault| (fault, window.clone())),
                )?
                .waiting(scenario.wait_hours.filter(|_| as_declared))
            }
        };
        Ok(Self {
            lab: lab.id.clone(),
            lab_name: lab.name.clone(),
            consumer: consumer.to_owned(),
            command: vec![program_path(lab, &program)?],
            cwd: here(),
            guarantee: lab.guarantee,
            scenario: scenario.name.clone(),
            expected: scenario
                .expect
                .get(consumer)
                .copied()
                .filter(|_| as_declared),
            database_schema: lab.schema_sql()?,
            processed_ids: Some(lab.database.processed_ids.clone()),
            effects: lab.effects.source.clone(),
            parked_topic: None,
            parked: None,
            reset: None,
            effect_verb: lab.effects.effect_verb.clone(),
            provider: lab.provider.clone(),
            schedule,
            quiet_ms: millis(changes.quiet.unwrap_or(DEFAULT_QUIET)),
            patience_ms: millis(changes.patience.unwrap_or_else(|| {
                let declared = lab.workload.patience.map(Duration::from_secs);
                declared.unwrap_or(DEFAULT_PATIENCE)
            })),
            join_ms: millis(changes.join.unwrap_or(DEFAULT_JOIN)),
            idle_ms: 0,
            wait_for_late_effects: false,
            background: BTreeSet::new(),
            uses: Vec::new(),
            acknowledges: false,
            blind: None,
        })
    }
}

impl Spec {
    #[must_use]
    pub fn idle(&self) -> Option<Duration> {
        (self.idle_ms > 0).then(|| Duration::from_millis(self.idle_ms))
    }
}

/// Long enough for a thawed or restarted consumer of a lab to finish what it had begun; every event
/// starts it again.
const DEFAULT_QUIET: Duration = Duration::from_millis(500);

/// Durable workers recover on timers of their own, and a false loss is worse than a slow one.
const DEFAULT_PATIENCE: Duration = Duration::from_secs(20);

/// A JVM needs some seconds; a consumer that needs more than this is not going to join.
const DEFAULT_JOIN: Duration = Duration::from_secs(30);

fn charged() -> String {
    verdict::CHARGED.to_owned()
}

pub(crate) fn here() -> PathBuf {
    std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Small enough to be typed again.
pub(crate) fn draw_seed() -> u64 {
    rand::random_range(1..10_000)
}

/// Beside this one, or where a path in the manifest says.
pub(crate) fn program_path(lab: &Manifest, program: &str) -> Result<String, SpecError> {
    let path = if program.contains('/') {
        lab.folder.join(program)
    } else {
        let exe = std::env::current_exe();
        exe.map_or_else(
            |_| PathBuf::from(program),
            |exe| exe.with_file_name(program),
        )
    };
    if path.is_file() {
        Ok(path.display().to_string())
    } else {
        Err(SpecError::NotBuilt(path))
    }
}
