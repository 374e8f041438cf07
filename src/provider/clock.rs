use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Idempotency keys age by it. It can be advanced, so that a lab shows what happens after 24 hours
/// without waiting for them. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Since the Unix epoch. From here on monotonic: a step of the system's time must not expire a
    /// key.
    started_at: Duration,
    started: Instant,
    /// Seconds of its own in one of ours.
    speed: u32,
    advanced_ms: Arc<AtomicU64>,
}

impl Clock {
    pub fn new() -> Self {
        Self::with_speed(1)
    }

    pub fn with_speed(speed: u32) -> Self {
        Self {
            started_at: wall_time(),
            started: Instant::now(),
            speed,
            advanced_ms: Arc::default(),
        }
    }

    /// Since the Unix epoch.
    pub fn now(&self) -> Duration {
        let advanced = Duration::from_millis(self.advanced_ms.load(Ordering::SeqCst));
        self.started_at + self.started.elapsed() * self.speed + advanced
    }

    /// In whole milliseconds.
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

pub(super) fn wall_time() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the system's time is past 1970")
}

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
