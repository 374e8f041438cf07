//! The schedule: which fault strikes in which window of which payment.
//!
//! It is planned from a seed, saved with the run, and is what a replay executes: the schedule, not
//! the seed, is the unit of replay. The payments are produced in rounds, and a round holds at most
//! one fault, so that every fault finds the whole group in place and two faults never overlap.

use std::ops::RangeInclusive;

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::event::{message_id, message_number};
use crate::window::Window;

/// The version of the saved form.
const SCHEMA: u32 = 1;

/// All that a run does to its instances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The version of this form.
    pub schema: u32,
    /// The seed it was planned from; it also makes the payments' amounts.
    pub seed: u64,
    /// How many payments are produced.
    pub payments: u32,
    /// Over how many partitions, in turn.
    pub partitions: u32,
    /// How many instances share the group.
    pub instances: u32,
    /// The rounds, in order; together they hold every payment once.
    pub rounds: Vec<Round>,
}

/// A slice of the payments, produced together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// The number of the first payment, from 1.
    pub first: u32,
    /// The number of the last payment.
    pub last: u32,
    /// How many of the payments before the `after` last ones are produced while the window is open.
    #[serde(default)]
    pub during: u32,
    /// How many of the last payments are produced when the strike is over: a later poll and a later
    /// commit can pass what was struck.
    #[serde(default)]
    pub after: u32,
    /// The fault of this round.
    pub strike: Option<Planned>,
}

impl Round {
    /// The numbers of the payments that are produced at once.
    #[must_use]
    pub fn at_once(&self) -> RangeInclusive<u32> {
        self.first..=self.last - self.during - self.after
    }

    /// The numbers of those that are produced while the window is open.
    #[must_use]
    pub fn during(&self) -> RangeInclusive<u32> {
        self.last - self.during - self.after + 1..=self.last - self.after
    }

    /// The numbers of those that are produced when the strike is over.
    #[must_use]
    pub fn after(&self) -> RangeInclusive<u32> {
        self.last - self.after + 1..=self.last
    }
}

impl Round {
    fn check(&self) -> Result<(), ScheduleError> {
        let (first, last) = (self.first, self.last);
        if first == 0 {
            return Err(ScheduleError::Zeroth);
        }
        let all = u64::from(last) + 1;
        if u64::from(first) + u64::from(self.during) + u64::from(self.after) >= all {
            return Err(ScheduleError::Round { first, last });
        }
        let Some(Planned { payment, .. }) = &self.strike else {
            return Ok(());
        };
        // As it is written, too: a fault is held against what the taps read.
        let number = message_number(payment).filter(|n| message_id(*n) == *payment);
        if number.is_some_and(|number| (first..=last).contains(&number)) {
            return Ok(());
        }
        let payment = payment.clone();
        Err(ScheduleError::Payment {
            payment,
            first,
            last,
        })
    }
}

/// One fault of the schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// What is done.
    pub fault: Fault,
    /// Where.
    pub window: Window,
    /// The payment in whose window.
    pub payment: String,
    /// The instance that was struck; none before the run.
    pub instance: Option<String>,
    /// The signatures of the payment's events before the window, as they were recorded: a run that
    /// did something else before is not struck. None where nothing was recorded.
    #[serde(default)]
    pub prefix: Option<Vec<String>>,
    /// Whether nothing else is in hand before the strike, so that what carries no mark is the
    /// payment's too.
    #[serde(default)]
    pub alone: bool,
    /// Whether commits do not count among the events before the window, because a timer's come now
    /// before one of them and now after it.
    #[serde(default)]
    pub commits_anywhere: bool,
    /// How many hours of the provider's pass before the payment is delivered again.
    #[serde(default)]
    pub wait_hours: Option<u32>,
}

