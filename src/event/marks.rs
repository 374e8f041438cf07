//! Marks: the values of a message that are its own, and how a tap finds them in whatever a request
//! carries.
//!
//! These are its id (`msg-0017`) and its order's (`order-0017`), as text, in hex and in base64, and
//! its coordinates: topic, partition and offset, of which many tools make ids. On the wire an id
//! ends with the run's own word (`msg-0017-k3f9`), so that what an earlier run left behind, or a
//! number of the consumer's own (`order-20240017`), answers for no message; within the engine a
//! message is called by what stands before the word.

mod coordinates;
mod ids;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

pub(crate) use ids::message_number;
pub use ids::{message_id, order_id};

use coordinates::Coordinates;
use ids::Ids;

/// Clones are the same; the default knows no coordinates and no word: every id is its own.
#[derive(Debug, Clone, Default)]
pub struct Marks(Arc<RunNames>);

#[derive(Debug, Default)]
struct RunNames {
    topic: String,
    group: String,
    /// None where ids end with their number.
    word: Option<String>,
    is_off: bool,
    places: Mutex<HashMap<(i32, i64), String>>,
}

/// Each once, in the order in which the bytes have them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// By an id, or by coordinates that are written as one.
    pub marked: Vec<String>,
    /// By a row of coordinates, which may be a position and that of the next record: it says something
    /// only where nothing else does.
    pub placed: Vec<String>,
}

impl Found {
    pub fn add(&mut self, other: &Self) {
        let both = [
            (&mut self.marked, &other.marked),
            (&mut self.placed, &other.placed),
        ];
        for (all, more) in both {
            more.iter().for_each(|message| add(all, message));
        }
    }

    #[must_use]
    pub fn subjects(self) -> Vec<String> {
        if self.marked.is_empty() {
            self.placed
        } else {
            self.marked
        }
    }
}

fn add(all: &mut Vec<String>, message: &str) {
    if !all.iter().any(|known| known == message) {
        all.push(message.to_owned());
    }
}

impl Marks {
    /// `word` ends the ids; empty for none.
    #[must_use]
    pub fn of_run(topic: &str, group: &str, word: &str) -> Self {
        Self(Arc::new(RunNames {
            topic: topic.to_owned(),
            group: group.to_owned(),
            word: Some(word.to_owned()).filter(|word| !word.is_empty()),
            ..RunNames::default()
        }))
    }

    /// For a storm, in which nobody asks what a request is about.
    #[must_use]
    pub fn off() -> Self {
        Self(Arc::new(RunNames {
            is_off: true,
            ..RunNames::default()
        }))
    }

    /// To be called before anybody is handed the record.
    pub fn place(&self, topic: &str, partition: i32, offset: i64, message: &str) {
        if topic == self.0.topic {
            let mut places = self.0.places.lock().expect("no holder panics");
            places.insert((partition, offset), message.to_owned());
        }
    }

    #[must_use]
    pub fn subjects_in(&self, bytes: &[u8]) -> Vec<String> {
        self.found_in(bytes).subjects()
    }

    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> Found {
        let mut all = Found::default();
        if self.0.is_off {
            return all;
        }
        let (mut marked, mut placed) = (Vec::new(), Vec::new());
        self.ids().all_in(bytes, &mut marked);
        self.by_coordinates(bytes, &mut marked, &mut placed);
        for (sorted, mut found) in [(&mut all.marked, marked), (&mut all.placed, placed)] {
            found.sort_by_key(|(at, _)| *at);
            found.iter().for_each(|(_, message)| add(sorted, message));
        }
        all
    }

    #[must_use]
    pub fn message_in(&self, text: &str) -> Option<String> {
        self.ids().message_in(text.as_bytes())
    }

    #[must_use]
    pub fn message_by_order_in(&self, text: &str) -> Option<String> {
        self.ids().message_by_order_in(text.as_bytes())
    }

    /// What is told of an id that names no message of this run: itself, unless it would be taken
    /// for a message of the engine.
    #[must_use]
    pub fn stranger(&self, id: &str) -> String {
        if self.0.word.is_some() && message_number(id).is_some() {
            format!("{id} (without this run's word)")
        } else {
            id.to_owned()
        }
    }

    fn ids(&self) -> Ids<'_> {
        Ids {
            word: self.0.word.as_deref(),
        }
    }

    fn by_coordinates(
        &self,
        bytes: &[u8],
        marked: &mut Vec<(usize, String)>,
        placed: &mut Vec<(usize, String)>,
    ) {
        let RunNames { topic, group, .. } = &*self.0;
        if topic.is_empty() {
            return;
        }
        for start in ids::positions(bytes, topic.as_bytes()) {
            let Some(at) = Coordinates::behind(&bytes[start + topic.len()..], group) else {
                continue;
            };
            let places = self.0.places.lock().expect("no holder panics");
            if let Some(message) = places.get(&(at.partition, at.offset)) {
                let found = if at.is_row {
                    &mut *placed
                } else {
                    &mut *marked
                };
                found.push((start, message.clone()));
            }
        }
    }
}

#[cfg(test)]
mod tests;
