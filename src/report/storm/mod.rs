//! The report of a storm: one form for machines, one for people.

mod series;
mod terminal;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use self::series::ratio;
use crate::chaos::storm::{Blow, Cause};
use crate::run::storm::{Mark, Ownership, StormFinished};
use crate::verdict::{Guarantee, StormFacts, Verdict};

pub use series::{Bucket, stretch};
pub use terminal::{render, table};

/// The version of the report's form.
const SCHEMA: u32 = 1;

/// How far the metric may be from the count at the tap and still be said to tell the truth.
const TRUE_WITHIN: f64 = 0.05;

/// A storm, as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StormReport {
    /// The version of this form.
    pub schema: u32,
    /// The lab's id.
    pub lab: String,
    /// The lab's name.
    pub lab_name: String,
    /// What made the numbers move.
    pub cause: Cause,
    /// The consumer.
    pub consumer: String,
    /// Plans the same storm again.
    pub seed: u64,
    /// What was promised.
    pub guarantee: Guarantee,
    /// Whether it was kept.
    pub verdict: Verdict,
    /// The verdict that the manifest expects.
    pub expected: Option<Verdict>,
    /// Why.
    pub reasons: Vec<String>,
    /// Payments per second.
    pub rate: u32,
    /// Instances in the group.
    pub instances: u32,
    /// Partitions of the topic.
    pub partitions: u32,
    /// How long payments were produced, in seconds.
    pub seconds: u64,
    /// What is known from outside the consumers.
    pub counts: StormFacts,
    /// The calm before, the incident, and the calm after it.
    pub phases: Phases,
    /// Whether the metric told the truth.
    pub redeliveries: Redelivered,
    /// Rates over time.
    pub series: Vec<Bucket>,
    /// What was done.
    pub marks: Vec<Mark>,
    /// Who owned which partitions, change by change.
    #[serde(default)]
    pub owners: Vec<Ownership>,
    /// The number of the run folder.
    pub run: String,
    /// The run folder.
    pub run_dir: PathBuf,
}

/// The three parts of a storm. The first minute of a change, compressed with the others, belongs to
/// none of them. There are none in a storm of which nothing was planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// Before the incident.
    pub before: Option<Bucket>,
    /// The incident, once it has begun to show.
    pub incident: Option<Bucket>,
    /// After it.
    pub after: Option<Bucket>,
}

/// Redeliveries, counted twice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Redelivered {
    /// At the Postgres tap: records whose check was completed before and that were checked again.
    pub outside: u64,
    /// By the consumers: `dedup_checks_total{result="hit",origin="redelivery"}`.
    pub metric: u64,
    /// The difference over the outside count.
    pub difference: f64,
    /// Whether it is small enough to say that the metric told the truth: 5 %, or one record for each
    /// process that was killed, which takes with it a check that it had not counted.
    pub agree: bool,
}

impl Redelivered {
    fn new(outside: u64, metric: u64, killed: u64) -> Self {
        let apart = metric.abs_diff(outside);
        let difference = ratio(apart, outside);
        Self {
            outside,
            metric,
            difference,
            agree: outside > 0
                && metric > 0
                && (difference <= TRUE_WITHIN || (metric < outside && apart <= killed)),
        }
    }
}

impl StormReport {
    /// The report of a storm.
    #[must_use]
    pub fn new(finished: &StormFinished) -> Self {
        let (spec, plan) = (&finished.spec, &finished.spec.plan);
        let (samples, marks) = (&finished.samples, &finished.marks);
        let bucket = spec.bucket_ms();
        let (begins, ends) = plan.incident_ms;
        // Where everything was done by hand, nobody knows which part was meant to be calm.
        let is_planned = !plan.strikes.is_empty();
        let part = |from, to| {
            is_planned
                .then(|| stretch(samples, marks, from, to))
                .flatten()
        };
        let metric = samples.last().map_or(0, |sample| sample.redelivery_hits);
        let outside = finished.facts.redelivered;
        let killed = marks.iter().filter(|mark| mark.blow == Blow::Kill).count();
        Self {
            schema: SCHEMA,
            lab: spec.lab.clone(),
            lab_name: spec.lab_name.clone(),
            cause: plan.cause,
            consumer: spec.consumer.clone(),
            seed: plan.seed,
            guarantee: spec.guarantee,
            verdict: finished.judgement.verdict,
            expected: spec.expected,
            reasons: finished.judgement.reasons.clone(),
            rate: plan.rate,
            instances: plan.instances,
            partitions: plan.partitions,
            seconds: plan.length_ms / 1_000,
            counts: finished.facts,
            phases: Phases {
                before: part(0, begins),
                incident: part(begins + bucket, ends),
                after: part(ends + bucket, plan.length_ms),
            },
            redeliveries: Redelivered::new(outside, metric, killed as u64),
            series: series::series(samples, marks, plan.length_ms, bucket),
            marks: marks.clone(),
            owners: finished.owners.clone(),
            run: finished.run_id.clone(),
            run_dir: finished.run_dir.clone(),
        }
    }

    /// The verdict in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let reasons = self.reasons.join("; ");
        match self.verdict {
            Verdict::Held => format!("held: {} in a storm: {reasons}.", self.guarantee),
            Verdict::Violated => {
                format!("violated: {} was promised and {reasons}.", self.guarantee)
            }
            Verdict::Unknown => format!("unknown: {reasons}."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_may_miss_one_check_of_each_killed_process_and_no_more() {
        let agree = |outside, metric, killed| Redelivered::new(outside, metric, killed).agree;
        assert!(agree(17, 16, 1) && agree(17, 15, 2));
        assert!(!agree(17, 16, 0), "nobody was killed");
        assert!(!agree(17, 14, 2), "one more than the killed can have taken");
        assert!(!agree(17, 18, 2), "a kill makes no hits");
        assert!(!agree(1, 0, 1), "nothing was counted");
        assert!(agree(1_000, 950, 0) && !agree(1_000, 949, 0));
    }
}
