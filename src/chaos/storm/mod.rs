//! Storms: many faults over a loaded group, on a schedule that a seed makes and a run folder keeps.
//! A single fault asks what one crash does to one payment; a storm, what a group does to its
//! *numbers*: how many deliveries are repeated while partitions keep moving, and whether the
//! metrics tell the truth about it.

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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormStrike {
    /// After the first payment; it may happen from then.
    pub at_ms: u64,
    #[serde(rename = "blow")]
    pub action: StormAction,
    /// The place in the fleet, or the broker, from 0; none where all are struck.
    pub slot: Option<u32>,
    /// It waits until the taps have seen the instance process so many records since its last
    /// commit: so many are delivered again. One that joins waits with its leaving. Where all are
    /// struck, until all together have no more.
    pub uncommitted: Option<u64>,
    /// How long it lasts, where the schedule decides that.
    pub for_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormPlan {
    pub seed: u64,
    pub cause: Cause,
    /// Of producing.
    pub length_ms: u64,
    /// Begin and end, after the first payment.
    pub incident_ms: (u64, u64),
    /// Per second, whatever the consumers do.
    pub rate: u32,
    pub partitions: u32,
    pub instances: u32,
    /// Of the payments, sent again by a republishing producer.
    pub republished_per_mille: u32,
    /// By time. In a storm that is over: what was done, so that a replay does it again.
    pub strikes: Vec<StormStrike>,
}

/// Rows of a table that is seen at a glance.
const BUCKETS: u64 = 18;

impl StormPlan {
    /// A stretch in the series: a minute of the ten, compressed with them.
    #[must_use]
    pub fn bucket_ms(&self) -> u64 {
        self.length_ms / BUCKETS
    }

    /// From where the incident has begun to show.
    #[must_use]
    pub fn counted_ms(&self) -> std::ops::Range<u64> {
        let (begins, ends) = self.incident_ms;
        begins + self.bucket_ms()..ends
    }
}
