//! The gate in front of the database: a strike that must not meet a check half-way closes it. The
//! answer to a check that is under way when its process or its database goes comes to nobody: the
//! record is counted neither at the tap nor by the instance.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::sync::watch;

use crate::event::Source;

/// On a busy machine. Where one takes longer, the strike is made; what it met is told as doubtful.
const LAST_ANSWERS: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(super) struct CheckGate(watch::Sender<GateState>);

#[derive(Debug, Default)]
struct GateState {
    /// How many strikes each instance's checks wait for; all instances where none is named.
    closed: HashMap<Option<String>, u32>,
    inside: HashSet<Source>,
    /// Never to go on.
    barred: HashSet<Source>,
    waiting: HashSet<u64>,
    numbered: u64,
}

impl GateState {
    fn is_open_for(&self, source: &Source) -> bool {
        let opened =
            |who: &Option<String>| self.closed.get(who).is_none_or(|strikes| *strikes == 0);
        opened(&None) && opened(&Some(source.instance.clone())) && !self.barred.contains(source)
    }
}

/// Checks of an instance, or of all, wait until it is dropped.
pub(super) struct Held<'a> {
    gate: &'a CheckGate,
    who: Option<String>,
}

impl Held<'_> {
    /// The process is gone: what it sent, and nobody has read yet, goes no further.
    pub(super) fn bar(&self, source: &Source) {
        self.gate.0.send_modify(|state| {
            state.barred.insert(source.clone());
        });
    }

    /// The connections are gone: what waits goes no further. What comes after it may.
    pub(super) fn dismiss(&self) {
        self.gate.0.send_modify(|state| state.waiting.clear());
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.gate.0.send_modify(|state| {
            if let Some(strikes) = state.closed.get_mut(&self.who) {
                *strikes -= 1;
            }
        });
    }
}

impl CheckGate {
    /// Until what it returns is dropped; returns when no check is under way, after a while in any
    /// case.
    pub(super) async fn close(&self, who: Option<&str>) -> Held<'_> {
        let who = who.map(str::to_owned);
        let is_of = |source: &Source| who.as_ref().is_none_or(|name| *name == source.instance);
        self.0.send_modify(|state| {
            *state.closed.entry(who.clone()).or_default() += 1;
        });
        let held = Held {
            gate: self,
            who: who.clone(),
        };
        let mut state = self.0.subscribe();
        let none = state.wait_for(|state| !state.inside.iter().any(is_of));
        let waited = tokio::time::timeout(LAST_ANSWERS, none).await.is_err();
        if waited {
            // Whoever died in one is not waited for a second time.
            self.0
                .send_modify(|state| state.inside.retain(|source| !is_of(source)));
        }
        held
    }

    /// Returns when the source's check is under way; never where it is not to go on.
    pub(super) async fn enter(&self, source: Source) {
        let mut state = self.0.subscribe();
        let mut number = 0;
        self.0.send_modify(|state| {
            state.numbered += 1;
            number = state.numbered;
            state.waiting.insert(number);
        });
        loop {
            let decided =
                |state: &GateState| !state.waiting.contains(&number) || state.is_open_for(&source);
            // It fails only when the sender is gone, and this holds it.
            let _ = state.wait_for(decided).await;
            let mut dismissed = false;
            // A strike may have closed it since.
            let entered = self.0.send_if_modified(|state| {
                dismissed = !state.waiting.contains(&number);
                let enters = !dismissed && state.is_open_for(&source);
                if enters {
                    state.waiting.remove(&number);
                    state.inside.insert(source.clone());
                }
                enters
            });
            if dismissed {
                return std::future::pending().await;
            }
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
        let mut closing = Box::pin(gate.close(None));
        assert!(closing.as_mut().now_or_never().is_none(), "a is inside");
        let mut next = Box::pin(gate.enter(source("b")));
        assert!(next.as_mut().now_or_never().is_none(), "it is closing");
        gate.left(&source("a"));
        let held = closing.await;
        assert!(next.as_mut().now_or_never().is_none(), "it is closed");
        drop(held);
        next.await;
        assert_eq!(gate.0.borrow().inside, [source("b")].into());
    }

    #[tokio::test]
    async fn it_opens_when_the_last_strike_has_opened_it() {
        let gate = CheckGate::default();
        let (first, second) = (gate.close(None).await, gate.close(None).await);
        drop(first);
        let mut check = Box::pin(gate.enter(source("a")));
        assert!(check.as_mut().now_or_never().is_none(), "one strike is on");
        drop(second);
        check.await;
    }

    #[tokio::test]
    async fn closed_for_one_instance_it_is_open_for_the_others() {
        let gate = CheckGate::default();
        gate.enter(source("b")).await;
        let held = gate.close(Some("a")).await;
        gate.enter(source("c")).await;
        let mut check = Box::pin(gate.enter(source("a")));
        assert!(check.as_mut().now_or_never().is_none(), "a is held");
        drop(held);
        check.await;
    }

    #[tokio::test]
    async fn no_check_of_a_process_that_is_gone_or_of_a_connection_that_is_cut_goes_on() {
        let gate = CheckGate::default();
        let held = gate.close(None).await;
        let mut cut = Box::pin(gate.enter(source("a")));
        assert!(cut.as_mut().now_or_never().is_none());
        held.dismiss();
        held.bar(&source("b"));
        drop(held);
        let mut late = Box::pin(gate.enter(source("b")));
        assert!(
            cut.as_mut().now_or_never().is_none(),
            "its connection is cut"
        );
        assert!(
            late.as_mut().now_or_never().is_none(),
            "its process is gone"
        );
        gate.enter(source("a")).await;
        let next_life = Source {
            incarnation: 2,
            ..source("b")
        };
        gate.enter(next_life).await;
    }

    #[tokio::test]
    async fn a_check_whose_process_died_in_it_does_not_keep_a_strike_for_ever() {
        let gate = CheckGate::default();
        gate.enter(source("a")).await;
        let began = tokio::time::Instant::now();
        drop(gate.close(None).await);
        assert!(began.elapsed() >= LAST_ANSWERS);
        let again = gate.close(None).now_or_never();
        assert!(again.is_some(), "it was waited for once");
    }
}
