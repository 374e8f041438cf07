//! What comes of a fault that was armed: its evidence, whatever happens to whoever carries it out.

use tokio::sync::watch;

use crate::chaos::{FaultOutcome, Planned};
use crate::tap::Decision;
use crate::verdict::FaultEvidence;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutedFault {
    /// With the instance that was struck.
    pub planned: Planned,
    pub evidence: FaultEvidence,
    pub fenced: bool,
    pub silent: bool,
}

const SLOW: &str = "the successor was taken to have finished because it fell silent, and it \
                    acknowledges what it has finished, so that it may have been slow";

impl ExecutedFault {
    pub(super) fn plainly(planned: Planned, fired: bool) -> Self {
        let payment = planned.payment.clone();
        Self {
            planned,
            evidence: FaultEvidence {
                payment,
                fired,
                problem: None,
                note: None,
            },
            fenced: false,
            silent: false,
        }
    }

    /// Where the consumer is now known to acknowledge, a successor's silence is no evidence.
    pub(super) fn doubt_silence(&mut self, acknowledges: bool) {
        if self.silent && acknowledges && self.evidence.problem.is_none() {
            self.evidence.problem = Some(SLOW.to_owned());
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FaultProgress {
    Waiting,
    Striking,
    Done(Box<ExecutedFault>),
}

/// The word that whoever waits for a fault is owed, also where the fault breaks off in whatever
/// way. Else the run would wait for ever.
pub(super) struct OwedOutcome {
    progress: watch::Sender<FaultProgress>,
    planned: Option<Planned>,
}

impl OwedOutcome {
    pub(super) fn new(progress: &watch::Sender<FaultProgress>, planned: Planned) -> Self {
        Self {
            progress: progress.clone(),
            planned: Some(planned),
        }
    }

    pub(super) fn done(mut self, outcome: FaultOutcome) {
        self.tell(outcome);
    }

    fn tell(&mut self, outcome: FaultOutcome) {
        let Some(planned) = self.planned.take() else {
            return;
        };
        let FaultOutcome {
            fenced,
            silent,
            problem,
            note,
            ..
        } = outcome;
        let mut fired = ExecutedFault {
            fenced,
            silent,
            ..ExecutedFault::plainly(planned, true)
        };
        fired.evidence.problem = problem;
        fired.evidence.note = note;
        self.progress
            .send_replace(FaultProgress::Done(Box::new(fired)));
    }
}

impl Drop for OwedOutcome {
    fn drop(&mut self) {
        let mut outcome = FaultOutcome::new(Decision::Drop);
        outcome.problem = Some("the fault broke off before it was done".to_owned());
        self.tell(outcome);
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

    fn fired(silent: bool) -> ExecutedFault {
        ExecutedFault {
            silent,
            ..ExecutedFault::plainly(planned(), true)
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

    fn told(progress: &watch::Sender<FaultProgress>) -> Option<ExecutedFault> {
        match &*progress.borrow() {
            FaultProgress::Done(fired) => Some(ExecutedFault::clone(fired)),
            _ => None,
        }
    }

    #[tokio::test]
    async fn a_fault_that_panics_is_done_and_no_evidence() {
        let progress = watch::Sender::new(FaultProgress::Striking);
        let owed = OwedOutcome::new(&progress, planned());
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
        let progress = watch::Sender::new(FaultProgress::Striking);
        let mut outcome = FaultOutcome::new(Decision::Pass);
        outcome.fenced = true;
        OwedOutcome::new(&progress, planned()).done(outcome);
        let fired = told(&progress).expect("it is done");
        assert!(fired.fenced && fired.evidence.problem.is_none());
    }
}
