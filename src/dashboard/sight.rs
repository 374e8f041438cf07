//! What an entry of a run's timeline means on the page.

use std::collections::BTreeMap;

use super::live::Inner;
use super::problem::split;
use super::wire::live::{FaultEvent, Rebalance};
use crate::tap::{BoundaryEvent, Detail, Stage};
use crate::timeline::{Entry, Happening};

/// How it is told that a process was killed.
const SIGKILL: &str = "signal 9";

/// Takes in what was recorded.
pub(super) fn saw(inner: &mut Inner, entry: &Entry) {
    inner.recorded_at(entry.at_ms);
    match &entry.what {
        Happening::Boundary { event } => crossed(inner, entry, event),
        Happening::Started { source, .. } => stands(inner, &source.instance, "starting"),
        Happening::Exited { source, status } if status.starts_with(SIGKILL) => {
            stands(inner, &source.instance, "killed");
        }
        Happening::Exited { source, .. } => stands(inner, &source.instance, "ended"),
        Happening::Killed { source } => stands(inner, &source.instance, "killed"),
        Happening::Evicted { source, .. } => stands(inner, &source.instance, "evicted"),
        // These stay at the line where they are.
        Happening::Frozen { source } => {
            inner.instance(&source.instance, "frozen");
        }
        Happening::Thawed { source } => {
            inner.instance(&source.instance, "thawed");
        }
        Happening::Joined {
            instances,
            partitions,
        } => {
            for name in instances {
                stands(inner, name, "joined");
            }
            inner.owners.clone_from(partitions);
            rebalanced(inner);
        }
        Happening::Moved { partition, to, .. } => {
            for partitions in inner.owners.values_mut() {
                partitions.retain(|owned| owned != partition);
            }
            let theirs = inner.owners.entry(to.clone()).or_default();
            theirs.push(*partition);
            theirs.sort_unstable();
            rebalanced(inner);
        }
        Happening::Struck {
            fault,
            window,
            source,
            ..
        } => {
            let who = &source.instance;
            let text = format!("{fault} {window} at {who}");
            struck(inner, entry, fault, Some(who), &text, None);
        }
        Happening::StrikeFailed { reason } => {
            let (problem, _) = split(reason);
            let text = "the fault could not be carried out";
            struck(inner, entry, "failed", None, text, Some(&problem));
        }
        Happening::Republished { offset, .. } => {
            let text = format!("the producer sent it again, at offset {offset}");
            struck(inner, entry, "duplicate", None, &text, None);
        }
        _ => {}
    }
}

fn crossed(inner: &mut Inner, entry: &Entry, event: &BoundaryEvent) {
    if let (Some(Detail::Kafka(detail)), Stage::Answered) = (&event.detail, event.stage) {
        inner.generation = detail.generation().max(inner.generation);
    }
    inner.wall.saw(entry);
    // Where it stands is told by what it asks for; an answer to a fetch hands it a payment.
    if event.stage == Stage::Received || event.signature.starts_with("kafka Fetch") {
        let instance = inner.instance(&event.source.instance, "joined");
        instance.is_at(Some(&event.signature), event.payment());
    }
}

/// An instance that is at no line.
pub(super) fn stands(inner: &mut Inner, name: &str, state: &'static str) {
    inner.instance(name, state).is_at(None, None);
}

/// In a storm, who owns something has joined, unless the group does not know yet what befell it.
pub(super) fn own(inner: &mut Inner, partitions: &BTreeMap<String, Vec<i32>>) {
    let owners = partitions.iter().filter(|(_, owned)| !owned.is_empty());
    for (name, _) in owners {
        if !matches!(inner.state_of(name), Some("frozen" | "killed" | "ended")) {
            stands(inner, name, "joined");
        }
    }
}

fn rebalanced(inner: &mut Inner) {
    let partitions = std::mem::take(&mut inner.owners);
    inner.push(&Rebalance {
        at_ms: inner.now_ms(),
        generation: inner.generation,
        partitions: &partitions,
    });
    inner.owners = partitions;
}

fn struck(
    inner: &mut Inner,
    entry: &Entry,
    fault: &str,
    instance: Option<&str>,
    text: &str,
    problem: Option<&str>,
) {
    // Where its victim stood comes before it, and what became of that one after it.
    inner.tell_changes();
    inner.push(&FaultEvent {
        at_ms: inner.now_ms(),
        fault,
        payment: entry.payment.as_deref(),
        instance,
        text,
        problem,
    });
}
