//! Reads the recording out of a finished run without faults.

use std::collections::{BTreeSet, HashSet};

use super::traffic::Traffic;
use crate::event::Tap;
use crate::run::Finished;
use crate::tap::Detail;
use crate::timeline::{self, Entry, TimelineEvent, refusals};
use crate::window::{Recording, Seen};

/// Every instance has them; in the order in which a consumer meets them.
const TAPS: [Tap; 3] = [Tap::Kafka, Tap::Postgres, Tap::Provider];

pub(super) fn of(finished: &Finished, traffic: &Traffic) -> Recording {
    let produced = finished.history.produced.iter();
    let recording = Recording::of(
        &seen(&finished.timeline),
        &traffic.recorded_in_company(),
        produced.map(|p| p.payment.as_str()),
        finished.spec.blind.is_some(),
    );
    let taps = timeline::taps(&finished.timeline);
    Recording {
        cut_off: finished.history.told_of_unkept(),
        warnings: warnings(finished, &taps, &recording.once),
        taps: taps.into_iter().collect(),
        join_seconds: join_seconds(finished),
        ..recording
    }
}

fn seen(timeline: &[Entry]) -> Seen<'_, Detail> {
    let mut seen = Seen {
        idle: Vec::new(),
        rounds: Vec::new(),
    };
    for entry in timeline {
        if let TimelineEvent::RoundBegan { first, .. } = entry.what {
            seen.rounds.push((first, Vec::new()));
        }
        let events = match seen.rounds.last_mut() {
            Some((_, events)) => events,
            None => &mut seen.idle,
        };
        events.extend(entry.boundary());
    }
    seen
}

fn join_seconds(finished: &Finished) -> f64 {
    let phases = finished.phases.seconds().phases;
    let join = phases.iter().find(|(name, _)| name == "join");
    join.map_or(0.0, |(_, seconds)| *seconds)
}

fn warnings(finished: &Finished, seen: &HashSet<Tap>, once: &BTreeSet<String>) -> Vec<String> {
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
