//! When a consumer is waited for no longer: told from what it moves and from what it only tries.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::pace::Pace;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConsumerProgress {
    pub(crate) committed: BTreeMap<i32, i64>,
    pub(crate) changes: u64,
    /// How often it has changed something, or was refused.
    pub(crate) attempts: u64,
}

/// For how long a consumer has not moved.
///
/// Without any attempt it stands still, for as long as its pace allows. Whoever is refused may be
/// retrying, and succeeds or gives up by a limit of its own: one patience. Whoever changes
/// something is slow, or retries for ever and begins with what succeeds: a patience for each record
/// that is left, because all may be one batch that is acknowledged at its end.
pub(crate) struct Standstill {
    last: ConsumerProgress,
    attempted: CountedFrom,
    changed: CountedFrom,
    passed: CountedFrom,
}

pub(crate) struct Limits<'a> {
    pub(crate) pace: &'a Pace,
    /// For a late effect.
    pub(crate) patience: Duration,
    /// Records that the group's position is not past.
    pub(crate) left: u64,
}

impl Standstill {
    pub(crate) fn begin(first: ConsumerProgress, now: Instant) -> Self {
        Self {
            last: first,
            attempted: CountedFrom::at(now),
            changed: CountedFrom::at(now),
            passed: CountedFrom::at(now),
        }
    }

    pub(crate) fn see(&mut self, progress: ConsumerProgress, now: Instant) {
        let passed = progress.committed != self.last.committed;
        let changed = passed || progress.changes != self.last.changes;
        if changed || progress.attempts != self.last.attempts {
            self.attempted = CountedFrom::at(now);
        }
        if changed {
            self.changed = CountedFrom::at(now);
        }
        if passed {
            self.passed = CountedFrom::at(now);
        }
        self.last = progress;
    }

    /// While a process still starts nothing stands still, for as long as it may take to join: one
    /// that dies at every start is given up all the same.
    pub(crate) fn too_long(
        &mut self,
        limits: &Limits<'_>,
        something_starts: bool,
        now: Instant,
    ) -> bool {
        let Limits { pace, left, .. } = limits;
        let each = limits.patience.max(pace.standstill());
        let left = u32::try_from(*left).unwrap_or(u32::MAX).max(1);
        let marks = [
            (&mut self.attempted, pace.standstill()),
            (&mut self.changed, each),
            (&mut self.passed, each.saturating_mul(left)),
        ];
        let mut is_over = false;
        for (mark, limit) in marks {
            if something_starts {
                mark.put_off(pace, now);
            }
            is_over |= now - mark.since > limit;
        }
        is_over
    }
}

pub(crate) struct Patience {
    begun: CountedFrom,
    limit: Duration,
}

impl Patience {
    pub(crate) fn begin(limit: Duration, now: Instant) -> Self {
        let begun = CountedFrom::at(now);
        Self { begun, limit }
    }

    /// It begins when every process could begin to work: one that still starts can clear nothing,
    /// and is given as long as it may take to join.
    pub(crate) fn is_over(&mut self, pace: &Pace, something_starts: bool, now: Instant) -> bool {
        if something_starts {
            self.begun.put_off(pace, now);
        }
        now - self.begun.since > self.limit
    }
}

struct CountedFrom {
    moved: Instant,
    /// The same, or when something was seen to start last.
    since: Instant,
}

impl CountedFrom {
    fn at(now: Instant) -> Self {
        Self {
            moved: now,
            since: now,
        }
    }

    /// Counts from now, because something starts; for as long as it may take to join.
    fn put_off(&mut self, pace: &Pace, now: Instant) {
        if now - self.moved < pace.join() {
            self.since = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = seconds(20);

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn limits(pace: &Pace, left: u64) -> Limits<'_> {
        let patience = PATIENCE;
        Limits {
            pace,
            patience,
            left,
        }
    }

    fn progress(position: i64, changes: u64, attempts: u64) -> ConsumerProgress {
        ConsumerProgress {
            committed: [(0, position)].into(),
            changes,
            attempts,
        }
    }

    /// In seconds; at each, the consumer is at `now(second)`. None within an hour.
    fn given_up(left: u64, now: impl Fn(u64) -> ConsumerProgress) -> Option<u64> {
        let (pace, began) = (Pace::new(seconds(30)), Instant::now());
        let mut stands = Standstill::begin(now(0), began);
        (1..3_600).find(|second| {
            let at = began + seconds(*second);
            stands.see(now(*second), at);
            stands.too_long(&limits(&pace, left), false, at)
        })
    }

    #[test]
    fn nothing_stands_still_while_a_process_starts_for_as_long_as_it_may() {
        let (pace, began) = (Pace::new(seconds(30)), Instant::now());
        let mut stands = Standstill::begin(progress(0, 0, 0), began);
        let mut too_long = |starts, after| {
            let now = began + seconds(after);
            stands.too_long(&limits(&pace, 1), starts, now)
        };
        assert!(!too_long(true, 29), "it may take 30 s to join");
        assert!(!too_long(false, 33), "it has just begun to stand still");
        assert!(too_long(false, 35), "for 6 s, of which 5 are allowed");
        assert!(too_long(true, 36), "that is too long for a start");
    }

    #[test]
    fn who_does_nothing_stands_still() {
        assert_eq!(given_up(1, |_| progress(0, 0, 0)), Some(6));
    }

    #[test]
    fn who_is_refused_for_ever_is_given_a_patience() {
        assert_eq!(given_up(1, |second| progress(0, 0, second)), Some(21));
        assert_eq!(given_up(9, |second| progress(0, 0, second)), Some(21));
    }

    #[test]
    fn who_repeats_for_ever_what_succeeds_is_given_a_patience_for_each_record() {
        let repeats = |second| progress(0, second, second);
        assert_eq!(given_up(1, repeats), Some(21));
        assert_eq!(given_up(3, repeats), Some(61));
    }

    #[test]
    fn who_is_slow_and_moves_is_not_cut_off() {
        let slow = |second: u64| progress(i64::try_from(second / 19).unwrap(), second, second);
        assert_eq!(given_up(1, slow), None);
        // Its position moves once, for a batch in which each record takes 15 s.
        let batch = |second: u64| progress(0, second / 4, second / 4);
        assert_eq!(given_up(8, batch), Some(161));
    }

    #[test]
    fn what_looks_lost_is_given_its_patience_after_the_last_start() {
        let (pace, began) = (Pace::new(seconds(30)), Instant::now());
        let mut patience = Patience::begin(PATIENCE, began);
        let mut is_over = |starts, after| patience.is_over(&pace, starts, began + seconds(after));
        assert!(!is_over(true, 25), "it starts");
        assert!(!is_over(false, 44), "it has begun to work 19 s ago");
        assert!(is_over(false, 46));
        let mut patience = Patience::begin(PATIENCE, began);
        let mut is_over = |starts, after| patience.is_over(&pace, starts, began + seconds(after));
        assert!(!is_over(true, 29) && !is_over(true, 49));
        assert!(is_over(true, 50), "30 s are allowed for a start");
    }
}
