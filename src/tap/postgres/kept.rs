//! What a connection has open, in bounded memory.

use std::collections::{HashMap, VecDeque};

use super::session::{Expected, PendingStatement, Portal};
use super::statement::Statement;
use crate::event::Found;
use crate::tap::budget::{Budget, TooMuch};

/// Bytes of each. A pool's cache of thousands of statements has a few MiB, a pipeline of 100,000 as
/// much as this; the server keeps several times as much for the same.
pub(super) const LIMIT: usize = 64 << 20;

pub(super) trait Weigh {
    /// In bytes, its own size included.
    fn weight(&self) -> usize;
}

impl Weigh for Statement {
    fn weight(&self) -> usize {
        size_of::<Self>() + self.signature.len() + of_found(&self.found)
    }
}

impl Weigh for Portal {
    fn weight(&self) -> usize {
        let parameters = self.parameters.iter().flatten().map(|value| value.len());
        // Its statement may be kept by it alone: the name may have been given to another.
        size_of::<Self>()
            + self.asked.weight()
            + of_found(&self.found)
            + size_of_val(&self.parameters[..])
            + parameters.sum::<usize>()
    }
}

impl Weigh for PendingStatement {
    fn weight(&self) -> usize {
        let parameters = self.parameters.iter().flatten().map(|value| value.len());
        self.statement.weight()
            + of_texts(&self.subjects)
            + size_of_val(&self.parameters[..])
            + parameters.sum::<usize>()
    }
}

impl Weigh for Expected {
    fn weight(&self) -> usize {
        let more = match self {
            Self::Execute(asked) | Self::Simple(asked, _) => asked.weight(),
            Self::Close(Some((name, statement))) => name.len() + statement.weight(),
            _ => 0,
        };
        size_of::<Self>() + more
    }
}

fn of_found(found: &Found) -> usize {
    of_texts(&found.marked) + of_texts(&found.placed)
}

fn of_texts(texts: &[String]) -> usize {
    let lengths = texts.iter().map(String::len);
    size_of_val(texts) + lengths.sum::<usize>()
}

#[derive(Debug)]
pub(super) struct ByName<T> {
    things: HashMap<String, (usize, T)>,
    budget: Budget,
}

impl<T> ByName<T> {
    pub(super) fn statements(limit: usize) -> Self {
        Self::new(
            limit,
            "prepared statements",
            "let it close those that it does not use (a DEALLOCATE is not seen), or bound its cache of them",
        )
    }

    pub(super) fn portals(limit: usize) -> Self {
        let next = "let it close them, or end its transaction";
        Self::new(limit, "portals", next)
    }

    fn new(limit: usize, what: &'static str, next: &'static str) -> Self {
        Self {
            things: HashMap::new(),
            budget: Budget::new(limit, what, next),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.things.get(name).map(|(_, thing)| thing)
    }

    pub(super) fn get_mut(&mut self, name: &str) -> Option<&mut T> {
        self.things.get_mut(name).map(|(_, thing)| thing)
    }

    pub(super) fn insert(&mut self, name: String, thing: T, weight: usize) -> Result<(), TooMuch> {
        self.remove(&name);
        let weight = name.len() + size_of::<(String, usize)>() + weight;
        self.budget.take(weight)?;
        self.things.insert(name, (weight, thing));
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) {
        if let Some((weight, _)) = self.things.remove(name) {
            self.budget.give_back(weight);
        }
    }

    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&T) -> bool) {
        let budget = &mut self.budget;
        self.things.retain(|_, (weight, thing)| {
            let is_kept = is_kept(thing);
            if !is_kept {
                budget.give_back(*weight);
            }
            is_kept
        });
    }
}

#[derive(Debug)]
pub(super) struct OwedAnswers {
    queue: VecDeque<(usize, Expected)>,
    budget: Budget,
}

impl OwedAnswers {
    pub(super) fn new(first: Expected, limit: usize) -> Self {
        Self {
            queue: VecDeque::from([(0, first)]),
            budget: Budget::new(
                limit,
                "statements without an answer",
                "let it read answers sooner, or send less at a time",
            ),
        }
    }

    pub(super) fn push(&mut self, expected: Expected) -> Result<(), TooMuch> {
        let weight = expected.weight();
        self.budget.take(weight)?;
        self.queue.push_back((weight, expected));
        Ok(())
    }

    pub(super) fn pop(&mut self) -> Option<Expected> {
        let (weight, expected) = self.queue.pop_front()?;
        self.budget.give_back(weight);
        Some(expected)
    }

    pub(super) fn first(&self) -> Option<&Expected> {
        self.queue.front().map(|(_, expected)| expected)
    }

    pub(super) fn first_mut(&mut self) -> Option<&mut Expected> {
        self.queue.front_mut().map(|(_, expected)| expected)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Expected> {
        self.queue.iter().map(|(_, expected)| expected)
    }

    pub(super) fn retain(&mut self, mut is_kept: impl FnMut(&Expected) -> bool) {
        let budget = &mut self.budget;
        self.queue.retain(|(weight, expected)| {
            let is_kept = is_kept(expected);
            if !is_kept {
                budget.give_back(*weight);
            }
            is_kept
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}
