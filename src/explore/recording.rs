//! The recording: what the consumer does for one payment, in order, and what nobody can say whose it
//! is.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::traffic::{SERIAL, Traffic};
use super::unattributed::Known;
use crate::event::{Tap, payment_id};
use crate::run::{Finished, Follower};
use crate::timeline::{self, Entry, Happening, refusals};

/// One event of the recorded payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The signature, equal in every run.
    pub signature: String,
    /// Which of the events of that name within the payment, from 1.
    pub occurrence: u32,
    /// Whether it can change what anybody outside sees.
    pub writes: bool,
    /// Whether it hands the payment to the consumer; such an event has no request to be struck.
    pub delivers: bool,
    /// Whether it moves the group's position.
    pub acknowledges: bool,
    /// Whether it carries a mark of the payment; else it is its own because nothing else was in hand.
    pub marked: bool,
}

/// What one payment's events are, and what the recording lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Recording {
    /// Its events, in order.
    pub events: Vec<Recorded>,
    /// Whether some of them are recognised only where nothing else is in hand.
    pub alone: bool,
    /// Whether the consumer had several payments in hand at a time when it was given several.
    pub several: bool,
    /// The signatures of what the consumer does without any payment.
    pub background: BTreeSet<String>,
    /// What changed something for a payment, and nobody can say for which: it was no window.
    pub unattributed: Vec<String>,
    /// Why windows may be missing, where they may.
    pub cut_off: Option<String>,
    /// What the user should know: `no traffic seen at the Postgres tap`.
    pub warnings: Vec<String>,
    /// The boundaries at which there was traffic, in the order of [`Tap`].
    pub taps: Vec<Tap>,
    /// How long the consumer took to join, in seconds, with the machine to itself.
    pub join_seconds: f64,
}

/// The taps that every instance has, in the order in which a consumer meets them.
const TAPS: [Tap; 3] = [Tap::Kafka, Tap::Postgres, Tap::Provider];

impl Recording {
    /// Reads the recording of a finished run without faults.
    #[must_use]
    pub(super) fn of(finished: &Finished, traffic: &Traffic) -> Self {
        let timeline = &finished.timeline;
        let mut background = timeline::background(timeline);
        let serial: Vec<Vec<Recorded>> = (1..=SERIAL)
            .map(|number| {
                let follower = Follower::new(&payment_id(number));
                let follower = follower.alone(Arc::new(background.clone()));
                events_of(round(timeline, number), follower)
            })
            .collect();
        let [first, second, third] = serial.as_slice() else {
            unreachable!("SERIAL rounds were recorded");
        };
        let unmarked = |events: &[Recorded]| -> BTreeSet<String> {
            let unmarked = events.iter().filter(|e| !e.marked);
            unmarked.map(|e| e.signature.clone()).collect()
        };
        // What came with one payment and not with the next is not the next one's to be struck at.
        let mut own: BTreeSet<String> = &unmarked(second) & &unmarked(third);
        let mut once = &unmarked(first) - &own;
        if finished.spec.blind.is_some() {
            // Neither by marks nor by exclusion.
            own.clear();
            once.clear();
        }
        let changed_once = first
            .iter()
            .filter(|e| e.writes && once.contains(&e.signature));
        let changed_once: BTreeSet<String> = changed_once.map(|e| e.signature.clone()).collect();
        let strays = &(&unmarked(second) | &unmarked(third)) - &own;
        background.extend(strays.iter().chain(&once).cloned());

        let alone = !own.is_empty();
        let company = round(timeline, SERIAL + 1);
        let events = if alone {
            let follower = Follower::new(&payment_id(SERIAL));
            let follower = follower.alone(Arc::new(background.clone()));
            events_of(round(timeline, SERIAL), follower)
        } else {
            let payment = traffic.recorded_in_company();
            events_of(company, Follower::new(&payment))
        };
        let known = Known {
            own: &own,
            once: &once,
            idle: timeline::idle_changes(timeline),
        };
        let unattributed = known.unattributed(timeline);
        Self {
            events,
            alone,
            several: has_several_in_hand(company, finished),
            unattributed,
            cut_off: finished.history.told_of_unkept(),
            warnings: warnings(finished, &changed_once),
            taps: timeline::taps(timeline).into_iter().collect(),
            background,
            join_seconds: join_seconds(finished),
        }
    }

