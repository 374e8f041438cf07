//! What comes of a fault that was armed: its evidence, whatever happens to whoever carries it out.

use std::sync::{Arc, Weak};

use tokio::sync::watch;

use super::instance::Instance;
use crate::chaos::{Planned, Process, Struck};
use crate::tap::Decision;
use crate::verdict::Strike;

/// A fault of the schedule that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired {
    /// The fault, with the instance that was struck.
    pub planned: Planned,
    /// What it came to, as evidence.
    pub evidence: Strike,
    /// See [`Struck::fenced`].
    pub fenced: bool,
    /// See [`Struck::silent`].
    pub silent: bool,
}

/// Why a strike is no evidence whose successor only fell silent.
const SLOW: &str = "the successor was taken to have finished because it fell silent, and it \
                    acknowledges what it has finished, so that it may have been slow";

impl Fired {
    /// A strike that came to nothing more than this evidence.
    pub(super) fn plainly(planned: Planned, evidence: Strike) -> Self {
        Self {
            planned,
            evidence,
            fenced: false,
            silent: false,
        }
    }

    /// Takes the evidence back that rested on a successor's silence, where the run has shown since that
    /// the consumer acknowledges.
    pub(super) fn doubt_silence(&mut self, acknowledges: bool) {
        if self.silent && acknowledges && self.evidence.problem.is_none() {
            self.evidence.problem = Some(SLOW.to_owned());
        }
    }
}

/// What became of the armed fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has come to the window.
    Waiting,
    /// The window is open and the fault is at work.
    Striking,
    /// It is done.
    Done(Box<Fired>),
}

/// The word that whoever waits for a fault is owed: told when it is done, and, where the fault breaks
/// off in whatever way, told that it did. Else the run would wait for ever.
pub(super) struct Owed {
    progress: watch::Sender<Progress>,
    planned: Option<Planned>,
}

impl Owed {
    pub(super) fn new(progress: &watch::Sender<Progress>, planned: Planned) -> Self {
        Self {
            progress: progress.clone(),
            planned: Some(planned),
        }
    }

    pub(super) fn done(mut self, struck: Struck) {
        self.tell(struck);
    }

    fn tell(&mut self, struck: Struck) {
        let Some(planned) = self.planned.take() else {
            return;
        };
        let Struck {
            fenced,
            silent,
            problem,
            note,
            ..
        } = struck;
        let evidence = Strike {
            payment: planned.payment.clone(),
            fired: true,
            problem,
            note,
        };
        self.progress.send_replace(Progress::Done(Box::new(Fired {
            planned,
            evidence,
            fenced,
            silent,
        })));
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let mut struck = Struck::new(Decision::Drop);
        struck.problem = Some("the fault broke off before it was done".to_owned());
        self.tell(struck);
    }
}

/// An instance that a fault is busy with: it is not started again meanwhile. It is not kept alive
/// either: when the run ends, its processes do, whatever a fault is still waiting for.
pub(super) struct InHand {
    instance: Weak<Instance>,
    process: Process,
    is_done: bool,
}

impl InHand {
    pub(super) fn take(instance: &Arc<Instance>, process: &Process) -> Self {
        instance.hold_restart();
        Self {
            instance: Arc::downgrade(instance),
            process: process.clone(),
            is_done: false,
        }
    }

    /// The fault is done, and has left the process as it is meant to be.
    pub(super) fn let_go(mut self) {
        self.is_done = true;
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if !self.is_done {
            // A fault that broke off must not leave the instance frozen; a dead one needs nothing.
            let _ = self.process.thaw();
        }
        if let Some(instance) = self.instance.upgrade() {
            instance.release_restart();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::Fault;
    use crate::window::{Edge, Window};

    fn planned() -> Planned {
        Planned {
            fault: Fault::Zombie,
            window: Window::first("POST /v1/charges", Edge::Before),
            payment: "msg-0001".into(),
            instance: None,
            prefix: None,
            alone: false,
            commits_anywhere: false,
            wait_hours: None,
        }
    }

    fn fired(silent: bool) -> Fired {
        let evidence = Strike {
            payment: "msg-0001".into(),
            fired: true,
            problem: None,
            note: None,
        };
        Fired {
            silent,
            ..Fired::plainly(planned(), evidence)
        }
    }

    #[test]
    fn a_silent_successor_is_no_evidence_where_the_consumer_acknowledges() {
        let doubted = |silent, acknowledges| {
            let mut fired = fired(silent);
            fired.doubt_silence(acknowledges);
            fired.evidence.problem.is_some()
        };
        assert!(doubted(true, true));
        assert!(!doubted(true, false), "its silence is all that can be seen");
        assert!(!doubted(false, true), "it was seen to finish");
    }

    fn told(progress: &watch::Sender<Progress>) -> Option<Fired> {
        match &*progress.borrow() {
            Progress::Done(fired) => Some(Fired::clone(fired)),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_fault_that_panics_is_done_and_no_evidence() {
        let progress = watch::Sender::new(Progress::Striking);
        let owed = Owed::new(&progress, planned());
        let fault = tokio::spawn(async move {
            let _owed = owed;
            panic!("a fault of the lab's own");
        });
        assert!(fault.await.is_err_and(|e| e.is_panic()));
        let fired = told(&progress).expect("nobody waits for ever");
        assert!(fired.evidence.fired && fired.evidence.problem.is_some());
    }

    #[test]
    fn a_fault_that_is_done_says_so_once() {
        let progress = watch::Sender::new(Progress::Striking);
        let mut struck = Struck::new(Decision::Pass);
        struck.fenced = true;
        Owed::new(&progress, planned()).done(struck);
        let fired = told(&progress).expect("it is done");
        assert!(fired.fenced && fired.evidence.problem.is_none());
    }
}
