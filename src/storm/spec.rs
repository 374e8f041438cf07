//! What a storm is asked to do.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chaos::storm::{Cause, PlanError, StormAction, StormParameters, StormPlan, StormStrike};
use crate::run::manifest::{Checks, Ledger, Manifest, ManifestError};
use crate::run::spec::{SpecError, draw_seed, here, program_path};
use crate::stack::Switch;
use crate::verdict::{Guarantee, Verdict};

/// How long the instances get to join.
const JOIN_MS: u64 = 30_000;

/// How many looks there are in each stretch of the series.
const LOOKS: u64 = 5;

/// One storm, fully decided: no default is looked up after this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormSpec {
    /// The lab's id.
    pub lab: String,
    /// The lab's name.
    pub lab_name: String,
    /// The consumer that the storm is over.
    pub consumer: String,
    /// Its program.
    pub command: Vec<String>,
    /// The program that a release puts in its place.
    pub release: Vec<String>,
    /// The folder they run in.
    pub cwd: PathBuf,
    /// What they are held to.
    pub guarantee: Guarantee,
    /// The verdict that the manifest expects.
    pub expected: Option<Verdict>,
    /// SQL that creates their tables.
    pub database_schema: String,
    /// How a check is known.
    pub checks: Checks,
    /// The statement that makes it; empty in older records, of which only the plan is executed.
    #[serde(default)]
    pub check_sql: String,
    /// Where effects are counted.
    pub ledger: Ledger,
    /// How often they commit, in milliseconds.
    pub commit_interval_ms: u64,
    /// How long they may be busy, in milliseconds.
    pub max_poll_interval_ms: u64,
    /// How long they get to join, in milliseconds.
    pub join_ms: u64,
    /// The brokers that can be stopped.
    #[serde(default)]
    pub brokers: Vec<Switch>,
    /// What is done.
    pub plan: StormPlan,
}

/// What the command line may change of a lab's storm.
#[derive(Debug, Clone, Default)]
pub struct StormChanges {
    /// Another cause than the manifest's first.
    pub cause: Option<Cause>,
    /// Not compressed.
    pub real_time: bool,
    /// Another length, in seconds.
    pub seconds: Option<u64>,
    /// Another number of payments per second.
    pub rate: Option<u32>,
    /// Another number of instances.
    pub instances: Option<u32>,
    /// Another number of partitions.
    pub partitions: Option<u32>,
    /// The seed; without one, it is drawn.
    pub seed: Option<u64>,
    /// The brokers that can be stopped; see [`crate::stack::switches`].
    pub brokers: Vec<Switch>,
    /// A plan to execute instead of planning one: checked when it was read.
    pub plan: Option<StormPlan>,
}

/// A storm that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum StormError {
    #[error("lab {0} has no storm\nnext: crashwindow run {0}")]
    NoStorm(String),
    #[error(
        "the storm of lab {lab} has no scenario {cause}; it has: {known}\nnext: crashwindow storm {lab}"
    )]
    NoScenario {
        lab: String,
        /// What was asked for.
        cause: Cause,
        /// What there is.
        known: String,
    },
    /// The lab does not have what was asked for.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// A program is not built.
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error(
        "the schedule stops a broker, and this stack has not several that can be stopped\n\
         next: CRASHWINDOW_CLUSTER=yes make lab-up"
    )]
    NoBroker,
    /// It cannot be planned.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl StormSpec {
    /// Decides a storm over the lab's consumer.
    ///
    /// # Errors
    /// When the lab has no such storm, its programs are not built, or the numbers do not fit
    /// together.
    pub fn decide(lab: &Manifest, changes: &StormChanges) -> Result<Self, StormError> {
        let none = || StormError::NoStorm(lab.id.clone());
        let storm = lab.storm.as_ref().ok_or_else(none)?;
        let cause = changes
            .plan
            .as_ref()
            .map(|plan| plan.cause)
            .or(changes.cause);
        let cause = cause.unwrap_or(storm.scenarios[0].cause);
        let scenario = storm.scenarios.iter().find(|s| s.cause == cause);
        let scenario = scenario.ok_or_else(|| StormError::NoScenario {
            lab: lab.id.clone(),
            cause,
            known: storm
                .scenarios
                .iter()
                .map(|s| s.cause.name())
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        let seconds = if changes.real_time {
            storm.real_seconds
        } else {
            storm.seconds
        };
        let usual_rate = u64::from(lab.workload.payments) / storm.seconds;
        let parameters = StormParameters {
            cause,
            seconds: changes.seconds.unwrap_or(seconds),
            rate: changes
                .rate
                .unwrap_or(u32::try_from(usual_rate).unwrap_or(u32::MAX)),
            partitions: changes.partitions.unwrap_or(lab.workload.partitions),
            instances: changes.instances.unwrap_or(lab.workload.instances),
            commit_interval_ms: storm.commit_interval_ms,
            brokers: u32::try_from(changes.brokers.len()).unwrap_or(u32::MAX),
        };
        let plan = match &changes.plan {
            Some(plan) => plan.clone(),
            None => parameters.plan(changes.seed.unwrap_or_else(draw_seed))?,
        };
        let stops = |strike: &StormStrike| strike.action == StormAction::BrokerStop;
        if changes.brokers.is_empty() && plan.strikes.iter().any(stops) {
            return Err(StormError::NoBroker);
        }
        let program = |consumer: &str| -> Result<Vec<String>, StormError> {
            Ok(vec![program_path(lab, &lab.consumer(consumer)?.bin)?])
        };
        Ok(Self {
            lab: lab.id.clone(),
            lab_name: lab.name.clone(),
            consumer: storm.consumer.clone(),
            command: program(&storm.consumer)?,
            release: program(&storm.release)?,
            cwd: here(),
            guarantee: lab.guarantee,
            expected: Some(scenario.expect),
            database_schema: lab.schema_sql()?,
            checks: storm.checks.clone(),
            check_sql: lab.sql(&storm.checks.statement)?,
            ledger: storm.ledger.clone(),
            commit_interval_ms: storm.commit_interval_ms,
            max_poll_interval_ms: storm.max_poll_interval_ms,
            join_ms: JOIN_MS,
            brokers: changes.brokers.clone(),
            plan,
        })
    }

    pub(super) fn sample_every(&self) -> Duration {
        Duration::from_millis(self.plan.bucket_ms() / LOOKS)
    }

    pub(super) fn max_poll_interval(&self) -> Duration {
        Duration::from_millis(self.max_poll_interval_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::manifest;

    #[test]
    fn a_schedule_that_stops_a_broker_needs_one_that_can_be_stopped() {
        let labs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("labs");
        let lab = manifest::find(&labs, "04").expect("a lab with a storm");
        let broker = |name: &str| Switch {
            broker: name.to_owned(),
            address: format!("{name}:9092"),
            pipe: PathBuf::from("/switches").join(name),
        };
        let parameters = StormParameters {
            cause: Cause::Rebalances,
            seconds: 50,
            rate: 100,
            partitions: 8,
            instances: 4,
            commit_interval_ms: 2_000,
            brokers: 3,
        };
        let mut changes = StormChanges {
            plan: Some(parameters.plan(7).expect("it can be planned")),
            ..StormChanges::default()
        };
        let refused = StormSpec::decide(&lab, &changes);
        let refused = refused.expect_err("nothing can be stopped").to_string();
        assert!(refused.contains("lab-up"), "{refused}");
        changes.brokers = vec![broker("kafka1"), broker("kafka2")];
        let decided = StormSpec::decide(&lab, &changes);
        assert!(!matches!(decided, Err(StormError::NoBroker)));
    }
}
