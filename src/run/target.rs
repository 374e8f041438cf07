//! The armed fault, and how its window is recognised among the events of a run.

use crate::chaos::Planned;
use crate::tap::kafka::Detail as KafkaDetail;
use crate::tap::{BoundaryEvent, Detail, Stage};

/// The armed fault, with what its payment has been through.
pub(super) struct Target {
    planned: Planned,
    /// The signatures of the payment's events, in order.
    seen: Vec<String>,
    /// The payment's partition and offset, once it was delivered.
    place: Option<(i32, i64)>,
    /// Whether a commit past the payment was seen.
    acknowledged: bool,
}

impl Target {
    pub(super) fn new(planned: Planned) -> Self {
        Self {
            planned,
            seen: Vec::new(),
            place: None,
            acknowledged: false,
        }
    }

    pub(super) fn into_planned(self) -> Planned {
        self.planned
    }

    /// Whether the window opens with this event.
    pub(super) fn is_opened_by(&mut self, event: &BoundaryEvent) -> bool {
        let begins = begins(event);
        self.place = self
            .place
            .or_else(|| delivered_at(event, &self.planned.payment));
        if !self.concerns(event, begins) {
            return false;
        }
        if begins {
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
        let as_recorded = self
            .planned
            .prefix
            .as_ref()
            .is_none_or(|prefix| prefix == before);
        let window = &self.planned.window;
        as_recorded
            && event.stage == window.stage()
            && event.signature == window.at
            && same.len() == window.occurrence as usize
    }

    /// Whether the event is about the payment: it carries it, or it is the first commit of a
    /// position past it, as a batch's commit is for every payment of the batch.
    fn concerns(&mut self, event: &BoundaryEvent, begins: bool) -> bool {
        let passes = self.place.is_some_and(|place| acknowledges(event, place));
        if !passes {
            return event.concerns(&self.planned.payment) && !is_commit(event);
        }
        let first = !self.acknowledged;
        // The answer belongs to the same event as the request.
        self.acknowledged |= !begins;
        first
    }
}

/// Whether this is the first that is told of a request; a delivery is told of once.
pub(crate) fn begins(event: &BoundaryEvent) -> bool {
    event.stage == Stage::Received || is_delivery(event)
}

fn is_delivery(event: &BoundaryEvent) -> bool {
    matches!(&event.detail, Some(Detail::Kafka(KafkaDetail::Fetch(_))))
}

/// Where a delivery has the payment.
fn delivered_at(event: &BoundaryEvent, payment: &str) -> Option<(i32, i64)> {
    let Some(Detail::Kafka(KafkaDetail::Fetch(deliveries))) = &event.detail else {
        return None;
    };
    deliveries.iter().find_map(|delivery| {
        let record = delivery
            .records
            .iter()
            .find(|r| r.payment.as_deref() == Some(payment));
        record.map(|record| (delivery.partition, record.offset))
    })
}

fn is_commit(event: &BoundaryEvent) -> bool {
    matches!(&event.detail, Some(Detail::Kafka(KafkaDetail::Commit(_))))
}

/// Whether the event commits a position past the record at this place.
pub(crate) fn acknowledges(event: &BoundaryEvent, (partition, offset): (i32, i64)) -> bool {
    match &event.detail {
        Some(Detail::Kafka(KafkaDetail::Commit(commit))) => commit
            .offsets
            .iter()
            .any(|p| p.partition == partition && p.offset > offset),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::{Edge, Fault, Window};
    use crate::tap::{Source, Tap};

    fn event(stage: Stage, signature: &str, payment: &str) -> BoundaryEvent {
        BoundaryEvent {
            tap: Tap::Postgres,
            stage,
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            signature: signature.into(),
            payment: Some(payment.into()),
            outcome: String::new(),
            writes: true,
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
        Target::new(Planned {
            fault: Fault::Kill,
            window,
            payment,
            instance: None,
            prefix,
            wait_hours: None,
        })
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
}
