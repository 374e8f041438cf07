//! One look at everything that is counted in a storm.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the consumers export is theirs; `ledger`, `ledger_again`, `redelivered` and `produced` are
/// counted without asking them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// After the first payment was due.
    pub at_ms: u64,
    pub produced: u64,
    /// `dedup_checks_total{result="miss"}`.
    pub misses: u64,
    /// `dedup_checks_total{result="hit",origin="redelivery"}`.
    pub redelivery_hits: u64,
    /// `dedup_checks_total{result="hit",origin="republish"}`.
    pub republish_hits: u64,
    /// `rebalances_total` by kind.
    pub rebalances: BTreeMap<String, u64>,
    /// `offset_commit_failures_total` by code.
    pub commit_failures: BTreeMap<String, u64>,
    /// Gaps between polls in `poll_gap_seconds` that were not below `max.poll.interval.ms`.
    pub late_polls: u64,
    /// `consumer_lag_records`, all live instances.
    pub lag: u64,
    /// `consumer_uncommitted_records`, all live instances.
    pub uncommitted: u64,
    /// The programs in `build_info`, with the number of live instances that run each.
    pub builds: BTreeMap<String, u64>,
    /// One look ago.
    pub ledger: u64,
    /// Lines that were not the first for their payment.
    pub ledger_again: u64,
    /// Checked again, counted at the Postgres tap.
    pub redelivered: u64,
    /// Seen at the Kafka tap; none before anybody was heard in one.
    pub generation: Option<i32>,
}

/// Who owned which partitions, from one moment on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ownership {
    /// Milliseconds after the first payment was due.
    pub at_ms: u64,
    /// The group's generation, seen at the Kafka tap; none before anybody was heard in one.
    #[schemars(range(min = 0))]
    pub generation: Option<i32>,
    /// The partitions of each instance; nobody has any while the group decides.
    pub partitions: BTreeMap<String, Vec<i32>>,
}

impl Sample {
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.redelivery_hits + self.republish_hits
    }

    #[must_use]
    pub fn checks(&self) -> u64 {
        self.misses + self.hits()
    }
}
