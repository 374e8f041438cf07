//! The arithmetic of a storm.
//!
//! A member that loses its partitions leaves what it has processed since its last commit to be
//! delivered again. A hit rate of `r` while `n` payments are produced needs `n·r/(1-r)` such
//! records, so each strike says how many its victim has uncommitted: a few in calm, far into a
//! commit interval in the incident. Real groups have both: an instance that hands over in good
//! order, and one that is lost.

use std::ops::Range;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::StormParameters;
use crate::chaos::storm::{StormAction, StormStrike};

/// The share that a healthy group sees of rolling nodes and deploys.
const CALM: f64 = 0.0005;

/// The share in the incident that is planned. The outages seldom bring all that is counted for
/// them, a zombie that wakes up brings more; measured.
const ROUGH: f64 = 0.078;

/// From the last record that counts to the victim's standstill: the signal, and the statement under
/// way; measured.
pub(super) const REACTION_S: f64 = 0.01;

/// The same for a member that is evicted and goes on until a heartbeat tells it.
pub(super) const UNTOLD_S: f64 = 0.07;

/// Of a calm strike, at most; more budget makes more strikes, not larger ones.
const CALM_RECORDS: f64 = 40.0;

/// Processed while a commit is under way: no instance ever has less for long.
const FEWEST: f64 = 5.0;

/// Of the commit interval. Far, so that fewer strikes are needed and one is over when the next
/// comes; not so far that the commit comes first.
const ROUGH_PART: f64 = 0.6;

/// What a database outage repeats, in commit intervals of the whole group. Consumers that die of it
/// often commit with their last breath; it waits until the group has less than [`OUTAGE_MOST`]
/// uncommitted, so that it does not drown all other strikes when they do not.
pub(super) const OUTAGE_INTERVALS: f64 = 0.15;
const OUTAGE_MOST: f64 = 0.4;

/// The shortest incident with room for an outage of the database beside the other strikes.
const ROOM_FOR_OUTAGE_MS: u64 = 40_000;

/// The same for a guest and for an outage of the brokers: clients wait for longer with each attempt
/// to connect, and keep other strikes waiting, on a busy machine for ten seconds.
const ROOM_FOR_MORE_MS: u64 = 30_000;

/// The same for strikes of all kinds: what a zombie does before it hears that it is out is a large
/// part of a small storm, and dead ones alone can be aimed there.
const ROOM_FOR_ZOMBIES_MS: u64 = 15_000;

/// How long a server is gone in an outage: less than any session.
const OUTAGE_MS: u64 = 600;

/// The place of an instance that left; an additional one stays as long.
const EMPTY_MS: u64 = 1_500;

/// Beside the seconds to stop and to start: every client finds its partitions with others.
pub(super) const STOPPED_MS: u64 = 4_000;

/// Before a rolling release takes the next instance. The group settles meanwhile.
const ROLL_MS: u64 = 3_000;

pub(super) struct Planner {
    parameters: StormParameters,
    rng: ChaCha8Rng,
    pub(super) strikes: Vec<StormStrike>,
    /// All of them before anybody twice.
    victims: Vec<u32>,
}

impl Planner {
    pub(super) fn new(parameters: StormParameters, seed: u64) -> Self {
        Self {
            parameters,
            rng: ChaCha8Rng::seed_from_u64(seed),
            strikes: Vec::new(),
            victims: Vec::new(),
        }
    }

    pub(super) fn add(
        &mut self,
        at_ms: u64,
        action: StormAction,
        slot: Option<u32>,
        uncommitted: Option<u64>,
        for_ms: u64,
    ) {
        self.strikes.push(StormStrike {
            at_ms,
            action,
            slot,
            uncommitted,
            for_ms,
        });
    }

    fn victim(&mut self) -> u32 {
        if self.victims.is_empty() {
            self.victims = (0..self.parameters.instances).collect();
            self.victims.shuffle(&mut self.rng);
        }
        self.victims.pop().expect("it was just filled")
    }

    /// Records that are to be delivered again in a phase.
    fn budget(&self, phase: &Range<u64>, share: f64) -> f64 {
        f64::from(self.parameters.rate) * ms(length(phase)) / 1_000.0 * share / (1.0 - share)
    }

    /// Until the calm before the incident was looked at: what comes again sooner would be counted
    /// to that. Five looks in each of eighteen stretches.
    fn first_look(&self) -> u64 {
        self.parameters.seconds * 1_000 / 90
    }

    /// What one instance processes in a second.
    fn share(&self) -> f64 {
        f64::from(self.parameters.rate) / f64::from(self.parameters.instances)
    }

