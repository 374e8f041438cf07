//! The report of a run as data. Its form is a promise to the jobs that read it:
//! `docs/run.schema.json` describes it, and a test holds real output to that.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::biography;
use super::cost::Cost;
use super::line::{self, Line};
use crate::chaos::Fault;
use crate::run::{ExecutedFault, Finished};
use crate::session::Seconds;
use crate::stack::{Endpoints, StackKind};
use crate::verdict::{Counts, Guarantee, Outcome, Verdict, outcome_of};
use crate::window::Window;

/// Of schema 1 the lines of a biography are words alone, and are read as marks.
pub const SCHEMA: u32 = 2;

/// The run folder has every payment's events.
const MAX_WITNESSES: usize = 10;

/// One run of one consumer. `schema` changes when a reader would have to. `crashwindow compare --json`
/// prints an array of these.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunReport {
    /// The version of this form.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: u32,
    /// The lab's id.
    #[schemars(regex(pattern = "^([0-9]{2}|none)$"))]
    pub lab: String,
    /// The lab's name.
    pub lab_name: String,
    /// The consumer.
    pub consumer: String,
    /// The scenario.
    pub scenario: String,
    /// The seed of the schedule.
    pub seed: u64,
    /// How many instances shared the group.
    #[schemars(range(min = 1))]
    pub instances: u32,
    /// Where it ran.
    pub stack: Stack,
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict that the lab's manifest expects, where the run is the manifest's.
    pub expected: Option<Verdict>,
    /// What was promised.
    pub guarantee: Guarantee,
    /// What the verdict rests on, one clause each.
    #[schemars(length(min = 1))]
    pub reasons: Vec<String>,
    /// How many payments had which outcome.
    pub counts: Counts,
    /// What was done to a payment that took effect: `charged`.
    #[serde(rename = "done")]
    #[schemars(length(min = 1))]
    pub effect_verb: String,
    /// Every payment that did not take effect exactly once.
    pub exceptions: Vec<Exception>,
    /// Every fault of the schedule.
    pub faults: Vec<FaultReport>,
    /// Payments that show what happened, the most telling first.
    pub witnesses: Vec<Witness>,
    /// What a payment costs that nothing struck.
    pub cost: Cost,
    /// Where the time went.
    pub seconds: Times,
    /// The run folder's number, for `crashwindow replay`.
    pub run: String,
    /// The run folder.
    pub run_dir: PathBuf,
}

/// Where a run ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Stack {
    /// `native`, `external`, `compose`.
    #[schemars(with = "StackKind")]
    pub kind: String,
    /// Kafka's version, where it is known.
    pub kafka: Option<String>,
    /// PostgreSQL's version, where it is known.
    pub postgres: Option<String>,
}

/// A payment that was not charged exactly once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exception {
    /// The payment.
    #[schemars(regex(pattern = "^msg-[0-9]{4,}$"))]
    pub payment: String,
    /// What became of it; never that it took effect once.
    #[schemars(extend("not" = { "const": "once" }))]
    pub outcome: Outcome,
    /// Its charges in the ledger.
    pub charges: Vec<String>,
}

/// One fault of the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FaultReport {
    /// The fault.
    pub fault: Fault,
    /// Where it was to strike.
    pub window: Window,
    /// In whose window.
    #[schemars(regex(pattern = "^msg-[0-9]{4,}$"))]
    pub payment: String,
    /// Who was struck.
    pub instance: Option<String>,
    /// Whether anybody came to the window.
    pub fired: bool,
    /// Whether Kafka was seen to deliver the payment again.
    pub redelivered: bool,
    /// Why it is no evidence.
    pub problem: Option<String>,
}

/// One payment that shows what happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Witness {
    /// The payment.
    #[schemars(regex(pattern = "^msg-[0-9]{4,}$"))]
    pub payment: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Its timeline.
    pub biography: Vec<Line>,
    /// The same in one sentence.
    pub text: String,
    /// Its effects, as they were counted from outside: charges in the ledger, or transitions in the
    /// audit of the table.
    pub effects: Vec<String>,
}

/// Where the time went, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Times {
    /// All of it.
    #[schemars(range(min = 0))]
    pub total: f64,
    /// By phase, in order.
    pub phases: Vec<Phase>,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TimedPhase")]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// How long it took.
    #[schemars(range(min = 0))]
    pub seconds: f64,
}

impl Stack {
    #[must_use]
    pub fn of(endpoints: &Endpoints) -> Self {
        Self {
            kind: endpoints.kind.to_string(),
            kafka: endpoints.versions.kafka.clone(),
            postgres: endpoints.versions.postgres.clone(),
        }
    }
}