    /// The signatures of the first `n` events.
    #[must_use]
    pub fn prefix(&self, n: usize) -> Vec<String> {
        let events = self.events[..n].iter();
        events.map(|e| e.signature.clone()).collect()
    }

    /// Whether an event of this name commits an offset.
    pub(super) fn commits(&self, signature: &str) -> bool {
        let mut events = self.events.iter();
        events.any(|e| e.acknowledges && e.signature == signature)
    }
}

/// The entries from the beginning of the round with this first payment to that of the next.
fn round(timeline: &[Entry], number: u32) -> &[Entry] {
    let begins = |e: &Entry| matches!(e.what, Happening::RoundBegan { .. });
    let is_it =
        |e: &Entry| matches!(e.what, Happening::RoundBegan { first, .. } if first == number);
    let Some(start) = timeline.iter().position(is_it) else {
        return &[];
    };
    let rest = &timeline[start + 1..];
    &rest[..rest.iter().position(begins).unwrap_or(rest.len())]
}

fn events_of(timeline: &[Entry], mut follower: Follower) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for event in timeline.iter().filter_map(Entry::boundary) {
        if !follower.concerns(event) || !event.begins() {
            continue;
        }
        let occurrence = counts.entry(&event.signature).or_default();
        *occurrence += 1;
        events.push(Recorded {
            signature: event.signature.clone(),
            occurrence: *occurrence,
            writes: event.writes,
            delivers: event.delivers(),
            acknowledges: event.acknowledges(),
            marked: event.acknowledges() || event.concerns(follower.payment()),
        });
    }
    events
}

/// Whether a payment's work began before that of another was acknowledged: a batch, or several workers.
fn has_several_in_hand(company: &[Entry], finished: &Finished) -> bool {
    let produced = finished.history.produced.iter();
    let mut spans: Vec<(usize, usize)> = produced
        .filter_map(|p| {
            let mut follower = Follower::new(&p.payment);
            let mut span: Option<(usize, usize)> = None;
            for (at, event) in company.iter().filter_map(Entry::boundary).enumerate() {
                if follower.concerns(event) && !event.delivers() {
                    span = Some((span.map_or(at, |(from, _)| from), at));
                }
            }
            span
        })
        .collect();
    spans.sort_unstable();
    spans.windows(2).any(|pair| pair[1].0 < pair[0].1)
}

fn seen(timeline: &[Entry]) -> Vec<Tap> {
    let seen = timeline::taps(timeline);
    TAPS.into_iter().filter(|tap| seen.contains(tap)).collect()
}

fn join_seconds(finished: &Finished) -> f64 {
    let phases = finished.phases.seconds().phases;
    let join = phases.iter().find(|(name, _)| name == "join");
    join.map_or(0.0, |(_, seconds)| *seconds)
}

fn warnings(finished: &Finished, once: &BTreeSet<String>) -> Vec<String> {
    let seen = seen(&finished.timeline);
    let silent = TAPS.into_iter().filter(|tap| !seen.contains(tap));
    let mut warnings: Vec<String> = silent
        .map(|tap| format!("no traffic seen at the {tap}"))
        .collect();
    if finished.history.committed.is_empty() {
        warnings.push("no offset was committed: the group would begin anew".to_owned());
    }
    if !once.is_empty() {
        let all: Vec<&str> = once.iter().map(String::as_str).collect();
        warnings.push(format!(
            "done with the first payment alone, and so in no window: {}",
            all.join("; ")
        ));
    }
    warnings.extend(refusals(&finished.timeline).iter().map(ToString::to_string));
    warnings
}
