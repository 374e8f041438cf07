//! The arithmetic of a storm.
//!
//! A member that loses its partitions leaves what it has processed since its last commit to be
//! delivered again. A hit rate of `r` while `n` payments are produced needs `n·r/(1-r)` such records.
//! The schedule therefore says for each strike how many uncommitted records its victim has: a few in
//! calm weather, far into a commit interval's in the incident. Real groups have both ends: an instance
//! that hands over in good order, and one that is lost.

use std::ops::Range;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Blow, Cause, StormPlan, StormStrike};

/// The steady share of redeliveries: what a healthy group sees of rolling nodes and deploys.
const CALM: f64 = 0.0005;

/// The share of redeliveries in the incident that is planned. What a zombie does when it wakes up, and
/// what is struck again before it was committed, bring it to 8 %; measured.
const ROUGH: f64 = 0.07;

/// The share of republished payments.
const REPUBLISHED: f64 = 0.08;

/// From the last record that counts to the moment at which the victim stands still, in seconds of
/// its work: the signal, and the statement that is under way; measured.
const REACTION_S: f64 = 0.01;

/// The same for a member that is evicted and goes on until a heartbeat tells it.
const UNTOLD_S: f64 = 0.07;

/// How many records a calm strike repeats at most; more budget makes more strikes, not larger ones.
const CALM_RECORDS: f64 = 40.0;

/// What is processed while a commit is under way: no instance ever has less for long.
const FEWEST: f64 = 5.0;

/// How far into its commit interval a victim of the incident is. Far, so that fewer strikes are
/// needed and one is over when the next comes; not so far that the commit comes first.
const ROUGH_PART: f64 = 0.6;

/// What a database outage repeats, in commit intervals of the whole group. Consumers that die of it
/// often commit with their last breath; it waits for a moment at which the group has less than
/// [`OUTAGE_MOST`] uncommitted, so that it does not drown all other strikes when they do not.
const OUTAGE_INTERVALS: f64 = 0.15;
const OUTAGE_MOST: f64 = 0.4;

/// The shortest incident, in milliseconds, that has room for an outage of the database beside the
/// other strikes.
const ROOM_FOR_OUTAGE_MS: u64 = 40_000;

/// How long a server is gone in an outage: less than any session.
const OUTAGE_MS: u64 = 600;

/// How long the place of an instance that left stays empty, or an additional one stays.
const EMPTY_MS: u64 = 1_500;

/// How long a broker that was stopped stays away, in milliseconds, beside the seconds that it needs to
/// stop and to start: long enough for every client to find its partitions with others.
const STOPPED_MS: u64 = 4_000;

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
    /// How many brokers can be stopped; none where the stack has only one.
    pub brokers: u32,
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

struct Planner {
    weather: Weather,
    rng: ChaCha8Rng,
    strikes: Vec<StormStrike>,
    /// Who is struck next; all of them before anybody twice.
    victims: Vec<u32>,
}

impl Planner {
    fn add(
        &mut self,
        at_ms: u64,
        blow: Blow,
        slot: Option<u32>,
        uncommitted: Option<u64>,
        for_ms: u64,
    ) {
        self.strikes.push(StormStrike {
            at_ms,
            blow,
            slot,
            uncommitted,
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

    /// How many records are to be delivered again in a phase.
    fn budget(&self, phase: &Range<u64>, share: f64) -> f64 {
        f64::from(self.weather.rate) * ms(length(phase)) / 1_000.0 * share / (1.0 - share)
    }

    /// What one instance processes in a second.
    fn share(&self) -> f64 {
        f64::from(self.weather.rate) / f64::from(self.weather.instances)
    }

    /// Few strikes, each just after its victim's commit. They keep away from the ends of the phase,
    /// where they would be counted to another.
    fn calm(&mut self, phase: Range<u64>) {
        let budget = self.budget(&phase, CALM);
        let count = (budget / CALM_RECORDS).ceil().max(1.0);
        let records = (budget / count - REACTION_S * self.share()).max(FEWEST);
        let room = length(&phase).saturating_sub(self.weather.commit_interval_ms * 2);
        for n in 0..whole(count) {
            let part = room * (2 * n + 1) / (2 * whole(count));
            let victim = self.victim();
            let at = phase.start + part;
            // Dead, not frozen: what a zombie still does when it wakes up is not to be planned.
            self.add(at, Blow::Kill, Some(victim), Some(whole(records)), 0);
        }
    }

    /// Strikes of all kinds, each far into its victim's commit interval.
    fn rough(&mut self, phase: Range<u64>) {
        let interval_s = ms(self.weather.commit_interval_ms) / 1_000.0;
        let third = length(&phase) / 3;
        let mut budget = self.budget(&phase, ROUGH);
        if length(&phase) >= ROOM_FOR_OUTAGE_MS {
            let interval = interval_s * f64::from(self.weather.rate);
            budget -= OUTAGE_INTERVALS * interval;
            let most = Some(whole(OUTAGE_MOST * interval));
            self.add(
                phase.start + 2 * third,
                Blow::DatabaseOutage,
                None,
                most,
                OUTAGE_MS,
            );
        }
        let count = whole(
            (budget / (self.share() * interval_s * ROUGH_PART))
                .round()
                .max(1.0),
        );
        let records = budget / ms(count);
        let kinds = [
            Blow::Pause,
            Blow::Evict,
            Blow::Kill,
            Blow::Pause,
            Blow::Leave,
        ];
        let mut blows: Vec<Blow> = kinds
            .into_iter()
            .cycle()
            .take(usize::try_from(count).unwrap_or(1))
            .collect();
        blows.shuffle(&mut self.rng);
        let slot = length(&phase) / count;
        for (n, blow) in (0..).zip(blows) {
            let victim = self.victim();
            let late = if blow == Blow::Evict {
                UNTOLD_S
            } else {
                REACTION_S
            };
            let jitter = self.rng.random_range(0.9..1.1);
            let records = (records * jitter - late * self.share()).max(1.0);
            // Its victim is that far after one interval on average.
            let at =
                (phase.start + slot * n + slot / 2).saturating_sub(self.weather.commit_interval_ms);
            let for_ms = if blow == Blow::Leave { EMPTY_MS } else { 0 };
            self.add(
                at.max(phase.start),
                blow,
                Some(victim),
                Some(whole(records)),
                for_ms,
            );
        }
        self.add(
            phase.start + third,
            Blow::BrokerOutage,
            None,
            None,
            OUTAGE_MS,
        );
        self.add(
            phase.start + third / 2,
            Blow::Join,
            None,
            // It goes again just after a commit of its own: which of the others it took what from is
            // not to be planned.
            Some(whole(FEWEST)),
            EMPTY_MS * 2,
        );
    }

    /// One of the brokers, in the middle of it all.
    fn stop_a_broker(&mut self, phase: &Range<u64>) {
        let broker = self.rng.random_range(0..self.weather.brokers);
        let at = phase.start + length(phase) / 2;
        self.add(at, Blow::BrokerStop, Some(broker), None, STOPPED_MS);
    }

    /// One instance after the other, in the middle of its commit interval, as a deploy finds them.
    fn release(&mut self, phase: Range<u64>) {
        let interval_s = ms(self.weather.commit_interval_ms) / 1_000.0;
        let records = whole(self.share() * interval_s / 2.0);
        for slot in 0..self.weather.instances {
            let at = phase.start + u64::from(slot) * ROLL_MS;
            self.add(at, Blow::Release, Some(slot), Some(records), 0);
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
mod tests;
