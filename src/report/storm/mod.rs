//! The report of a storm: one form for machines, one for people.

mod series;
mod terminal;

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::series::ratio;
use crate::chaos::storm::{Cause, RedeliveryAccount};
use crate::storm::{Ownership, StormFinished, StormMark};
use crate::verdict::{Guarantee, StormFacts, Verdict};

pub use series::Bucket;
pub(crate) use series::stretch;
pub use terminal::{render, table};

const SCHEMA: u32 = 1;

/// One storm over a loaded group. `schema` changes when a reader would have to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StormReport {
    /// The version of this form.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: u32,
    /// The lab's id.
    #[schemars(regex(pattern = "^[0-9]{2}$"))]
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
    #[schemars(length(min = 1))]
    pub reasons: Vec<String>,
    /// What the taps have refused, each once: what the consumer lacked for it is no fault of the storm's.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Payments per second.
    #[schemars(range(min = 1))]
    pub rate: u32,
    /// Instances in the group.
    #[schemars(range(min = 2))]
    pub instances: u32,
    /// Partitions of the topic.
    #[schemars(range(min = 2))]
    pub partitions: u32,
    /// How long payments were produced, in seconds.
    #[schemars(range(min = 18))]
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
    pub marks: Vec<StormMark>,
    /// Who owned which partitions, change by change.
    #[serde(default)]
    pub owners: Vec<Ownership>,
    /// The number of the run folder.
    #[schemars(regex(pattern = "^[0-9]{4,}$"))]
    pub run: String,
    /// The run folder.
    pub run_dir: PathBuf,
}

/// The three parts of a storm. The first minute of a change, compressed with the others, belongs to
/// none of them. There are none in a storm of which nothing was planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StormPhases")]
pub struct Phases {
    /// Before the incident.
    pub before: Option<Bucket>,
    /// The incident, once it has begun to show.
    pub incident: Option<Bucket>,
    /// After it.
    pub after: Option<Bucket>,
}

/// Redeliveries, counted twice: those of the checks that both sides have counted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StormRedeliveries")]
pub struct Redelivered {
    /// At the Postgres tap: records whose check was completed before and that were checked again.
    pub outside: u64,
    /// By the consumers: `dedup_checks_total{result="hit",origin="redelivery"}`.
    pub metric: u64,
    /// Checks that were answered to processes which died before they told of them. They are in neither
    /// number.
    #[serde(default)]
    pub uncounted: u64,
    /// Records that the metric may have beyond `outside`: they came again after a check whose answer came
    /// to nobody.
    #[serde(default)]
    pub doubtful: u64,
    /// How far the metric is from what it can be, over the outside count.
    #[schemars(range(min = 0))]
    pub difference: f64,
    /// Whether it is not: the metric told the truth.
    pub agree: bool,
}

impl Redelivered {
    fn new(account: RedeliveryAccount) -> Self {
        let RedeliveryAccount {
            outside,
            metric,
            uncounted,
            doubtful,
        } = account;
        let truth = metric.clamp(outside, outside + doubtful);
        let apart = metric.abs_diff(truth);
        Self {
            outside,
            metric,
            uncounted,
            doubtful,
            difference: ratio(apart, outside.max(1)),
            agree: apart == 0,
        }
    }
}

impl StormReport {
    #[must_use]
    pub fn new(finished: &StormFinished) -> Self {
        let (spec, plan) = (&finished.spec, &finished.spec.plan);
        let (samples, marks) = (&finished.samples, &finished.marks);
        let bucket = plan.bucket_ms();
        let ((begins, ends), counted) = (plan.incident_ms, plan.counted_ms());
        // Where everything was done by hand, nobody knows which part was meant to be calm.
        let is_planned = !plan.strikes.is_empty();
        let part = |from, to| {
            is_planned
                .then(|| stretch(samples, marks, from, to))
                .flatten()
        };
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
            warnings: finished.refusals.iter().map(ToString::to_string).collect(),
            rate: plan.rate,
            instances: plan.instances,
            partitions: plan.partitions,
            seconds: plan.length_ms / 1_000,
            counts: finished.facts,
            phases: Phases {
                before: part(0, begins),
                incident: part(counted.start, counted.end),
                after: part(ends + bucket, plan.length_ms),
            },
            redeliveries: Redelivered::new(finished.account),
            series: series::series(samples, marks, plan.length_ms, bucket),
            marks: marks.clone(),
            owners: finished.owners.clone(),
            run: finished.run_id.clone(),
            run_dir: finished.run_dir.clone(),
        }
    }

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

    fn told(outside: u64, metric: u64, doubtful: u64) -> Redelivered {
        Redelivered::new(RedeliveryAccount {
            outside,
            metric,
            doubtful,
            uncounted: 7,
        })
    }

    #[test]
    fn a_metric_tells_the_truth_when_it_is_what_was_counted_and_not_one_beside_it() {
        assert!(told(8_563, 8_563, 0).agree);
        assert!(told(0, 0, 0).agree, "nothing came again, and none is told");
        for lie in [8_562, 8_564, 0] {
            assert!(!told(8_563, lie, 0).agree, "{lie}");
        }
        let lie = told(1_000, 240, 0);
        assert!((lie.difference - 0.76).abs() < 1e-9, "{lie:?}");
    }

    #[test]
    fn what_nobody_can_tell_may_be_in_it_or_not() {
        for metric in [17, 18, 19] {
            assert!(told(17, metric, 2).agree, "{metric}");
        }
        assert!(!told(17, 16, 2).agree && !told(17, 20, 2).agree);
    }
}
