//! Storms: many faults over a loaded group, on a schedule that a seed makes and a run folder keeps.
//!
//! A single fault asks what one crash does to one payment. A storm asks what a group does to its
//! *numbers*: how many deliveries are repeated while partitions keep moving, and whether the metrics
//! tell the truth about it.

mod misfit;
mod plan;
mod positions;
mod promise;
mod redeliveries;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use misfit::{LONGEST_S, MOST_INSTANCES, MOST_PARTITIONS, MOST_RATE, Misfit};
pub use plan::{PlanError, StormParameters};
pub use positions::{Owed, Positions};
pub use promise::{Incident, Progress, Promise};
pub use redeliveries::{Account, Place, Redeliveries, Told};

/// What makes the hit rate, or the ledger, move in a storm.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Partitions keep moving: kills, pauses, evictions, leaves and outages
    Rebalances,
    /// A release that broke dedup is rolled out
    Release,
    /// The producer sends payments again, as new records
    Republish,
    /// Two instances are too slow for max.poll.interval.ms
    Slow,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rebalances, Self::Release, Self::Republish, Self::Slow];

    /// The word used on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Rebalances => "rebalances",
            Self::Release => "release",
            Self::Republish => "republish",
            Self::Slow => "slow",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What one strike of a storm does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StormAction {
    /// SIGKILL; the member is evicted and the instance started again.
    Kill,
    /// SIGSTOP, eviction, SIGCONT when the others have its partitions: a pause that is longer than
    /// the session, without waiting for the session.
    Pause,
    /// The member is sent out of the group and goes on for as long as it does not know.
    Evict,
    /// SIGTERM; another instance takes the place a little later.
    Leave,
    /// One instance more, for a while.
    Join,
    /// All connections to the brokers are cut, and new ones refused.
    BrokerOutage,
    /// One broker of several is stopped in good order, and started again some seconds later.
    BrokerStop,
    /// All connections to the database are cut, and new ones refused.
    DatabaseOutage,
    /// The database answers one instance late.
    SlowDatabase,
    /// SIGTERM; the new release takes the place.
    Release,
    /// A share of the payments is produced again.
    Republish,
    /// SIGSTOP, until it is thawed; by hand alone.
    Freeze,
    /// SIGCONT; by hand alone.
    Thaw,
    /// Both servers are reachable again; by hand alone.
    Heal,
}

impl StormAction {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 14] = [
        Self::Kill,
        Self::Pause,
        Self::Evict,
        Self::Leave,
        Self::Join,
        Self::BrokerOutage,
        Self::BrokerStop,
        Self::DatabaseOutage,
        Self::SlowDatabase,
        Self::Release,
        Self::Republish,
        Self::Freeze,
        Self::Thaw,
        Self::Heal,
    ];

    /// Whether it is over when the group is whole again. A guest, a slow database and a broker that is
    /// away last longer, and other strikes meet them.
    #[must_use]
    pub fn rebalances(self) -> bool {
        matches!(
            self,
            Self::Kill
                | Self::Pause
                | Self::Evict
                | Self::Leave
                | Self::Release
                | Self::BrokerOutage
                | Self::DatabaseOutage
        )
    }

    /// Whom it strikes.
    fn victims(self) -> Victims {
        match self {
            Self::Kill
            | Self::Pause
            | Self::Evict
            | Self::Leave
            | Self::SlowDatabase
            | Self::Release
            | Self::BrokerStop => Victims::One,
            Self::Join | Self::BrokerOutage | Self::DatabaseOutage | Self::Republish => {
                Victims::All
            }
            Self::Freeze | Self::Thaw | Self::Heal => Victims::ByHand,
        }
    }

    /// The word used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Pause => "pause",
            Self::Evict => "evict",
            Self::Leave => "leave",
            Self::Join => "join",
            Self::BrokerOutage => "broker-outage",
            Self::BrokerStop => "broker-stop",
            Self::DatabaseOutage => "database-outage",
            Self::SlowDatabase => "slow-database",
            Self::Release => "release",
            Self::Republish => "republish",
            Self::Freeze => "freeze",
            Self::Thaw => "thaw",
            Self::Heal => "heal",
        }
    }
}

/// Whom a blow strikes.
enum Victims {
    One,
    All,
    ByHand,
}

/// One strike of a storm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StormStrike {
    /// Milliseconds after the first payment from which it may happen.
    pub at_ms: u64,
    /// What is done.
    pub blow: StormAction,
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
