//! What an entry of a run's timeline means on the page.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;

use super::instance::InstanceState;
use super::live::Inner;
use super::problem::split;
use super::wire::live::{FaultEvent, Rebalance};
use crate::event::{Role, Stage};
use crate::tap::{BoundaryEvent, Detail};
use crate::timeline::{Entry, TimelineEvent};

pub(super) fn saw(inner: &mut Inner, entry: &Entry) {
    inner.recorded_at(entry.at_ms);
    match &entry.what {
        TimelineEvent::Boundary { event } => crossed(inner, entry, event),
        TimelineEvent::Started { source, .. } => {
            stands(inner, &source.instance, InstanceState::Starting)
        }
        TimelineEvent::Exited { source, signal, .. } if *signal == Some(Signal::SIGKILL as i32) => {
            stands(inner, &source.instance, InstanceState::Killed);
        }
        TimelineEvent::Exited { source, .. } => {
            stands(inner, &source.instance, InstanceState::Ended)
        }
        TimelineEvent::Killed { source } => stands(inner, &source.instance, InstanceState::Killed),
        TimelineEvent::Evicted { source, .. } => {
            stands(inner, &source.instance, InstanceState::Evicted)
        }
        // These stay at the line where they are.
        TimelineEvent::Frozen { source } => {
            inner.instance(&source.instance, InstanceState::Frozen);
        }
        TimelineEvent::Thawed { source } => {
            inner.instance(&source.instance, InstanceState::Thawed);
        }
        TimelineEvent::Joined {
            instances,
            partitions,
        } => {
            for name in instances {
                stands(inner, name, InstanceState::Joined);
            }
            inner.owners.clone_from(partitions);
            rebalanced(inner);
        }
        TimelineEvent::Moved { partition, to, .. } => {
            for partitions in inner.owners.values_mut() {
                partitions.retain(|owned| owned != partition);
            }
            let theirs = inner.owners.entry(to.clone()).or_default();
            theirs.push(*partition);
            theirs.sort_unstable();
            rebalanced(inner);
        }
        TimelineEvent::Struck {
            fault,
            window,
            source,
            ..
        } => {
            let who = &source.instance;
            let text = format!("{fault} {window} at {who}");
            struck(inner, entry, fault, Some(who), &text, None);
        }
        TimelineEvent::StrikeFailed { reason } => {
            let (problem, _) = split(reason);
            let text = "the fault could not be carried out";
            struck(inner, entry, "failed", None, text, Some(&problem));
        }
        TimelineEvent::Republished { offset, .. } => {
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
    if event.stage == Stage::Received || event.role == Role::Deliver {
        let instance = inner.instance(&event.source.instance, InstanceState::Joined);
        instance.is_at(Some(&event.signature), event.payment());
    }
}

/// An instance that is at no line.
pub(super) fn stands(inner: &mut Inner, name: &str, state: InstanceState) {
    inner.instance(name, state).is_at(None, None);
}

/// In a storm, who owns something has joined, unless the group does not know yet what befell it.
pub(super) fn own(inner: &mut Inner, partitions: &BTreeMap<String, Vec<i32>>) {
    let owners = partitions.iter().filter(|(_, owned)| !owned.is_empty());
    for (name, _) in owners {
        if !matches!(
            inner.state_of(name),
            Some(InstanceState::Frozen | InstanceState::Killed | InstanceState::Ended)
        ) {
            stands(inner, name, InstanceState::Joined);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Source, Tap};

    fn source() -> Source {
        Source {
            instance: "a".into(),
            incarnation: 1,
        }
    }

    fn seen(inner: &mut Inner, what: TimelineEvent) -> Option<InstanceState> {
        let entry = Entry {
            at_ms: 1.0,
            payment: None,
            what,
        };
        saw(inner, &entry);
        inner.state_of("a")
    }

    #[test]
    fn who_ended_by_a_kill_is_told_by_the_signal_and_not_by_words() {
        let exited = |status: &str, signal| TimelineEvent::Exited {
            source: source(),
            status: status.into(),
            signal,
        };
        let mut inner = Inner::default();
        assert_eq!(
            seen(&mut inner, exited("in words", Some(9))),
            Some(InstanceState::Killed)
        );
        assert_eq!(
            seen(&mut inner, exited("signal 9", None)),
            Some(InstanceState::Ended)
        );
        assert_eq!(
            seen(&mut inner, exited("signal 9", Some(15))),
            Some(InstanceState::Ended)
        );
    }

    #[test]
    fn where_an_instance_stands_is_told_by_a_request_or_a_delivery_whatever_it_is_called() {
        let stands_at = |role, stage| {
            let mut inner = Inner::default();
            let event = BoundaryEvent {
                tap: Tap::Kafka,
                stage,
                source: source(),
                signature: "in words".into(),
                subjects: Vec::new(),
                outcome: String::new(),
                writes: false,
                role,
                result: None,
                detail: None,
            };
            seen(&mut inner, TimelineEvent::Boundary { event })
        };
        assert_eq!(
            stands_at(Role::Deliver, Stage::Answered),
            Some(InstanceState::Joined)
        );
        assert_eq!(
            stands_at(Role::Request, Stage::Received),
            Some(InstanceState::Joined)
        );
        assert_eq!(stands_at(Role::Request, Stage::Answered), None);
    }
}