/// A schedule that cannot be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScheduleError {
    #[error("{strikes} strikes need at least {strikes} payments, and there are {payments}")]
    TooFewPayments {
        /// Faults asked for.
        strikes: u32,
        /// Payments there are.
        payments: u32,
    },
    #[error(
        "the round of payments {first} to {last} of the schedule has none that is produced at once"
    )]
    Round {
        /// Its first payment.
        first: u32,
        /// Its last payment.
        last: u32,
    },
    #[error("a round of the schedule begins with payment 0, and payments are numbered from 1")]
    Zeroth,
    #[error(
        "the schedule has {partitions} partitions, and needs 1 to {}",
        i32::MAX
    )]
    Partitions {
        /// How many it has.
        partitions: u32,
    },
    #[error("the schedule has no instance")]
    NoInstance,
    #[error("the rounds of the schedule do not hold payment {payment} in its turn")]
    OutOfTurn {
        /// The number of the first payment that is left out or comes twice.
        payment: u64,
    },
    #[error(
        "the schedule strikes at {payment}, and that round has the payments {} to {}",
        message_id(*first),
        message_id(*last)
    )]
    Payment {
        /// What it strikes at.
        payment: String,
        /// The round's first payment.
        first: u32,
        /// The round's last payment.
        last: u32,
    },
    #[error("the schedule has form {found}, and this program reads form {SCHEMA}")]
    Schema {
        /// The version found.
        found: u32,
    },
}

impl Schedule {
    /// Plans `strikes` faults over the payments. The same arguments give the same schedule.
    ///
    /// # Errors
    /// When there are fewer payments than strikes.
    pub fn plan(
        seed: u64,
        payments: u32,
        partitions: u32,
        instances: u32,
        strikes: u32,
        fault: Option<(Fault, Window)>,
    ) -> Result<Self, ScheduleError> {
        let strikes = if fault.is_some() { strikes } else { 0 };
        if strikes > payments {
            return Err(ScheduleError::TooFewPayments { strikes, payments });
        }
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let rounds = slices(payments, strikes.max(1))
            .map(|(first, last)| {
                let strike = fault.as_ref().map(|(fault, window)| {
                    let numbers: Vec<u32> = (first..=last).collect();
                    let number = *numbers.choose(&mut rng).expect("a slice holds a payment");
                    Planned {
                        fault: *fault,
                        window: window.clone(),
                        payment: message_id(number),
                        instance: None,
                        prefix: None,
                        alone: false,
                        commits_anywhere: false,
                        wait_hours: None,
                    }
                });
                Round {
                    first,
                    last,
                    during: 0,
                    after: 0,
                    strike: strike.filter(|_| strikes > 0),
                }
            })
            .collect();
        Ok(Self {
            schema: SCHEMA,
            seed,
            payments,
            partitions,
            instances,
            rounds,
        })
    }

    /// Checks a schedule that was read from a file, so that executing it meets nothing impossible.
    ///
    /// # Errors
    /// When it was saved in another form, or says what cannot be done.
    pub fn checked(self) -> Result<Self, ScheduleError> {
        if self.schema != SCHEMA {
            return Err(ScheduleError::Schema { found: self.schema });
        }
        if self.partitions == 0 || i32::try_from(self.partitions).is_err() {
            let partitions = self.partitions;
            return Err(ScheduleError::Partitions { partitions });
        }
        if self.instances == 0 {
            return Err(ScheduleError::NoInstance);
        }
        let mut payment = 1;
        for round in &self.rounds {
            round.check()?;
            if u64::from(round.first) != payment {
                return Err(ScheduleError::OutOfTurn { payment });
            }
            payment = u64::from(round.last) + 1;
        }
        if payment != u64::from(self.payments) + 1 {
            return Err(ScheduleError::OutOfTurn { payment });
        }
        Ok(self)
    }

    /// The same schedule, with so many hours of the provider's between each strike and the
    /// redelivery.
    #[must_use]
    pub fn waiting(mut self, hours: Option<u32>) -> Self {
        let strikes = self.rounds.iter_mut().filter_map(|r| r.strike.as_mut());
        strikes.for_each(|strike| strike.wait_hours = hours);
        self
    }

    /// The faults, in order.
    pub fn strikes(&self) -> impl Iterator<Item = &Planned> {
        self.rounds.iter().filter_map(|round| round.strike.as_ref())
    }
}

/// Cuts `1..=total` into `parts` runs of nearly equal length, none of them empty while
/// `parts <= total`.
fn slices(total: u32, parts: u32) -> impl Iterator<Item = (u32, u32)> {
    let bound = move |i: u32| u32::try_from(u64::from(total) * u64::from(i) / u64::from(parts));
    (0..parts).map(move |i| {
        let (before, until) = (bound(i), bound(i + 1));
        (
            before.expect("at most total") + 1,
            until.expect("at most total"),
        )
    })
}

#[cfg(test)]
mod tests;
