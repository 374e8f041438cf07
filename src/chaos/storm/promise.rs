//! What a storm promises of its incident, and how far a storm that goes on is from it. A schedule
//! is made of guesses: how long a group takes to be whole again, how much a machine carries. The
//! lesson must not hang on them: a storm says beforehand what its incident is to have, counts that
//! at the taps, and strikes more or less than was planned.

use super::Cause;
use crate::verdict::Promise;

/// In thousandths: in the middle of what is promised.
const GOAL: u64 = 80;

/// From here on nothing is added to what was planned.
const ENOUGH: u64 = 78;

/// No strike is to bring the share beyond this.
const CAP: u64 = 90;

impl Cause {
    #[must_use]
    pub fn promise(self) -> Promise {
        match self {
            Self::Rebalances => Promise::Redelivered { from: 60, to: 100 },
            Self::Republish => Promise::Republished { from: 60, to: 100 },
            // More than the 1 % at which somebody is asked to look.
            Self::Slow => Promise::Redelivered {
                from: 10,
                to: 1_000,
            },
            // Each takes effect twice: several, so that it is seen to be no accident.
            Self::Release => Promise::RedeliveredAfterRollout { records: 20 },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseProgress {
    /// Records that came again so far.
    pub again: u64,
    /// First deliveries, those that are still to come included.
    pub fresh: u64,
}

impl PromiseProgress {
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
    use crate::verdict::Incident;

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
    fn what_is_needed_is_what_makes_the_goal_and_nothing_once_it_is_near() {
        let so_far = |again, fresh| PromiseProgress { again, fresh };
        assert_eq!(so_far(0, 92_000).need(), 8_000);
        assert_eq!(so_far(3_000, 92_000).need(), 5_000);
        assert_eq!(so_far(7_400, 92_000).need(), 600);
        assert_eq!(so_far(7_800, 92_000).need(), 0);
        assert_eq!(so_far(9_000, 92_000).need(), 0);
        assert_eq!(so_far(9_000, 92_000).room(), 98);
        assert_eq!(so_far(10_000, 92_000).room(), 0);
        for again in [0, 100, 200] {
            let all = PromiseProgress {
                again,
                fresh: 2_700,
            };
            let last = again + all.need();
            let kept = incident(Cause::Rebalances.promise(), last, last + 2_700).is_kept();
            assert!(kept, "{again}");
        }
    }
}
