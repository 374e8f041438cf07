//! What a storm promises of its incident, and how far a storm that goes on is from it.
//!
//! A schedule is made of guesses: how long a group takes to be whole again, how much a machine carries.
//! The lesson must not hang on them. So a storm says beforehand what its incident is to have, counts at
//! the taps what it has, strikes more or less than was planned, and says in the end what came of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Cause;

/// In the middle of what is promised, in thousandths.
const GOAL: u64 = 80;

/// From here on nothing is added to what was planned.
const ENOUGH: u64 = 78;

/// A strike is not to bring the share beyond this.
const CAP: u64 = 90;

/// What an incident is to have, counted from outside the consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StormPromise")]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Promise {
    /// Of all checks, so many thousandths are of records that were checked before.
    Redelivered {
        /// No fewer than these.
        from: u64,
        /// No more than these.
        to: u64,
    },
    /// Of all records, so many thousandths are payments that were sent before.
    Republished {
        /// No fewer than these.
        from: u64,
        /// No more than these.
        to: u64,
    },
    /// When the release is everywhere, at least so many records come again.
    RedeliveredAfterRollout {
        /// No fewer than these.
        records: u64,
    },
}

impl Promise {
    /// What the incident of a cause is to have.
    #[must_use]
    pub fn of(cause: Cause) -> Self {
        match cause {
            Cause::Rebalances => Self::Redelivered { from: 60, to: 100 },
            Cause::Republish => Self::Republished { from: 60, to: 100 },
            // More than the 1 % at which somebody is asked to look.
            Cause::Slow => Self::Redelivered {
                from: 10,
                to: 1_000,
            },
            // Each of them takes effect twice: several, so that it is seen to be no accident.
            Cause::Release => Self::RedeliveredAfterRollout { records: 20 },
        }
    }
}

/// What an incident was to have, and what it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StormIncident")]
pub struct Incident {
    /// What was promised.
    pub promise: Promise,
    /// The records that came again, or were sent again.
    pub records: u64,
    /// Of so many.
    pub of: u64,
    /// Strikes that were not planned, and carried out because too little had come again.
    pub added: u64,
    /// Strikes that were planned, and left out because enough had come again or their moment never
    /// came.
    pub left_out: u64,
}

impl Incident {
    /// Whether it had what was promised.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        let thousandths = self.records * 1_000;
        match self.promise {
            Promise::Redelivered { from, to } | Promise::Republished { from, to } => {
                self.of > 0 && (self.of * from..=self.of * to).contains(&thousandths)
            }
            Promise::RedeliveredAfterRollout { records } => self.records >= records,
        }
    }

    /// What was promised and what was had, as one clause.
    #[must_use]
    pub fn clause(&self) -> String {
        let Self { records, of, .. } = self;
        let percent = |thousandths: u64| format!("{}.{} %", thousandths / 10, thousandths % 10);
        let share = match *of {
            0 => "none".to_owned(),
            of => percent((records * 1_000 + of / 2) / of),
        };
        let band = |from, to| match to {
            1_000 => format!("at least {}", percent(from)),
            _ => format!("{} to {}", percent(from), percent(to)),
        };
        match self.promise {
            Promise::Redelivered { from, to } => format!(
                "the incident was to have {} of its checks redelivered, and had {share} ({records} of {of})",
                band(from, to)
            ),
            Promise::Republished { from, to } => format!(
                "the incident was to have {} of its records sent again, and had {share} ({records} of {of})",
                band(from, to)
            ),
            Promise::RedeliveredAfterRollout { records: least } => format!(
                "at least {least} records were to be redelivered after the rollout, and {records} were"
            ),
        }
    }
}

/// How far an incident that goes on is from its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records that came again so far.
    pub again: u64,
    /// First deliveries, those that are still to come included.
    pub fresh: u64,
}

impl Progress {
    /// How many records more are to come again.
    #[must_use]
    pub fn need(self) -> u64 {
        if self.is_enough() {
            return 0;
        }
        self.up_to(GOAL)
    }

    /// How many more may.
    #[must_use]
    pub fn room(self) -> u64 {
        self.up_to(CAP)
    }

    fn is_enough(self) -> bool {
        self.again * 1_000 >= (self.again + self.fresh) * ENOUGH
    }

    /// A share of `r` in all needs `n·r/(1-r)` beside `n` first deliveries.
    fn up_to(self, thousandths: u64) -> u64 {
        (self.fresh * thousandths / (1_000 - thousandths)).saturating_sub(self.again)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(promise: Promise, records: u64, of: u64) -> Incident {
        Incident {
            promise,
            records,
            of,
            added: 0,
            left_out: 0,
        }
    }

    #[test]
    fn a_share_is_kept_at_both_ends_of_its_band_and_not_beyond() {
        let promise = Promise::of(Cause::Rebalances);
        for (records, kept) in [
            (0, false),
            (59, false),
            (60, true),
            (100, true),
            (101, false),
        ] {
            let incident = incident(promise, records, 1_000);
            assert_eq!(incident.is_kept(), kept, "{}", incident.clause());
        }
        assert!(!incident(promise, 0, 0).is_kept(), "nothing was checked");
    }

    #[test]
    fn an_amount_is_kept_from_there_on() {
        let promise = Promise::of(Cause::Release);
        assert!(!incident(promise, 19, 0).is_kept());
        assert!(incident(promise, 20, 0).is_kept());
    }

    #[test]
    fn it_is_told_with_its_numbers() {
        let told = incident(Promise::of(Cause::Rebalances), 6, 2_109).clause();
        assert_eq!(
            told,
            "the incident was to have 6.0 % to 10.0 % of its checks redelivered, and had 0.3 % (6 of 2109)"
        );
        let told = incident(Promise::of(Cause::Slow), 0, 0).clause();
        assert!(
            told.contains("at least 1.0 %") && told.contains("had none"),
            "{told}"
        );
    }

    #[test]
    fn what_is_needed_is_what_makes_the_goal_and_nothing_once_it_is_near() {
        let so_far = |again, fresh| Progress { again, fresh };
        assert_eq!(so_far(0, 92_000).need(), 8_000);
        assert_eq!(so_far(3_000, 92_000).need(), 5_000);
        assert_eq!(so_far(7_400, 92_000).need(), 600);
        assert_eq!(so_far(7_800, 92_000).need(), 0);
        assert_eq!(so_far(9_000, 92_000).need(), 0);
        assert_eq!(so_far(9_000, 92_000).room(), 98);
        assert_eq!(so_far(10_000, 92_000).room(), 0);
        for again in [0, 100, 200] {
            let all = Progress {
                again,
                fresh: 2_700,
            };
            let last = again + all.need();
            let kept = incident(Promise::of(Cause::Rebalances), last, last + 2_700).is_kept();
            assert!(kept, "{again}");
        }
    }
}