    /// Each just after its victim's commit, and away from the ends, to count for no other phase.
    pub(super) fn calm(&mut self, phase: Range<u64>) {
        let budget = self.budget(&phase, CALM);
        let count = (budget / CALM_RECORDS).ceil().max(1.0);
        let records = (budget / count - REACTION_S * self.share()).max(FEWEST);
        let room = length(&phase).saturating_sub(self.parameters.commit_interval_ms * 2);
        for n in 0..whole(count) {
            let part = room * (2 * n + 1) / (2 * whole(count));
            let victim = self.victim();
            let at = phase.start + part;
            // Dead, not frozen: what a zombie still does when it wakes up is not to be planned.
            self.add(at, StormAction::Kill, Some(victim), Some(whole(records)), 0);
        }
    }

    /// Of all kinds, each far into its victim's commit interval.
    pub(super) fn rough(&mut self, phase: Range<u64>) {
        let interval_s = ms(self.parameters.commit_interval_ms) / 1_000.0;
        let third = length(&phase) / 3;
        let mut budget = self.budget(&phase, ROUGH);
        if length(&phase) >= ROOM_FOR_OUTAGE_MS {
            let interval = interval_s * f64::from(self.parameters.rate);
            budget -= OUTAGE_INTERVALS * interval;
            let most = Some(whole(OUTAGE_MOST * interval));
            self.add(
                phase.start + 2 * third,
                StormAction::DatabaseOutage,
                None,
                most,
                OUTAGE_MS,
            );
        }
        let count = whole(
            (budget / (self.share() * interval_s * ROUGH_PART))
                .ceil()
                .max(1.0),
        );
        let records = budget / ms(count);
        let kinds = [
            StormAction::Pause,
            StormAction::Evict,
            StormAction::Kill,
            StormAction::Pause,
            StormAction::Leave,
        ];
        // In a small storm they come early, so that there is time to add some.
        let (kinds, spread) = match length(&phase) >= ROOM_FOR_ZOMBIES_MS {
            true => (&kinds[..], length(&phase)),
            false => (&[StormAction::Kill][..], length(&phase) * 2 / 3),
        };
        let mut actions: Vec<StormAction> = kinds
            .iter()
            .copied()
            .cycle()
            .take(usize::try_from(count).unwrap_or(1))
            .collect();
        actions.shuffle(&mut self.rng);
        let slot = spread / count;
        for (n, action) in (0..).zip(actions) {
            let victim = self.victim();
            let late = if action == StormAction::Evict {
                UNTOLD_S
            } else {
                REACTION_S
            };
            let jitter = self.rng.random_range(0.9..1.1);
            let records = (records * jitter - late * self.share()).max(1.0);
            // Its victim is that far after one interval on average.
            let at = (phase.start + slot * n + slot / 2)
                .saturating_sub(self.parameters.commit_interval_ms);
            let for_ms = if action == StormAction::Leave {
                EMPTY_MS
            } else {
                0
            };
            self.add(
                at.max(phase.start + self.first_look()),
                action,
                Some(victim),
                Some(whole(records)),
                for_ms,
            );
        }
        if length(&phase) >= ROOM_FOR_MORE_MS {
            self.add(
                phase.start + third,
                StormAction::BrokerOutage,
                None,
                None,
                OUTAGE_MS,
            );
            self.add(
                phase.start + third / 2,
                StormAction::Join,
                None,
                // Just after a commit of its own: which of the others it took what from is not to
                // be planned.
                Some(whole(FEWEST)),
                EMPTY_MS * 2,
            );
        }
    }

    pub(super) fn stop_a_broker(&mut self, phase: &Range<u64>) {
        let broker = self.rng.random_range(0..self.parameters.brokers);
        let at = phase.start + length(phase) / 2;
        self.add(at, StormAction::BrokerStop, Some(broker), None, STOPPED_MS);
    }

    /// One after the other, in the middle of its commit interval, as a deploy finds them.
    pub(super) fn release(&mut self, phase: Range<u64>) {
        let interval_s = ms(self.parameters.commit_interval_ms) / 1_000.0;
        let records = whole(self.share() * interval_s / 2.0);
        for slot in 0..self.parameters.instances {
            let at = phase.start + u64::from(slot) * ROLL_MS;
            self.add(at, StormAction::Release, Some(slot), Some(records), 0);
        }
    }

    pub(super) fn slow(&mut self, phase: Range<u64>) {
        for _ in 0..self.parameters.instances / 2 {
            let victim = self.victim();
            self.add(
                phase.start,
                StormAction::SlowDatabase,
                Some(victim),
                None,
                length(&phase),
            );
        }
    }
}

pub(super) fn length(phase: &Range<u64>) -> u64 {
    phase.end - phase.start
}

#[allow(
    clippy::cast_precision_loss,
    reason = "hours of milliseconds are far below 2^52"
)]
pub(super) fn ms(value: u64) -> f64 {
    value as f64
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count or a time that was made positive"
)]
pub(super) fn whole(value: f64) -> u64 {
    value.round() as u64
}
