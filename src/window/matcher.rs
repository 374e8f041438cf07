//! How the place of an event among those of its message is told, while recording and while striking.

use crate::event::{BoundaryEvent, Detail};

use super::{Follower, Window};

/// The events of one message so far, each with its place among them.
#[derive(Debug)]
pub struct Steps {
    follower: Follower,
    /// Their signatures, in order.
    taken: Vec<String>,
    passes_over_commits: bool,
}

impl Steps {
    /// No event yet, of the message that is followed.
    #[must_use]
    pub fn of(follower: Follower) -> Self {
        Self {
            follower,
            taken: Vec::new(),
            passes_over_commits: false,
        }
    }

    /// Where the event stands among the message's, from 0; none if it is not one of them. To be asked
    /// of every event, in their order.
    pub fn place_of<D: Detail>(&mut self, event: &BoundaryEvent<D>) -> Option<usize> {
        if !self.follower.concerns(event) {
            return None;
        }
        let is_passed_over = self.passes_over_commits && event.acknowledges();
        if event.begins() && !is_passed_over {
            self.taken.push(event.signature.clone());
        }
        // Of several under way with one name, an answer is taken for the last one's.
        self.taken.iter().rposition(|s| *s == event.signature)
    }

    /// The signatures of the events before this place.
    #[must_use]
    pub fn before(&self, place: usize) -> &[String] {
        &self.taken[..place]
    }

    /// Which of the events of its name the one at this place is, from 1.
    #[must_use]
    pub fn occurrence(&self, place: usize) -> u32 {
        let of_name = |s: &&String| **s == self.taken[place];
        self.before(place).iter().filter(of_name).count() as u32 + 1
    }
}

/// Holds the events of a run against the one at which a window opens.
#[derive(Debug)]
pub struct Matcher {
    steps: Steps,
    window: Window,
    /// What the message went through before, as it was recorded; none where nothing was.
    prefix: Option<Vec<String>>,
}

impl Matcher {
    /// Where `commits_anywhere`, commits are neither counted nor found, nor are they in the prefix.
    #[must_use]
    pub fn new(
        follower: Follower,
        window: Window,
        prefix: Option<Vec<String>>,
        commits_anywhere: bool,
    ) -> Self {
        Self {
            steps: Steps {
                passes_over_commits: commits_anywhere,
                ..Steps::of(follower)
            },
            window,
            prefix,
        }
    }

    /// Whether the window opens with this event. To be asked of every event, in their order.
    pub fn is_opened_by<D: Detail>(&mut self, event: &BoundaryEvent<D>) -> bool {
        let Some(place) = self.steps.place_of(event) else {
            return false;
        };
        // What was recorded before it tells one of two events of the same name from the other.
        let is_it = match &self.prefix {
            Some(prefix) => prefix == self.steps.before(place),
            None => self.steps.occurrence(place) == self.window.occurrence,
        };
        is_it && event.stage == self.window.stage() && event.signature == self.window.at
    }
}

#[cfg(test)]
mod tests;
