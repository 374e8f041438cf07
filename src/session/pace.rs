//! How long a consumer is waited for: never less than what most need, and three times as long as
//! this one has needed to join, where that is more. A JVM beside three others on two cores joins in
//! half a minute; what is past before it has begun says nothing of it.

use std::sync::OnceLock;
use std::time::Duration;

/// Of a group, before its instances are replaced. Past the 3 s after which a member learns of a
/// rebalance at its heartbeat.
const STANDSTILL: Duration = Duration::from_secs(5);

/// For one step of the group's position, or to meet a lock. Past every pause that a consumer in a
/// lab has a reason for; beyond it the strike is no evidence.
const STEP: Duration = Duration::from_secs(20);

/// Before who changes nothing is taken to have finished without a commit. Past the 5 s of clients'
/// auto-commit: a successor that is merely slow (one that loads its SDK at its first payment takes
/// seconds) would lose its race against the zombie by chance.
const SILENCE: Duration = Duration::from_secs(6);

/// The survivors learn of the rebalance at their next heartbeat, 3 s away by default and never more
/// than the session's third.
const REBALANCE: Duration = Duration::from_secs(20);

/// A process that starts beside others, or on a busy machine, takes longer than the first one;
/// three times as long was seen of four JVMs on two cores.
const MARGIN: u32 = 3;

#[derive(Debug)]
pub(crate) struct Pace {
    limit: Duration,
    joined: OnceLock<Duration>,
}

impl Pace {
    /// `limit`: how long a consumer may take to join.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            limit,
            joined: OnceLock::new(),
        }
    }

    /// From the start of the first process to the whole group. Said again, it changes nothing.
    pub(crate) fn joined_in(&self, took: Duration) {
        let _ = self.joined.set(took);
    }

    /// From an instance's start to its first partition.
    pub(crate) fn join(&self) -> Duration {
        self.at_least(self.limit)
    }

    /// How long nothing may move while nobody starts.
    pub(crate) fn standstill(&self) -> Duration {
        self.at_least(STANDSTILL)
    }

    pub(crate) fn step(&self) -> Duration {
        self.at_least(STEP)
    }

    pub(crate) fn silence(&self) -> Duration {
        self.at_least(SILENCE)
    }

    /// A partition passes to another member, who may have to be started first.
    pub(crate) fn rebalance(&self) -> Duration {
        self.join().max(REBALANCE)
    }

    fn at_least(&self, least: Duration) -> Duration {
        let measured = self.joined.get().copied().unwrap_or_default();
        least.max(measured * MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use super::Pace;
    use std::time::Duration;

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_quick_consumer_gets_what_most_need() {
        let pace = Pace::new(seconds(30));
        pace.joined_in(Duration::from_millis(100));
        assert_eq!((pace.join(), pace.standstill()), (seconds(30), seconds(5)));
        assert_eq!((pace.step(), pace.rebalance()), (seconds(20), seconds(30)));
        assert_eq!(pace.silence(), seconds(6));
    }

    #[test]
    fn a_slow_consumer_gets_three_times_what_it_needed_first() {
        let pace = Pace::new(seconds(30));
        pace.joined_in(seconds(12));
        // A later join is another matter.
        pace.joined_in(seconds(29));
        assert_eq!((pace.join(), pace.standstill()), (seconds(36), seconds(36)));
        assert_eq!((pace.step(), pace.rebalance()), (seconds(36), seconds(36)));
        assert_eq!(pace.silence(), seconds(36));
    }

    #[test]
    fn who_may_take_long_to_join_may_take_long_to_succeed() {
        let pace = Pace::new(seconds(120));
        assert_eq!((pace.rebalance(), pace.step()), (seconds(120), seconds(20)));
        assert_eq!(Pace::new(seconds(3)).rebalance(), seconds(20));
    }
}
