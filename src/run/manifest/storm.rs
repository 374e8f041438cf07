//! The section `[storm]` of a manifest: for a lab whose lesson is in the numbers of a loaded group,
//! not in one window.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Manifest;
use crate::chaos::storm::Cause;
use crate::verdict::Verdict;

/// What a storm over the lab's consumer is like.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StormSection {
    /// The consumer that the storm is over.
    pub consumer: String,
    /// The consumer that the scenario `release` rolls out in its place.
    pub release: String,
    /// How long payments are produced, in seconds; with `workload.payments` this makes the rate.
    pub seconds: u64,
    /// The same with `--real-time`.
    pub real_seconds: u64,
    /// How often the consumer commits its position, in milliseconds.
    pub commit_interval_ms: u64,
    /// How long the consumer may be busy between two polls, in milliseconds.
    pub max_poll_interval_ms: u64,
    /// How a check for a duplicate is known at the Postgres tap.
    pub checks: Checks,
    /// Where the effects are.
    pub ledger: Ledger,
    /// What happens, by scenario; the first is what plain `storm` does.
    pub scenarios: Vec<StormScenario>,
}

/// The statement that checks for duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// Its file, one of `database.statements`: the consumers send what it holds.
    pub statement: PathBuf,
    /// The number of its parameter with the partitions, an int4[]; from 1.
    pub partitions: usize,
    /// The number of its parameter with the offsets, an int8[].
    pub offsets: usize,
}

/// The table with a line for each effect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// Its name.
    pub table: String,
    /// A column that grows with each line.
    pub entry: String,
    /// The column with the payment's id.
    pub payment: String,
}

/// One storm.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StormScenario {
    /// What makes the numbers move; its name on the command line.
    pub cause: Cause,
    /// The verdict that it must get.
    pub expect: Verdict,
    /// Why.
    pub why: String,
}

impl Manifest {
    /// What contradicts itself in `[storm]`.
    pub(super) fn storm_problems(&self) -> Vec<String> {
        let Some(storm) = &self.storm else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        for consumer in [&storm.consumer, &storm.release] {
            if !self.consumers.contains_key(consumer) {
                problems.push(format!("storm names {consumer:?}, which is no consumer"));
            }
        }
        if storm.seconds == 0 || storm.real_seconds == 0 || storm.commit_interval_ms == 0 {
            problems.push("storm has a time of 0".into());
        } else if u64::from(self.workload.payments) < storm.seconds {
            problems.push("workload.payments over storm.seconds is less than 1 a second".into());
        }
        if !self.database.statements.contains(&storm.checks.statement) {
            problems.push(format!(
                "storm.checks.statement is {:?}, which is none of database.statements",
                storm.checks.statement
            ));
        }
        if storm.checks.partitions == 0 || storm.checks.offsets == 0 {
            problems.push("storm.checks counts parameters from 1".into());
        }
        let mut names = vec![
            &storm.ledger.table,
            &storm.ledger.entry,
            &storm.ledger.payment,
        ];
        names.retain(|name| !is_name(name));
        if !names.is_empty() {
            problems.push(format!(
                "storm.ledger has {names:?}, which are no plain names"
            ));
        }
        if storm.scenarios.is_empty() {
            problems.push("storm has no scenario".into());
        }
        problems
    }
}

/// Only such names go into a statement.
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}
