//! What a storm is asked to do.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::chaos::storm::{Cause, PlanError, StormAction, StormParameters, StormPlan, StormStrike};
use crate::run::manifest::{Checks, Ledger, Manifest, ManifestError};
use crate::run::spec::{SpecError, draw_seed, here, program_path};
use crate::stack::Switch;
use crate::verdict::{Guarantee, Verdict};

const JOIN_MS: u64 = 30_000;

/// In each stretch of the series.
const LOOKS: u64 = 5;

/// Fully decided: no default is looked up after this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormSpec {
    pub lab: String,
    pub lab_name: String,
    pub consumer: String,
    pub command: Vec<String>,
    pub release: Vec<String>,
    pub cwd: PathBuf,
    pub guarantee: Guarantee,
    pub expected: Option<Verdict>,
    pub database_schema: String,
    pub checks: Checks,
    /// Empty in older records, of which only the plan is executed.
    #[serde(default)]
    pub check_sql: String,
    pub ledger: Ledger,
    pub commit_interval_ms: u64,
    pub max_poll_interval_ms: u64,
    pub join_ms: u64,
    #[serde(default)]
    pub brokers: Vec<Switch>,
    pub plan: StormPlan,
}

#[derive(Debug, Clone, Default)]
pub struct StormChanges {
    pub cause: Option<Cause>,
    /// Not compressed.
    pub real_time: bool,
    pub seconds: Option<u64>,
    /// Payments per second.
    pub rate: Option<u32>,
    pub instances: Option<u32>,
    pub partitions: Option<u32>,
    /// Drawn where there is none.
    pub seed: Option<u64>,
    /// Those that can be stopped; see [`crate::stack::switches`].
    pub brokers: Vec<Switch>,
    /// Instead of planning one: checked when it was read.
    pub plan: Option<StormPlan>,
}

#[derive(Debug, thiserror::Error)]
pub enum StormError {
    #[error("lab {0} has no storm\nnext: crashwindow run {0}")]
    NoStorm(String),
    #[error(
        "the storm of lab {lab} has no scenario {cause}; it has: {known}\nnext: crashwindow storm {lab}"
    )]
    NoScenario {
        lab: String,
        cause: Cause,
        known: String,
    },
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error(transparent)]
    Spec(#[from] SpecError),
    #[error(
        "the schedule stops a broker, and this stack has not several that can be stopped\n\
         next: CRASHWINDOW_CLUSTER=yes make lab-up"
    )]
    NoBroker,
    #[error(transparent)]
    Plan(#[from] PlanError),
}

impl StormSpec {
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
