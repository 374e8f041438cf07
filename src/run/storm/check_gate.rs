//! The gate in front of the database: a strike that must not meet a check half-way closes it.
//!
//! What becomes of a check that is under way when its process or its database goes is not to be seen
//! from outside: the answer comes to nobody, and the record is counted neither at the tap nor by the
//! instance.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::watch;

use crate::tap::Source;

/// How long the answers to checks that are under way are waited for; a process may have died in one.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// Which checks are in the database, and whether others may follow.
#[derive(Debug, Default)]
pub(super) struct CheckGate(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    /// For how many strikes checks wait.
    closed: u32,
    /// Whose check is under way.
    inside: HashSet<Source>,
}

impl CheckGate {
    /// Lets no check through any more, and returns when none is under way; after a while in any case.
    pub(super) async fn close(&self) {
        self.0.send_modify(|state| state.closed += 1);
        let mut state = self.0.subscribe();
        let none = state.wait_for(|state| state.inside.is_empty());
        let waited = tokio::time::timeout(LAST_ANSWERS, none).await.is_err();
        if waited {
            // Whoever died in one is not waited for a second time.
            self.0.send_modify(|state| state.inside.clear());
        }
    }

    /// Lets checks through again, unless they wait for another strike.
    pub(super) fn open(&self) {
        self.0.send_modify(|state| state.closed -= 1);
    }

    /// Returns when the source's check may go on, which then is under way.
    pub(super) async fn enter(&self, source: Source) {
        let mut state = self.0.subscribe();
        loop {
            // It fails only when the sender is gone, and this holds it.
            let _ = state.wait_for(|state| state.closed == 0).await;
            // A strike may have closed it since.
            let entered = self.0.send_if_modified(|state| {
                state.closed == 0 && {
                    state.inside.insert(source.clone());
                    true
                }
            });
            if entered {
                return;
            }
        }
    }

    /// Something came from the source, or went to it: no check of it is under way.
    pub(super) fn left(&self, source: &Source) {
        self.0.send_if_modified(|state| state.inside.remove(source));
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn source(instance: &str) -> Source {
        Source {
            instance: instance.to_owned(),
            incarnation: 1,
        }
    }

    #[tokio::test]
    async fn it_is_closed_when_no_check_is_under_way_and_none_follows() {
        let gate = CheckGate::default();
        gate.enter(source("a")).await;
        let mut closing = Box::pin(gate.close());
        assert!(closing.as_mut().now_or_never().is_none(), "a is inside");
        let mut next = Box::pin(gate.enter(source("b")));
        assert!(next.as_mut().now_or_never().is_none(), "it is closing");
        gate.left(&source("a"));
        closing.await;
        assert!(next.as_mut().now_or_never().is_none(), "it is closed");
        gate.open();
        next.await;
        assert_eq!(gate.0.borrow().inside, [source("b")].into());
    }

    #[tokio::test]
    async fn it_opens_when_the_last_strike_has_opened_it() {
        let gate = CheckGate::default();
        gate.close().await;
        gate.close().await;
        gate.open();
        let mut check = Box::pin(gate.enter(source("a")));
        assert!(check.as_mut().now_or_never().is_none(), "one strike is on");
        gate.open();
        check.await;
    }

    #[tokio::test]
    async fn a_check_whose_process_died_in_it_does_not_keep_a_strike_for_ever() {
        let gate = CheckGate::default();
        gate.enter(source("a")).await;
        let began = tokio::time::Instant::now();
        gate.close().await;
        assert!(began.elapsed() >= LAST_ANSWERS);
        let again = gate.close().now_or_never();
        assert!(again.is_some(), "it was waited for once");
    }
}
