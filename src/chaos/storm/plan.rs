//! The arithmetic of a storm.
//!
//! A member that loses its partitions δ seconds after its last commit leaves δ seconds of its share
//! of the traffic to be delivered again. With `n` instances one such strike repeats δ/n seconds of
//! the group's traffic, whatever the rate is, and a hit rate of `r` over a time `t` needs strikes
//! with Σδ = n·t·r/(1-r). The schedule therefore says for each strike how long after the victim's own
//! commit it comes: at once in calm weather, half a commit interval later in the incident. Real
//! groups have both ends: an instance that hands over in good order, and one that is lost.

use std::ops::Range;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Blow, Cause, StormPlan, StormStrike};

/// The steady share of redeliveries: what a healthy group sees of rolling nodes and deploys.
const CALM: f64 = 0.0005;

/// The share of redeliveries, or of republished payments, in the incident.
const ROUGH: f64 = 0.08;

/// From the answer to a commit to the moment at which the victim stands still: the hook, the signal,
/// and the statement that is under way; measured.
const REACTION_MS: f64 = 10.0;

/// How much a calm strike costs its victim at most; more budget makes more strikes, not larger ones.
const CALM_STRIKE_MS: f64 = 40.0;

/// How long a server is gone in an outage: less than any session.
const OUTAGE_MS: u64 = 600;

/// How long the place of an instance that left stays empty, or an additional one stays.
const EMPTY_MS: u64 = 1_500;

/// Before a rolling release takes the next instance. The group settles meanwhile.
const ROLL_MS: u64 = 3_000;

/// The shortest storm with room for its three phases; see [`Weather::plan`].
const SHORTEST_S: u64 = 18;

/// What a storm is planned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// What it is about.
    pub cause: Cause,
    /// How long payments are produced, in seconds.
    pub seconds: u64,
    /// Payments per second.
    pub rate: u32,
    /// Over how many partitions.
    pub partitions: u32,
    /// How many instances.
    pub instances: u32,
    /// How often the consumers commit, in milliseconds.
    pub commit_interval_ms: u64,
}

/// A storm that cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// There is no time for it.
    #[error(
        "a storm of {0} s has no room for calm, incident and calm again\nnext: --seconds {SHORTEST_S} or more"
    )]
    TooShort(u64),
    /// Nobody could take over.
    #[error(
        "a storm over {0} instance has nobody to move partitions to\nnext: --instances 2 or more"
    )]
    Alone(u32),
    /// An instance would have no partition.
    #[error(
        "{instances} instances share {partitions} partitions, so that one would be idle\nnext: --partitions {instances} or more"
    )]
    Idle {
        /// The instances.
        instances: u32,
        /// The partitions.
        partitions: u32,
    },
}

impl Weather {
    /// Plans the storm: two ninths calm, five ninths incident, two ninths calm.
    ///
    /// # Errors
    /// Too little time or too few instances.
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
        let mut planner = Planner {
            weather: self,
            rng: ChaCha8Rng::seed_from_u64(seed),
            strikes: Vec::new(),
            victims: Vec::new(),
        };
        planner.calm(0..incident.start);
        match self.cause {
            Cause::Rebalances => planner.rough(incident.clone()),
            Cause::Release => {
                planner.release(incident.clone());
                planner.calm(incident.clone());
            }
            Cause::Republish => planner.add(
                incident.start,
                Blow::Republish,
                None,
                None,
                length(&incident),
            ),
            Cause::Slow => planner.slow(incident.clone()),
        }
        planner.calm(incident.end..length_ms);
        planner.strikes.sort_by_key(|strike| strike.at_ms);
        Ok(StormPlan {
            seed,
            cause: self.cause,
            length_ms,
            incident_ms: (incident.start, incident.end),
            rate: self.rate,
            partitions: self.partitions,
            instances: self.instances,
            republished_per_mille: per_mille(ROUGH / (1.0 - ROUGH)),
            strikes: planner.strikes,
        })
    }
}

struct Planner {
    weather: Weather,
    rng: ChaCha8Rng,
    strikes: Vec<StormStrike>,
    /// Who is struck next; all of them before anybody twice.
    victims: Vec<u32>,
}

impl Planner {
    fn add(&mut self, at_ms: u64, blow: Blow, slot: Option<u32>, after: Option<u64>, for_ms: u64) {
        self.strikes.push(StormStrike {
            at_ms,
            blow,
            slot,
            after_commit_ms: after,
            for_ms,
        });
    }

    fn victim(&mut self) -> u32 {
        if self.victims.is_empty() {
            self.victims = (0..self.weather.instances).collect();
            self.victims.shuffle(&mut self.rng);
        }
        self.victims.pop().expect("it was just filled")
    }

    /// How many milliseconds of one member's work are to be repeated.
    fn budget_ms(&self, phase: &Range<u64>, share: f64) -> f64 {
        f64::from(self.weather.instances) * ms(length(phase)) * share / (1.0 - share)
    }

    /// Few strikes, each just after its victim's commit. They keep away from the ends of the phase,
    /// where they would be counted to another.
    fn calm(&mut self, phase: Range<u64>) {
        let budget = self.budget_ms(&phase, CALM);
        let count = (budget / CALM_STRIKE_MS).ceil().max(1.0);
        let after = (budget / count - REACTION_MS).max(0.0);
        let room = length(&phase).saturating_sub(self.weather.commit_interval_ms * 2);
        for n in 0..whole(count) {
            let part = room * (2 * n + 1) / (2 * whole(count));
            let victim = self.victim();
            self.add(
                phase.start + part,
                Blow::Pause,
                Some(victim),
                Some(whole(after)),
                0,
            );
        }
    }

