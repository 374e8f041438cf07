//! How the place of an event among those of its message is told, while recording and while striking.

use crate::event::{BoundaryEvent, Detail};

use super::{Follower, Window};

#[derive(Debug)]
pub struct Steps {
    follower: Follower,
    taken: Vec<String>,
    passes_over_commits: bool,
}

impl Steps {
    #[must_use]
    pub fn of(follower: Follower) -> Self {
        Self {
            follower,
            taken: Vec::new(),
            passes_over_commits: false,
        }
    }

    /// From 0; none if the event is not one of the message's. To be asked of every event, in their
    /// order.
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

    #[must_use]
    pub fn before(&self, place: usize) -> &[String] {
        &self.taken[..place]
    }

    /// Among the events of its name, from 1.
    #[must_use]
    pub fn occurrence(&self, place: usize) -> u32 {
        let of_name = |s: &&String| **s == self.taken[place];
        self.before(place).iter().filter(of_name).count() as u32 + 1
    }
}

#[derive(Debug)]
pub struct Matcher {
    steps: Steps,
    window: Window,
    /// As it was recorded; none where nothing was.
    prefix: Option<Vec<String>>,
}

impl Matcher {
    /// `commits_anywhere`: commits are neither counted nor found, nor are they in the prefix.
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

    /// To be asked of every event, in their order.
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
