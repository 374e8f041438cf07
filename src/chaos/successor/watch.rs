//! What is concluded of a successor from what is seen of it.

use std::time::Duration;

use tokio::time::Instant;

/// How long a successor that owns the partition may be given nothing before it is taken to wait for
/// the position that the zombie's open transaction holds back. One that reads positions as they
/// were before it (`read_uncommitted`) asks for one and fetches at once, in some milliseconds.
const FIRST_FETCH: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sight {
    pub(super) position: Option<i64>,
    /// The Postgres backend that waits for a lock of the zombie's.
    pub(super) blocked: Option<i32>,
    /// It was given the payment, or what comes after it.
    pub(super) given: bool,
    /// Kafka keeps the position from it, for the zombie's open transaction.
    pub(super) barred: bool,
    /// How often anything was changed by now.
    pub(super) activity: u64,
    pub(super) acknowledges: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conclusion {
    AtEnd(i64),
    AtLock {
        backend: i32,
        is_past: bool,
    },
    AtTransaction,
    /// It is past the payment and has nothing more to do.
    Past,
    Silent,
    Stalled(Duration),
}

pub(super) struct SuccessorWatch {
    offset: i64,
    end: i64,
    step: Duration,
    position: Option<i64>,
    moved: Instant,
    silence: Silence,
    barred: Option<Instant>,
}

impl SuccessorWatch {
    /// `end` is where the partition ends, `offset` where the payment is.
    pub(super) fn begin(
        offset: i64,
        end: i64,
        step: Duration,
        silence: Duration,
        now: Instant,
    ) -> Self {
        Self {
            offset,
            end,
            step,
            position: None,
            moved: now,
            silence: Silence::begin(silence, now),
            barred: None,
        }
    }

    pub(super) fn conclude(&mut self, sight: &Sight, now: Instant) -> Option<Conclusion> {
        if sight.position != self.position {
            (self.position, self.moved) = (sight.position, now);
        }
        if let Some(position) = sight.position.filter(|next| *next >= self.end) {
            return Some(Conclusion::AtEnd(position));
        }
        let is_past = sight.position.is_some_and(|next| next > self.offset);
        if let Some(backend) = sight.blocked {
            return Some(Conclusion::AtLock { backend, is_past });
        }
        if !sight.barred {
            self.barred = None;
        } else if now - *self.barred.get_or_insert(now) > FIRST_FETCH {
            return Some(Conclusion::AtTransaction);
        }
        if !sight.given {
            self.silence = Silence::begin(self.silence.limit, now);
        } else if self.silence.lasts(sight.activity, now) {
            if is_past {
                return Some(Conclusion::Past);
            }
            // Whoever acknowledges and has not is slow, and has not overtaken the zombie.
            if !sight.acknowledges {
                return Some(Conclusion::Silent);
            }
        }
        let limit = self.patience(sight.acknowledges);
        (now - self.moved > limit).then_some(Conclusion::Stalled(limit))
    }

    /// For one step, after which there must be time for a silence where that is all that can be
    /// seen of a successor's end.
    fn patience(&self, acknowledges: bool) -> Duration {
        if acknowledges {
            self.step
        } else {
            self.step + self.silence.limit
        }
    }
}

struct Silence {
    limit: Duration,
    count: u64,
    since: Instant,
}

impl Silence {
    fn begin(limit: Duration, now: Instant) -> Self {
        Self {
            limit,
            count: 0,
            since: now,
        }
    }

    fn lasts(&mut self, count: u64, now: Instant) -> bool {
        if count != self.count {
            (self.count, self.since) = (count, now);
        }
        now - self.since > self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_secs(10);
    const SILENCE: Duration = Duration::from_secs(6);

    /// In seconds; the payment is at offset 4 in a partition that ends at 8.
    fn concluded(sight: impl Fn(u64) -> Sight) -> Option<(u64, Conclusion)> {
        let began = Instant::now();
        let mut watch = SuccessorWatch::begin(4, 8, STEP, SILENCE, began);
        (0..3_600).find_map(|second| {
            let now = began + Duration::from_secs(second);
            Some((second, watch.conclude(&sight(second), now)?))
        })
    }

    fn given(position: i64) -> Sight {
        Sight {
            position: Some(position),
            given: true,
            ..Sight::default()
        }
    }

    #[test]
    fn who_is_at_the_end_has_finished_and_who_moves_is_waited_for() {
        assert_eq!(concluded(|_| given(8)), Some((0, Conclusion::AtEnd(8))));
        // One record in nine seconds, each of them worked at.
        let slow = |second: u64| Sight {
            activity: second,
            acknowledges: true,
            ..given(i64::try_from(second / 9).unwrap())
        };
        assert_eq!(concluded(slow), Some((72, Conclusion::AtEnd(8))));
    }

    #[test]
    fn who_is_silent_is_past_the_payment_or_has_finished_it_or_is_slow() {
        assert_eq!(concluded(|_| given(5)), Some((7, Conclusion::Past)));
        assert_eq!(concluded(|_| given(4)), Some((7, Conclusion::Silent)));
        let slow = |_| Sight {
            acknowledges: true,
            ..given(4)
        };
        assert_eq!(concluded(slow), Some((11, Conclusion::Stalled(STEP))));
    }

    #[test]
    fn a_silence_counts_from_when_the_payment_was_given() {
        let late = |second| Sight {
            given: second >= 9,
            ..given(4)
        };
        assert_eq!(concluded(late), Some((15, Conclusion::Silent)));
        let never = |_| Sight {
            given: false,
            ..given(4)
        };
        let limit = STEP + SILENCE;
        assert_eq!(concluded(never), Some((17, Conclusion::Stalled(limit))));
    }

    #[test]
    fn a_lock_is_told_with_how_far_the_successor_is() {
        let at = |position| {
            concluded(|_| Sight {
                blocked: Some(7),
                ..given(position)
            })
        };
        let lock = |is_past| {
            Some((
                0,
                Conclusion::AtLock {
                    backend: 7,
                    is_past,
                },
            ))
        };
        assert_eq!((at(4), at(5)), (lock(false), lock(true)));
    }

    #[test]
    fn a_transaction_bars_who_is_kept_out_for_longer_than_a_first_fetch_takes() {
        let barred = |second| Sight {
            // It is asked anew now and then, and once in between nothing bars it.
            barred: second != 2,
            position: Some(4),
            ..Sight::default()
        };
        assert_eq!(concluded(barred), Some((7, Conclusion::AtTransaction)));
    }
}
