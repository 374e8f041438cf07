//! Storms: many faults over a loaded group, on a schedule that a seed makes and a run folder keeps.
//!
//! A single fault asks what one crash does to one payment. A storm asks what a group does to its
//! *numbers*: how many deliveries are repeated while partitions keep moving, and whether the metrics
//! tell the truth about it.

mod action;
mod cause;
mod misfit;
mod plan;
mod positions;
mod promise;
mod redeliveries;

use serde::{Deserialize, Serialize};

pub use action::StormAction;
pub use cause::Cause;
pub use misfit::{LONGEST_S, MOST_INSTANCES, MOST_PARTITIONS, MOST_RATE};
pub(crate) use plan::{PlanError, StormParameters};
pub(crate) use positions::{OwedRecords, Positions};
pub(crate) use promise::PromiseProgress;
pub use redeliveries::RedeliveryAccount;
pub(crate) use redeliveries::{MetricReading, RecordPlace, Redeliveries};

/// One strike of a storm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormStrike {
    /// Milliseconds after the first payment from which it may happen.
    pub at_ms: u64,
    /// What is done.
    #[serde(rename = "blow")]
    pub action: StormAction,
    /// Which place in the fleet is struck, or which broker, from 0; none where all are.
    pub slot: Option<u32>,
    /// It waits until the instance has processed so many records since it last committed them, as
    /// seen at its taps: so many are delivered again. One that joins waits with its leaving. Where all are
    /// struck, until all together have no more.
    pub uncommitted: Option<u64>,
    /// How long it lasts, in milliseconds, where the schedule decides that.
    pub for_ms: u64,
}

/// What a storm does, fully decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormPlan {
    /// Plans the same storm again.
    pub seed: u64,
    /// What the storm is about.
    pub cause: Cause,
    /// How long payments are produced, in milliseconds.
    pub length_ms: u64,
    /// When the incident begins and ends, in milliseconds after the first payment.
    pub incident_ms: (u64, u64),
    /// Payments per second, whatever the consumers do.
    pub rate: u32,
    /// Over how many partitions.
    pub partitions: u32,
    /// How many instances share the group.
    pub instances: u32,
    /// Of 1,000 payments, how many a republishing producer sends again.
    pub republished_per_mille: u32,
    /// What is done, by time. In a storm that is over: what was done, so that a replay does it again.
    pub strikes: Vec<StormStrike>,
}

/// How many stretches a storm's series has: rows of a table that is seen at a glance.
const BUCKETS: u64 = 18;

impl StormPlan {
    /// The length of a stretch in the series, in milliseconds: a minute of the ten, compressed with
    /// them.
    #[must_use]
    pub fn bucket_ms(&self) -> u64 {
        self.length_ms / BUCKETS
    }

    /// The time that is counted as the incident, in milliseconds: from where it has begun to show.
    #[must_use]
    pub fn counted_ms(&self) -> std::ops::Range<u64> {
        let (begins, ends) = self.incident_ms;
        begins + self.bucket_ms()..ends
    }
}