impl Times {
    #[must_use]
    pub fn of(seconds: Seconds) -> Self {
        let phases = seconds
            .phases
            .into_iter()
            .map(|(name, seconds)| Phase { name, seconds });
        Self {
            total: seconds.total,
            phases: phases.collect(),
        }
    }
}

impl RunReport {
    #[must_use]
    pub fn new(finished: &Finished, endpoints: &Endpoints) -> Self {
        let Finished {
            spec,
            judgement,
            history,
            ..
        } = finished;
        let faults: Vec<FaultReport> = finished
            .fired
            .iter()
            .map(
                |ExecutedFault {
                     planned, evidence, ..
                 }| FaultReport {
                    fault: planned.fault,
                    window: planned.window.clone(),
                    payment: planned.payment.clone(),
                    instance: planned.instance.clone(),
                    fired: evidence.fired,
                    redelivered: finished.history.redelivered(&evidence.payment),
                    problem: evidence.problem.clone(),
                },
            )
            .collect();
        let exceptions = judgement
            .exceptions
            .iter()
            .map(|(payment, outcome)| Exception {
                payment: payment.clone(),
                outcome: *outcome,
                charges: history.effects_of(payment),
            });
        Self {
            schema: SCHEMA,
            lab: spec.lab.clone(),
            lab_name: spec.lab_name.clone(),
            consumer: spec.consumer.clone(),
            scenario: spec.scenario.clone(),
            seed: spec.schedule.seed,
            instances: spec.schedule.instances,
            stack: Stack::of(endpoints),
            verdict: judgement.verdict,
            expected: spec.expected,
            guarantee: spec.guarantee,
            reasons: judgement.reasons.clone(),
            counts: judgement.counts,
            effect_verb: spec.effect_verb.clone(),
            exceptions: exceptions.collect(),
            cost: Cost::of(finished),
            witnesses: witnesses(finished, &faults),
            faults,
            seconds: Times::of(finished.phases.seconds()),
            run: finished.run_id.clone(),
            run_dir: finished.run_dir.clone(),
        }
    }

    #[must_use]
    pub fn absorbed(&self) -> usize {
        let redelivered = self.faults.iter().filter(|f| f.redelivered);
        let broken = |payment: &str| self.exceptions.iter().any(|e| e.payment == payment);
        redelivered.filter(|f| !broken(&f.payment)).count()
    }

    #[must_use]
    pub fn sentence(&self) -> String {
        sentence(self.verdict, self.guarantee, &self.reasons)
    }
}

pub(super) fn sentence(verdict: Verdict, guarantee: Guarantee, reasons: &[String]) -> String {
    let reasons = reasons.join(" and ");
    match verdict {
        Verdict::Violated => format!("violated: {guarantee} was promised and {reasons}."),
        Verdict::Held => format!("held: {guarantee} was promised and kept; {reasons}."),
        Verdict::Unknown => {
            format!("unknown: {reasons}, so {guarantee} was neither kept nor broken.")
        }
    }
}

impl fmt::Display for Times {
    /// `41.2 s = record 3.0 + strike 38.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phases = self.phases.iter();
        let phases: Vec<String> = phases
            .map(|p| format!("{} {:.1}", p.name, p.seconds))
            .collect();
        write!(f, "{:.1} s = {}", self.total, phases.join(" + "))
    }
}

/// What breaks the promise, shortest biography first, and what was parked, which does not; where
/// there is neither, a struck payment that was delivered again and absorbed.
fn witnesses(finished: &Finished, faults: &[FaultReport]) -> Vec<Witness> {
    let exceptions = finished
        .judgement
        .exceptions
        .iter()
        .map(|(p, o)| (p.clone(), *o));
    let mut payments: Vec<(String, Outcome)> = exceptions.collect();
    if payments.is_empty() {
        let struck = faults.iter().filter(|f| f.fired);
        payments = struck
            .map(|f| (f.payment.clone(), outcome_of(&finished.history, &f.payment)))
            .collect();
    }
    let mut witnesses: Vec<Witness> = payments
        .into_iter()
        .map(|(payment, outcome)| {
            let entries = biography::of(finished, &payment);
            let effects = finished.history.effects_of(&payment);
            Witness {
                biography: line::lines(&entries, &payment),
                text: format!(
                    "{payment}: {}: {}.",
                    biography::prose(&entries, &payment),
                    outcome.told(&finished.spec.effect_verb, effects.len())
                ),
                effects,
                outcome,
                payment,
            }
        })
        .collect();
    witnesses.sort_by_key(|w| (w.outcome == Outcome::Parked, w.biography.len()));
    witnesses.truncate(MAX_WITNESSES);
    witnesses
}
