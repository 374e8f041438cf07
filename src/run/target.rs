//! The armed fault, and how its window is recognised among the events of a run.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::follower::Follower;
use crate::chaos::Planned;
use crate::tap::BoundaryEvent;

/// The armed fault, with what its payment has been through.
pub(super) struct Target {
    planned: Planned,
    follower: Follower,
    /// The signatures of the payment's events, in order.
    seen: Vec<String>,
}

impl Target {
    /// `background` holds the signatures of what the consumer does without any payment.
    pub(super) fn new(planned: Planned, background: &Arc<BTreeSet<String>>) -> Self {
        let mut follower = Follower::new(&planned.payment);
        if planned.alone {
            follower = follower.alone(Arc::clone(background));
        }
        Self {
            planned,
            follower,
            seen: Vec::new(),
        }
    }

    pub(super) fn into_planned(self) -> Planned {
        self.planned
    }

    /// Whether the window opens with this event.
    pub(super) fn is_opened_by(&mut self, event: &BoundaryEvent) -> bool {
        if !self.follower.concerns(event) {
            return false;
        }
        let is_left_out = self.planned.commits_anywhere && event.acknowledges();
        if event.begins() && !is_left_out {
            self.seen.push(event.signature.clone());
        }
        let same: Vec<usize> = (0..self.seen.len())
            .filter(|i| self.seen[*i] == event.signature)
            .collect();
        // Of several under way with one name, an answer is taken for the last one's.
        let Some(&place) = same.last() else {
            return false;
        };
        let before = &self.seen[..place];
        let window = &self.planned.window;
        // What was recorded before it tells one of two events of the same name from the other.
        let is_it = match &self.planned.prefix {
            Some(prefix) => prefix == before,
            None => same.len() == window.occurrence as usize,
        };
        is_it && event.stage == window.stage() && event.signature == window.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::{Edge, Fault, Window};
    use crate::event::{Role, Source, Stage, Tap};
    use crate::tap::{Detail, kafka};

    fn event(stage: Stage, signature: &str, payment: &str) -> BoundaryEvent {
        BoundaryEvent {
            tap: Tap::Postgres,
            stage,
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            signature: signature.into(),
            subjects: vec![payment.into()],
            outcome: String::new(),
            writes: true,
            role: Role::Request,
            result: None,
            detail: None,
        }
    }

    fn target(at: &str, edge: Edge, occurrence: u32, prefix: Option<&[&str]>) -> Target {
        let window = Window {
            at: at.into(),
            edge,
            occurrence,
        };
        let prefix = prefix.map(|p| p.iter().map(|s| (*s).to_owned()).collect());
        let payment = "msg-0002".into();
        let planned = Planned {
            fault: Fault::Kill,
            window,
            payment,
            instance: None,
            prefix,
            alone: false,
            commits_anywhere: false,
            wait_hours: None,
        };
        Target::new(planned, &Arc::default())
    }

    /// The positions of the events that open the window.
    fn opened(target: &mut Target, events: &[(Stage, &str, &str)]) -> Vec<usize> {
        let opens = |(i, (stage, signature, payment)): (usize, &(Stage, &str, &str))| {
            target
                .is_opened_by(&event(*stage, signature, payment))
                .then_some(i)
        };
        events.iter().enumerate().filter_map(opens).collect()
    }

    use Stage::{Answered, Received};

    #[test]
    fn only_the_right_payment_stage_and_occurrence_open_the_window() {
        let events = [
            (Received, "A", "msg-0001"),
            (Answered, "A", "msg-0001"),
            (Received, "A", "msg-0002"),
            (Answered, "A", "msg-0002"),
            (Received, "A", "msg-0002"),
            (Answered, "A", "msg-0002"),
        ];
        assert_eq!(
            opened(&mut target("A", Edge::Before, 1, None), &events),
            [2]
        );
        assert_eq!(opened(&mut target("A", Edge::After, 1, None), &events), [3]);
        assert_eq!(
            opened(&mut target("A", Edge::Before, 2, None), &events),
            [4]
        );
        assert_eq!(opened(&mut target("A", Edge::After, 2, None), &events), [5]);
        assert_eq!(
            opened(&mut target("B", Edge::After, 1, None), &events),
            [0; 0]
        );
    }

    #[test]
    fn a_run_that_did_something_else_before_is_not_struck() {
        let events = [
            (Received, "X", "msg-0002"),
            (Received, "A", "msg-0002"),
            (Answered, "A", "msg-0002"),
        ];
        assert_eq!(
            opened(&mut target("A", Edge::Before, 1, Some(&["X"])), &events),
            [1]
        );
        assert_eq!(
            opened(&mut target("A", Edge::After, 1, Some(&["X"])), &events),
            [2]
        );
        assert_eq!(
            opened(&mut target("A", Edge::Before, 1, Some(&["Y"])), &events),
            [0; 0]
        );
        assert_eq!(
            opened(&mut target("A", Edge::Before, 1, Some(&[])), &events),
            [0; 0]
        );
    }

    /// A commit past the payment, which a timer sends whenever it does.
    fn commit(stage: Stage) -> BoundaryEvent {
        let position = kafka::Position {
            topic: "payments".into(),
            partition: 0,
            offset: 8,
            metadata: None,
            payment: Some("msg-0002".into()),
            error: None,
        };
        let commit = kafka::Commit {
            group: "g".into(),
            member_id: "m".into(),
            group_instance_id: None,
            generation: 1,
            transactional_id: None,
            offsets: vec![position],
        };
        BoundaryEvent {
            tap: Tap::Kafka,
            ..event(stage, "kafka OffsetCommit", "msg-0002")
        }
        .with_detail(Detail::Kafka(kafka::Detail::Commit(commit)))
    }

    /// The payment at offset 7.
    fn delivery() -> BoundaryEvent {
        let record = kafka::DeliveredRecord {
            offset: 7,
            payment: Some("msg-0002".into()),
        };
        let delivery = kafka::Delivery {
            topic: "payments".into(),
            partition: 0,
            records: vec![record],
        };
        BoundaryEvent {
            tap: Tap::Kafka,
            ..event(Answered, "kafka Fetch", "msg-0002")
        }
        .with_detail(Detail::Kafka(kafka::Detail::Fetch(vec![delivery])))
    }

    #[test]
    fn a_timers_commit_may_stand_anywhere_only_where_that_is_said() {
        let run = [
            delivery(),
            event(Received, "POST", "msg-0002"),
            event(Answered, "POST", "msg-0002"),
            commit(Received),
            commit(Answered),
            event(Received, "UPDATE", "msg-0002"),
        ];
        // In the recording it came before POST.
        let recorded = ["kafka Fetch", "kafka OffsetCommit", "POST"];
        let mut exact = target("UPDATE", Edge::Before, 1, Some(&recorded));
        assert!(!run.iter().any(|event| exact.is_opened_by(event)));
        let mut anywhere = target("UPDATE", Edge::Before, 1, Some(&["kafka Fetch", "POST"]));
        anywhere.planned.commits_anywhere = true;
        let opened: Vec<bool> = run.iter().map(|e| anywhere.is_opened_by(e)).collect();
        assert_eq!(opened, [false, false, false, false, false, true]);
    }
}
