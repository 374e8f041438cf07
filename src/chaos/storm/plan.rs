//! From the parameters that are asked for to a storm that is fully decided.

mod planner;

use self::planner::{Planner, length, whole};
use super::{Cause, StormAction, StormPlan};

/// A share.
const REPUBLISHED: f64 = 0.08;

/// With room for its three phases; see [`StormParameters::plan`].
pub(super) const SHORTEST_S: u64 = 18;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StormParameters {
    pub cause: Cause,
    /// Of producing.
    pub seconds: u64,
    /// Payments per second.
    pub rate: u32,
    pub partitions: u32,
    pub instances: u32,
    pub commit_interval_ms: u64,
    /// That can be stopped; 0 where the stack has only one.
    pub brokers: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(
        "a storm of {0} s has no room for calm, incident and calm again\nnext: --seconds {SHORTEST_S} or more"
    )]
    TooShort(u64),
    #[error(
        "a storm over {0} instance has nobody to move partitions to\nnext: --instances 2 or more"
    )]
    Alone(u32),
    #[error(
        "{instances} instances share {partitions} partitions, so that one would be idle\nnext: --partitions {instances} or more"
    )]
    Idle { instances: u32, partitions: u32 },
}

impl StormParameters {
    /// Two ninths calm, five ninths incident, two ninths calm.
    pub fn plan(self, seed: u64) -> Result<StormPlan, PlanError> {
        if self.seconds < SHORTEST_S {
            return Err(PlanError::TooShort(self.seconds));
        }
        if self.instances < 2 {
            return Err(PlanError::Alone(self.instances));
        }
        if self.partitions < self.instances {
            return Err(PlanError::Idle {
                instances: self.instances,
                partitions: self.partitions,
            });
        }
        let length_ms = self.seconds * 1_000;
        let incident = length_ms * 2 / 9..length_ms * 7 / 9;
        let mut planner = Planner::new(self, seed);
        planner.calm(0..incident.start);
        match self.cause {
            Cause::Rebalances => planner.rough(incident.clone()),
            Cause::Release => {
                planner.release(incident.clone());
                planner.calm(incident.clone());
            }
            Cause::Republish => planner.add(
                incident.start,
                StormAction::Republish,
                None,
                None,
                length(&incident),
            ),
            Cause::Slow => planner.slow(incident.clone()),
        }
        // What the incident leaves behind comes first.
        planner.calm(incident.end + length_ms / 18..length_ms);
        // Last, so that a seed plans the same of everything else with one broker as with three.
        if self.cause == Cause::Rebalances && self.brokers > 0 {
            planner.stop_a_broker(&incident);
        }
        planner.strikes.sort_by_key(|strike| strike.at_ms);
        Ok(StormPlan {
            seed,
            cause: self.cause,
            length_ms,
            incident_ms: (incident.start, incident.end),
            rate: self.rate,
            partitions: self.partitions,
            instances: self.instances,
            republished_per_mille: per_mille(REPUBLISHED / (1.0 - REPUBLISHED)),
            strikes: planner.strikes,
        })
    }
}

fn per_mille(share: f64) -> u32 {
    u32::try_from(whole(share * 1_000.0)).expect("a share is below one")
}

#[cfg(test)]
mod tests;
