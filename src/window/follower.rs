//! Follows one message through the events of a run: which of them are about it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::event::{BoundaryEvent, Detail, Place, Stage};

#[derive(Debug)]
pub struct Follower {
    message: String,
    place: Option<Place>,
    acknowledged: bool,
    /// The consumer's background, where nothing else is in hand: all else that carries no mark is
    /// its own.
    alone: Option<Arc<BTreeSet<String>>>,
    /// The database connections on which the message's own work is under way, marked or not.
    working: HashSet<i32>,
}

impl Follower {
    #[must_use]
    pub fn new(message: &str) -> Self {
        Self {
            message: message.to_owned(),
            place: None,
            acknowledged: false,
            alone: None,
            working: HashSet::new(),
        }
    }

    /// Nothing else is in hand; `background` holds the signatures of what is done without any
    /// message.
    #[must_use]
    pub fn alone(mut self, background: Arc<BTreeSet<String>>) -> Self {
        self.alone = Some(background);
        self
    }

    /// Whether the event is about the message. To be asked of every event, in their order.
    pub fn concerns<D: Detail>(&mut self, event: &BoundaryEvent<D>) -> bool {
        if self.place.is_none() {
            self.place = event.delivered_at(&self.message);
        }
        if event.acknowledges() {
            return self.is_first_past_it(event);
        }
        if event.concerns(&self.message) {
            self.works_on(event);
            return true;
        }
        event.names_no_message() && self.is_own_by_exclusion(event)
    }

    /// Of the commits, the first that passes it, as a batch's does for every message of the batch.
    fn is_first_past_it<D: Detail>(&mut self, event: &BoundaryEvent<D>) -> bool {
        let place = self.place.as_ref();
        let passes = place.is_some_and(|place| event.passes(place));
        let first = passes && !self.acknowledged;
        // The answer belongs to the same event as the request.
        self.acknowledged |= passes && event.stage == Stage::Answered;
        first
    }

    fn is_own_by_exclusion<D: Detail>(&mut self, event: &BoundaryEvent<D>) -> bool {
        let Some(background) = &self.alone else {
            return false;
        };
        // A COMMIT looks like any other, and is told from a poll's by the work on its connection.
        let ends_own_work = event
            .session()
            .is_some_and(|session| self.working.contains(&session.id));
        let is_data = event.can_be_a_messages() && !background.contains(&event.signature);
        let own = self.place.is_some() && (is_data || ends_own_work);
        if own {
            self.works_on(event);
        }
        own
    }

    fn works_on<D: Detail>(&mut self, event: &BoundaryEvent<D>) {
        if let Some(session) = event.session() {
            if event.stage == Stage::Answered && !session.is_open {
                self.working.remove(&session.id);
            } else {
                self.working.insert(session.id);
            }
        }
    }
}
