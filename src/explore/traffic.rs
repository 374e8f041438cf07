//! Which payments an exploration produces, and when: before, while and after somebody is struck.

use crate::chaos::{Planned, Round, Schedule};
use crate::event::message_id;
use crate::window::SERIAL;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Traffic {
    payments: u32,
    during: u32,
    after: u32,
}

impl Traffic {
    /// Two of eight are produced while somebody is struck and two after it, enough that on each of
    /// two partitions a later poll and a later commit can pass what was struck.
    pub(super) fn of(payments: u32) -> Self {
        let beside = (payments.saturating_sub(2) / 3).min(2);
        Self {
            payments,
            during: beside,
            after: beside,
        }
    }

    /// One payment at a time, then as many at once as a struck run has.
    pub(super) fn recording(&self, pattern: &Schedule) -> Schedule {
        let mut rounds: Vec<Round> = (1..=SERIAL).map(|n| together(n, n)).collect();
        rounds.push(together(SERIAL + 1, SERIAL + self.payments));
        schedule(pattern, SERIAL + self.payments, rounds)
    }

    pub(super) fn recorded_in_company(&self) -> String {
        message_id(SERIAL + self.payments.div_ceil(2))
    }

    /// In company, the one in the middle first: where several are in hand at a time, also the first
    /// and the last of those that are produced at once.
    pub(super) fn victims(&self, several: bool) -> Vec<String> {
        let last = self.payments - self.during - self.after;
        let middle = last.div_ceil(2);
        let mut victims = vec![middle];
        if several {
            victims.extend([1, last].into_iter().filter(|n| *n != middle));
            victims.dedup();
        }
        victims.into_iter().map(message_id).collect()
    }

    pub(super) fn victim_alone() -> String {
        message_id(SERIAL)
    }

    pub(super) fn struck(&self, pattern: &Schedule, planned: Planned) -> Schedule {
        let (during, after) = (self.during, self.after);
        let (mut rounds, first, last) = if planned.alone {
            let before = (1..SERIAL).map(|n| together(n, n)).collect();
            (before, SERIAL, SERIAL + during + after)
        } else {
            (Vec::new(), 1, self.payments)
        };
        rounds.push(Round {
            during,
            after,
            strike: Some(planned),
            ..together(first, last)
        });
        schedule(pattern, last, rounds)
    }
}

fn together(first: u32, last: u32) -> Round {
    Round {
        first,
        last,
        during: 0,
        after: 0,
        strike: None,
    }
}

fn schedule(pattern: &Schedule, payments: u32, rounds: Vec<Round>) -> Schedule {
    Schedule {
        payments,
        rounds,
        ..pattern.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::Fault;
    use crate::window::{Edge, Window};

    fn pattern() -> Schedule {
        Schedule::plan(1, 1, 2, 1, 0, None).expect("no strike fits")
    }

    fn planned(payment: &str, alone: bool) -> Planned {
        Planned {
            fault: Fault::Kill,
            window: Window::first("COMMIT", Edge::Before),
            payment: payment.into(),
            instance: None,
            prefix: None,
            alone,
            commits_anywhere: false,
            wait_hours: None,
        }
    }

    #[test]
    fn a_victim_has_others_before_beside_and_after_it_on_its_own_partition() {
        let traffic = Traffic::of(8);
        assert_eq!(traffic.victims(false), ["msg-0002"]);
        assert_eq!(traffic.victims(true), ["msg-0002", "msg-0001", "msg-0004"]);
        let schedule = traffic.struck(&pattern(), planned("msg-0002", false));
        let [round] = schedule.rounds.as_slice() else {
            panic!("{schedule:?}");
        };
        assert_eq!(round.at_once(), 1..=4);
        assert_eq!((round.during(), round.after()), (5..=6, 7..=8));
        assert!(schedule.checked().is_ok());
    }

    #[test]
    fn who_must_be_alone_comes_after_others_that_were_alone() {
        let traffic = Traffic::of(8);
        let schedule = traffic.struck(&pattern(), planned(&Traffic::victim_alone(), true));
        let spans: Vec<_> = schedule.rounds.iter().map(Round::at_once).collect();
        assert_eq!(spans, [1..=1, 2..=2, 3..=3]);
        assert_eq!(schedule.payments, 7);
        assert!(schedule.checked().is_ok());
    }

    #[test]
    fn few_payments_are_produced_at_once() {
        for payments in 1..=20 {
            let traffic = Traffic::of(payments);
            let schedule = traffic.struck(&pattern(), planned("msg-0001", false));
            assert!(schedule.checked().is_ok(), "{payments}");
            assert_eq!(traffic.recording(&pattern()).payments, payments + SERIAL);
        }
    }
}
