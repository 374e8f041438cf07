//! The recording: what the consumer does for one message, in order, and what nobody can say whose it
//! is.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::unattributed::KnownSignatures;
use super::{Edge, Follower, Steps, Window};
use crate::event::{BoundaryEvent, Detail, Tap, message_id};

/// Each alone: the first meets what is done only once (connections, prepared statements), and the
/// other two are held against each other.
pub const SERIAL: u32 = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Equal in every run.
    pub signature: String,
    /// Among the events of that name within the message, from 1.
    pub occurrence: u32,
    pub writes: bool,
    /// Such an event has no request to be struck.
    pub delivers: bool,
    pub acknowledges: bool,
    /// It carries a mark of the message; else it is its own because nothing else was in hand.
    pub marked: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recording {
    pub events: Vec<Recorded>,
    /// Some events are recognised only where nothing else is in hand.
    pub alone: bool,
    pub several: bool,
    pub background: BTreeSet<String>,
    /// Changed with the first message alone, and so in no window.
    pub once: BTreeSet<String>,
    /// Changed something for a message, and nobody can say for which: it was no window.
    pub unattributed: Vec<String>,
    /// Why windows may be missing, where they may.
    pub cut_off: Option<String>,
    /// `no traffic seen at the Postgres tap`.
    pub warnings: Vec<String>,
    pub taps: Vec<Tap>,
    /// To join, with the machine to itself.
    pub join_seconds: f64,
}

#[derive(Debug)]
pub struct Seen<'a, D> {
    pub idle: Vec<&'a BoundaryEvent<D>>,
    /// By the first message's number. Messages up to [`SERIAL`] have rounds of their own, and then
    /// there are several in one.
    pub rounds: Vec<(u32, Vec<&'a BoundaryEvent<D>>)>,
}

impl<D: Detail> Seen<'_, D> {
    fn round(&self, first: u32) -> &[&BoundaryEvent<D>] {
        let round = self.rounds.iter().find(|(number, _)| *number == first);
        round.map_or(&[], |(_, events)| events)
    }

    fn of_one_alone(&self, number: u32, background: &BTreeSet<String>) -> Vec<Recorded> {
        let message = message_id(number);
        let follower = Follower::new(&message).alone(Arc::new(background.clone()));
        events_of(&message, self.round(number), follower)
    }
}

impl Recording {
    /// Of the message `in_company`, unless what carries no mark is a message's too; `blind`: events
    /// are known neither by marks nor by exclusion.
    #[must_use]
    pub fn of<'a, D: Detail>(
        seen: &Seen<'_, D>,
        in_company: &str,
        produced: impl IntoIterator<Item = &'a str>,
        blind: bool,
    ) -> Self {
        let idle = seen.idle.iter().map(|event| event.signature.clone());
        let mut background: BTreeSet<String> = idle.collect();
        let [first, second, third] = [1, 2, SERIAL].map(|n| seen.of_one_alone(n, &background));
        let unmarked = |events: &[Recorded]| -> BTreeSet<String> {
            let unmarked = events.iter().filter(|e| !e.marked);
            unmarked.map(|e| e.signature.clone()).collect()
        };
        // What came with one message and not with the next is not the next one's to be struck at.
        let mut own: BTreeSet<String> = &unmarked(&second) & &unmarked(&third);
        let mut once = &unmarked(&first) - &own;
        if blind {
            own.clear();
            once.clear();
        }
        let strays = &(&unmarked(&second) | &unmarked(&third)) - &own;
        background.extend(strays.iter().chain(&once).cloned());

        let alone = !own.is_empty();
        let company = seen.round(SERIAL + 1);
        let events = if alone {
            seen.of_one_alone(SERIAL, &background)
        } else {
            events_of(in_company, company, Follower::new(in_company))
        };
        let unattributed = KnownSignatures::of(seen, &own, &once).unattributed(seen);
        let changed = first
            .iter()
            .filter(|e| e.writes && once.contains(&e.signature));
        Self {
            events,
            alone,
            several: has_several_in_hand(company, produced),
            once: changed.map(|e| e.signature.clone()).collect(),
            background,
            unattributed,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn prefix(&self, n: usize) -> Vec<String> {
        let events = self.events[..n].iter();
        events.map(|e| e.signature.clone()).collect()
    }

    #[must_use]
    pub fn window(&self, event: usize, edge: Edge) -> Window {
        let Recorded {
            signature,
            occurrence,
            ..
        } = &self.events[event];
        Window {
            occurrence: *occurrence,
            ..Window::first(signature, edge)
        }
    }

    /// Where it is followed by its marks alone; none of what carries none.
    #[must_use]
    pub fn marked_window(&self, event: usize, edge: Edge) -> Option<Window> {
        let at = &self.events[event];
        let before = self.events[..event].iter();
        let same = before.filter(|e| e.marked && e.signature == at.signature);
        at.marked.then(|| Window {
            occurrence: same.count() as u32 + 1,
            ..Window::first(&at.signature, edge)
        })
    }

    #[must_use]
    pub fn commits(&self, signature: &str) -> bool {
        let mut events = self.events.iter();
        events.any(|e| e.acknowledges && e.signature == signature)
    }
}

pub(super) fn events_of<D: Detail>(
    message: &str,
    seen: &[&BoundaryEvent<D>],
    follower: Follower,
) -> Vec<Recorded> {
    let mut steps = Steps::of(follower);
    let mut events = Vec::new();
    for event in seen {
        let place = steps.place_of(*event).filter(|_| event.begins());
        events.extend(place.map(|place| Recorded {
            signature: event.signature.clone(),
            occurrence: steps.occurrence(place),
            writes: event.writes,
            delivers: event.delivers(),
            acknowledges: event.acknowledges(),
            marked: event.acknowledges() || event.concerns(message),
        }));
    }
    events
}

/// A message's work began before that of another was acknowledged: a batch, or several workers.
fn has_several_in_hand<'a, D: Detail>(
    company: &[&BoundaryEvent<D>],
    produced: impl IntoIterator<Item = &'a str>,
) -> bool {
    let span = |message: &str| {
        let mut follower = Follower::new(message);
        let mut span: Option<(usize, usize)> = None;
        for (at, event) in company.iter().enumerate() {
            if follower.concerns(*event) && !event.delivers() {
                span = Some((span.map_or(at, |(from, _)| from), at));
            }
        }
        span
    };
    let mut spans: Vec<(usize, usize)> = produced.into_iter().filter_map(span).collect();
    spans.sort_unstable();
    spans.windows(2).any(|pair| pair[1].0 < pair[0].1)
}
