//! How many cells run at a time: as many as the machine bears, and fewer once cells come late.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

/// A consumer that joins faster than this, alone, leaves room for two of its kind on a core.
const LIGHT_SECONDS: f64 = 1.5;

pub(super) struct Lanes {
    permits: Semaphore,
    open: AtomicUsize,
}

impl Lanes {
    /// As many as were asked for; else as many as fit this consumer on these cores.
    pub(super) fn new(asked: Option<usize>, cores: usize, join_seconds: f64) -> Self {
        let fitting = if join_seconds < LIGHT_SECONDS {
            2 * cores
        } else {
            cores
        };
        let lanes = asked.unwrap_or(fitting).max(1);
        Self {
            permits: Semaphore::new(lanes),
            open: AtomicUsize::new(lanes),
        }
    }

    pub(super) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    pub(super) async fn enter(&self) -> SemaphorePermit<'_> {
        let permit = self.permits.acquire().await;
        permit.expect("it is never closed")
    }

    /// Of a cell that came late; the last one stays.
    pub(super) fn narrow(&self, permit: SemaphorePermit<'_>) {
        let fewer = |open: usize| (open > 1).then(|| open - 1);
        let closed = self
            .open
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        if closed.is_ok() {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_late_cell_takes_its_lane_with_it_but_for_the_last() {
        let lanes = Lanes::new(None, 2, 0.2);
        assert_eq!(lanes.open(), 4);
        for left in [3, 2, 1, 1, 1] {
            let permit = lanes.enter().await;
            lanes.narrow(permit);
            assert_eq!(lanes.open(), left);
        }
    }

    #[test]
    fn a_heavy_consumer_has_fewer_and_who_asks_gets_what_was_asked() {
        assert_eq!(Lanes::new(None, 2, 6.0).open(), 2);
        assert_eq!(Lanes::new(Some(7), 2, 6.0).open(), 7);
        assert_eq!(Lanes::new(Some(0), 2, 0.1).open(), 1);
    }
}
