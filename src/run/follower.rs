//! Follows one payment through the events of a run: which of them are about it. The recording is read
//! with it, and the armed fault is held against the events with it, so that both mean the same.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::tap::kafka::Detail as KafkaDetail;
use crate::tap::postgres::Transaction;
use crate::tap::{BoundaryEvent, Detail, Role, Stage};

/// Where a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    topic: String,
    partition: i32,
    offset: i64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Follower {
    payment: String,
    /// Where it is, once it was delivered.
    place: Option<Place>,
    /// Whether a commit past it was answered.
    acknowledged: bool,
    /// Where the payment is alone in hand, what carries no mark is its own too, but for what the
    /// consumer does without any payment; none where others are in hand beside it.
    alone: Option<Arc<BTreeSet<String>>>,
    /// The database connections on which the payment's own work is under way, marked or not.
    working: HashSet<i32>,
}

impl Follower {
    /// Follows a payment that has others beside it: by its marks.
    pub(crate) fn new(payment: &str) -> Self {
        Self {
            payment: payment.to_owned(),
            place: None,
            acknowledged: false,
            alone: None,
            working: HashSet::new(),
        }
    }

    /// The same for a payment that is alone in hand; `background` holds the signatures of what the
    /// consumer does without any payment.
    #[must_use]
    pub(crate) fn alone(mut self, background: Arc<BTreeSet<String>>) -> Self {
        self.alone = Some(background);
        self
    }

    pub(crate) fn payment(&self) -> &str {
        &self.payment
    }

    /// Whether the event is about the payment. To be asked of every event, in their order.
    pub(crate) fn concerns(&mut self, event: &BoundaryEvent) -> bool {
        if self.place.is_none() {
            self.place = delivered_at(event, &self.payment);
        }
        if is_ack(event) {
            return self.is_first_past_it(event);
        }
        if event.concerns(&self.payment) {
            self.works_on(event);
            return true;
        }
        event.names_no_payment() && self.is_own_by_exclusion(event)
    }

    /// Of the commits, the first that passes it, as a batch's does for every payment of the batch.
    fn is_first_past_it(&mut self, event: &BoundaryEvent) -> bool {
        let place = self.place.as_ref();
        let passes = place.is_some_and(|p| event.passes(&p.topic, p.partition, p.offset));
        let first = passes && !self.acknowledged;
        // The answer belongs to the same event as the request.
        self.acknowledged |= passes && event.stage == Stage::Answered;
        first
    }

    fn is_own_by_exclusion(&mut self, event: &BoundaryEvent) -> bool {
        let Some(background) = &self.alone else {
            return false;
        };
        if self.place.is_none() || !can_be_a_messages(event) && !self.ends_own_work(event) {
            return false;
        }
        let own = !background.contains(&event.signature) || self.ends_own_work(event);
        if own {
            self.works_on(event);
        }
        own
    }

    /// A COMMIT looks like any other, and is told from a poll's by the work on its connection.
    fn ends_own_work(&self, event: &BoundaryEvent) -> bool {
        match &event.detail {
            Some(Detail::Postgres(statement)) => statement
                .backend_pid
                .is_some_and(|pid| self.working.contains(&pid)),
            _ => false,
        }
    }

    fn works_on(&mut self, event: &BoundaryEvent) {
        if let Some(Detail::Postgres(statement)) = &event.detail
            && let Some(pid) = statement.backend_pid
        {
            let is_over = event.stage == Stage::Answered
                && matches!(statement.transaction, Some(Transaction::Idle) | None);
            if is_over {
                self.working.remove(&pid);
            } else {
                self.working.insert(pid);
            }
        }
    }
}

/// Whether the event can be about a message though it carries no mark: it reads or changes something
/// that outlives the connection.
pub(crate) fn can_be_a_messages(event: &BoundaryEvent) -> bool {
    match &event.detail {
        Some(Detail::Postgres(statement)) => statement.is_data,
        Some(Detail::Kafka(detail)) => match detail {
            KafkaDetail::Produce(_) | KafkaDetail::Transaction(_) => true,
            // What is handed over or acknowledged is told by where it is.
            KafkaDetail::Fetch(_) | KafkaDetail::Commit(_) | KafkaDetail::Membership(_) => false,
        },
        None => true,
    }
}

/// Whether this is the first that is told of a request; a delivery is told of once.
pub(crate) fn begins(event: &BoundaryEvent) -> bool {
    event.stage == Stage::Received || delivers(event)
}

/// Whether the event hands records to the consumer.
pub(crate) fn delivers(event: &BoundaryEvent) -> bool {
    event.role == Role::Deliver
}

/// Where a delivery has the payment.
fn delivered_at(event: &BoundaryEvent, payment: &str) -> Option<Place> {
    let Some(Detail::Kafka(KafkaDetail::Fetch(deliveries))) = &event.detail else {
        return None;
    };
    deliveries.iter().find_map(|delivery| {
        let mut records = delivery.records.iter();
        let record = records.find(|r| r.payment.as_deref() == Some(payment))?;
        Some(Place {
            topic: delivery.topic.clone(),
            partition: delivery.partition,
            offset: record.offset,
        })
    })
}

/// Whether the event moves a position of the group for good.
pub(crate) fn is_ack(event: &BoundaryEvent) -> bool {
    event.role == Role::Acknowledge
}
