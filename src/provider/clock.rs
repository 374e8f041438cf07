//! The provider's clock, which tests and labs may move forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The time by which idempotency keys age. It runs with the real time and can be advanced, so that
/// a lab shows what happens after 24 hours without waiting for them. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Time since the Unix epoch when the clock was made; from here on it is monotonic, because a
    /// step of the system's time must not expire a key.
    started_at: Duration,
    started: Instant,
    /// How many of its seconds pass in one of ours.
    speed: u32,
    advanced_ms: Arc<AtomicU64>,
}

impl Clock {
    /// A clock that shows the present time.
    pub fn new() -> Self {
        Self::with_speed(1)
    }

    /// A clock that starts with the present time and runs so many times faster.
    pub fn with_speed(speed: u32) -> Self {
        Self {
            started_at: wall_time(),
            started: Instant::now(),
            speed,
            advanced_ms: Arc::default(),
        }
    }

    /// The time since the Unix epoch by this clock.
    pub fn now(&self) -> Duration {
        let advanced = Duration::from_millis(self.advanced_ms.load(Ordering::SeqCst));
        self.started_at + self.started.elapsed() * self.speed + advanced
    }

    /// Moves the clock forward, in whole milliseconds.
    pub fn advance(&self, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.advanced_ms.fetch_add(by, Ordering::SeqCst);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

/// The time since the Unix epoch by the system.
pub(super) fn wall_time() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the system's time is past 1970")
}

/// Milliseconds, as they are written to the ledger.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).expect("the year is below 500 million")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_gains_on_a_slow_one() {
        let (fast, slow) = (Clock::with_speed(3600), Clock::new());
        let began = (fast.now(), slow.now());
        while slow.now() == began.1 {
            std::hint::spin_loop();
        }
        // The slow one is read within the time of the fast one.
        let slow = slow.now() - began.1;
        assert!(fast.now() - began.0 > slow);
    }

    #[test]
    fn an_advance_is_seen_by_every_clone() {
        let clock = Clock::new();
        let clone = clock.clone();
        let before = clock.now();

        clone.advance(Duration::from_secs(86_400));

        assert!(clock.now() >= before + Duration::from_secs(86_400));
    }
}
