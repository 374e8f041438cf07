//! The schedule: which fault strikes in which window of which payment.
//!
//! It, not the seed it is planned from, is the unit of replay. The payments are produced in rounds
//! with at most one fault each, so that every fault finds the whole group in place and two never
//! overlap.

use std::ops::RangeInclusive;

use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use super::Fault;
use crate::event::{message_id, message_number};
use crate::window::Window;

const SCHEMA: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    pub schema: u32,
    /// It also makes the payments' amounts.
    pub seed: u64,
    pub payments: u32,
    /// In turn.
    pub partitions: u32,
    pub instances: u32,
    /// In order; together they hold every payment once.
    pub rounds: Vec<Round>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Round {
    /// From 1.
    pub first: u32,
    pub last: u32,
    /// Of the payments before the `after` last ones, so many are produced while the window is open.
    #[serde(default)]
    pub during: u32,
    /// So many of the last payments are produced when the strike is over: a later poll and a later
    /// commit can pass what was struck.
    #[serde(default)]
    pub after: u32,
    pub strike: Option<Planned>,
}

impl Round {
    #[must_use]
    pub fn at_once(&self) -> RangeInclusive<u32> {
        self.first..=self.last - self.during - self.after
    }

    #[must_use]
    pub fn during(&self) -> RangeInclusive<u32> {
        self.last - self.during - self.after + 1..=self.last - self.after
    }

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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    pub fault: Fault,
    pub window: Window,
    pub payment: String,
    /// None before the run.
    pub instance: Option<String>,
    /// Of the payment's events before the window, as recorded: a run that did something else before
    /// is not struck. None where nothing was recorded.
    #[serde(default)]
    pub prefix: Option<Vec<String>>,
    /// Nothing else is in hand before the strike, so what carries no mark is the payment's too.
    #[serde(default)]
    pub alone: bool,
    /// Commits do not count among the events before the window, because a timer's come now before
    /// one of them and now after it.
    #[serde(default)]
    pub commits_anywhere: bool,
    /// The provider's, before the payment is delivered again.
    #[serde(default)]
    pub wait_hours: Option<u32>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ScheduleError {
    #[error("{strikes} strikes need at least {strikes} payments, and there are {payments}")]
    TooFewPayments { strikes: u32, payments: u32 },
    #[error(
        "the round of payments {first} to {last} of the schedule has none that is produced at once"
    )]
    Round { first: u32, last: u32 },
    #[error("a round of the schedule begins with payment 0, and payments are numbered from 1")]
    Zeroth,
    #[error(
        "the schedule has {partitions} partitions, and needs 1 to {}",
        i32::MAX
    )]
    Partitions { partitions: u32 },
    #[error("the schedule has no instance")]
    NoInstance,
    #[error("the rounds of the schedule do not hold payment {payment} in its turn")]
    OutOfTurn {
        /// The first that is left out or comes twice.
        payment: u64,
    },
    #[error(
        "the schedule strikes at {payment}, and that round has the payments {} to {}",
        message_id(*first),
        message_id(*last)
    )]
    Payment {
        payment: String,
        first: u32,
        last: u32,
    },
    #[error("the schedule has form {found}, and this program reads form {SCHEMA}")]
    Schema { found: u32 },
}

impl Schedule {
    /// The same arguments give the same schedule.
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

    /// Of a file: executing it then meets nothing impossible.
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

    #[must_use]
    pub fn waiting(mut self, hours: Option<u32>) -> Self {
        let strikes = self.rounds.iter_mut().filter_map(|r| r.strike.as_mut());
        strikes.for_each(|strike| strike.wait_hours = hours);
        self
    }

    pub fn strikes(&self) -> impl Iterator<Item = &Planned> {
        self.rounds.iter().filter_map(|round| round.strike.as_ref())
    }
}

/// Of nearly equal length, none of them empty while `parts <= total`.
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