    /// Strikes of all kinds, each half a commit interval after its victim's commit.
    fn rough(&mut self, phase: Range<u64>) {
        let interval = ms(self.weather.commit_interval_ms);
        let budget = self.budget_ms(&phase, ROUGH);
        let count = whole((budget / (interval / 2.0)).round().max(1.0));
        let mut blows: Vec<Blow> = Vec::new();
        for n in 0..count {
            blows.push(match n % 5 {
                0 | 3 => Blow::Pause,
                1 => Blow::Evict,
                2 => Blow::Kill,
                _ => Blow::Leave,
            });
        }
        blows.shuffle(&mut self.rng);
        let slot = length(&phase) / count;
        for (n, blow) in (0..).zip(blows) {
            let victim = self.victim();
            let jitter = self.rng.random_range(0.9..1.1);
            let after = whole((interval / 2.0 * jitter - REACTION_MS).max(0.0));
            // The wait for the commit takes half an interval on average, and the time after it as
            // much again.
            let at =
                (phase.start + slot * n + slot / 2).saturating_sub(self.weather.commit_interval_ms);
            let for_ms = if blow == Blow::Leave { EMPTY_MS } else { 0 };
            self.add(at.max(phase.start), blow, Some(victim), Some(after), for_ms);
        }
        let third = length(&phase) / 3;
        let (broker, database) = (phase.start + third, phase.start + 2 * third);
        self.add(broker, Blow::BrokerOutage, None, None, OUTAGE_MS);
        self.add(database, Blow::DatabaseOutage, None, None, OUTAGE_MS);
        self.add(
            phase.start + third / 2,
            Blow::Join,
            None,
            None,
            EMPTY_MS * 2,
        );
    }

    /// One instance after the other, in the middle of its commit interval, as a deploy finds them.
    fn release(&mut self, phase: Range<u64>) {
        let after = Some(self.weather.commit_interval_ms / 2);
        for slot in 0..self.weather.instances {
            let at = phase.start + u64::from(slot) * ROLL_MS;
            self.add(at, Blow::Release, Some(slot), after, 0);
        }
    }

    /// Half of the instances, for the whole incident.
    fn slow(&mut self, phase: Range<u64>) {
        for _ in 0..self.weather.instances / 2 {
            let victim = self.victim();
            self.add(
                phase.start,
                Blow::SlowDatabase,
                Some(victim),
                None,
                length(&phase),
            );
        }
    }
}

fn length(phase: &Range<u64>) -> u64 {
    phase.end - phase.start
}

#[allow(
    clippy::cast_precision_loss,
    reason = "hours of milliseconds are far below 2^52"
)]
fn ms(value: u64) -> f64 {
    value as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count or a time that was made positive"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

fn per_mille(share: f64) -> u32 {
    u32::try_from(whole(share * 1_000.0)).expect("a share is below one")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weather(cause: Cause) -> Weather {
        Weather {
            cause,
            seconds: 90,
            rate: 2_000,
            partitions: 16,
            instances: 4,
            commit_interval_ms: 2_000,
        }
    }

    /// The share of redeliveries that the strikes of a time make.
    fn share(plan: &StormPlan, time: Range<u64>) -> f64 {
        let struck = plan.strikes.iter().filter(|s| time.contains(&s.at_ms));
        let lost: f64 = struck
            .filter_map(|s| s.after_commit_ms)
            .map(|after| ms(after) + REACTION_MS)
            .sum();
        let repeated = lost / f64::from(plan.instances) / ms(length(&time));
        repeated / (1.0 + repeated)
    }

    #[test]
    fn the_schedule_adds_up_to_the_shares_that_it_is_to_make() {
        for seed in 0..20 {
            let plan = weather(Cause::Rebalances).plan(seed).unwrap();
            let (from, to) = plan.incident_ms;
            let shares = [0..from, from..to, to..plan.length_ms].map(|time| share(&plan, time));
            assert!((0.0004..0.0006).contains(&shares[0]), "{shares:?}");
            assert!((0.07..0.09).contains(&shares[1]), "{shares:?}");
            assert!((0.0004..0.0006).contains(&shares[2]), "{shares:?}");
        }
    }

    #[test]
    fn the_same_seed_plans_the_same_storm_and_another_does_not() {
        let plan = |seed| weather(Cause::Rebalances).plan(seed).unwrap();
        assert_eq!(plan(7), plan(7));
        assert_ne!(plan(7).strikes, plan(8).strikes);
    }

    #[test]
    fn every_instance_is_struck_before_anybody_is_struck_again() {
        let plan = weather(Cause::Release).plan(1).unwrap();
        let released: Vec<_> = plan
            .strikes
            .iter()
            .filter(|s| s.blow == Blow::Release)
            .collect();
        assert_eq!(released.len(), 4);
        let slots: std::collections::BTreeSet<_> = released.iter().map(|s| s.slot).collect();
        assert_eq!(slots.len(), 4);
    }

    #[test]
    fn what_cannot_be_planned_is_told() {
        let short = Weather {
            seconds: 5,
            ..weather(Cause::Slow)
        };
        let alone = Weather {
            instances: 1,
            ..weather(Cause::Slow)
        };
        let idle = Weather {
            partitions: 3,
            ..weather(Cause::Slow)
        };
        for (weather, text) in [
            (short, "of 5 s"),
            (alone, "1 instance"),
            (idle, "3 partitions"),
        ] {
            let error = weather.plan(1).unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("next: "), "{error}");
        }
    }
}
