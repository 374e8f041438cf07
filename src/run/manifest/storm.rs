//! The section `[storm]`: for a lab whose lesson is in the numbers of a loaded group.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Manifest;
use crate::chaos::storm::Cause;
use crate::verdict::Verdict;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StormSection {
    pub consumer: String,
    /// What the scenario `release` rolls out in the consumer's place.
    pub release: String,
    /// Of producing; with `workload.payments` this makes the rate.
    pub seconds: u64,
    /// The same with `--real-time`.
    pub real_seconds: u64,
    /// Of the consumer.
    pub commit_interval_ms: u64,
    pub max_poll_interval_ms: u64,
    pub checks: Checks,
    pub ledger: Ledger,
    /// The first is what plain `storm` does.
    pub scenarios: Vec<StormScenario>,
}

/// The statement that checks for duplicates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// Its file, one of `database.statements`: the consumers send what it holds.
    pub statement: PathBuf,
    /// The number, from 1, of its parameter with the partitions, an int4[].
    pub partitions: usize,
    /// The same with the offsets, an int8[].
    pub offsets: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    pub table: String,
    /// A column that grows with each line.
    pub entry: String,
    pub payment: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StormScenario {
    pub cause: Cause,
    pub expect: Verdict,
    pub why: String,
}

impl Manifest {
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
