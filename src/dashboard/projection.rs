//! What an entry of a run's timeline means on the page.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;

use super::instance::InstanceState;
use super::live::FeedState;
use super::problem::split;
use super::wire::live::{FaultEvent, Rebalance};
use crate::event::{Role, Stage};
use crate::tap::{BoundaryEvent, Detail};
use crate::timeline::{Entry, TimelineEvent};

pub(super) fn apply(feed: &mut FeedState, entry: &Entry) {
    feed.recorded_at(entry.at_ms);
    match &entry.what {
        TimelineEvent::Boundary { event } => crossed(feed, entry, event),
        TimelineEvent::Started { source, .. } => {
            stands(feed, &source.instance, InstanceState::Starting)
        }
        TimelineEvent::Exited { source, signal, .. } if *signal == Some(Signal::SIGKILL as i32) => {
            stands(feed, &source.instance, InstanceState::Killed);
        }
        TimelineEvent::Exited { source, .. } => {
            stands(feed, &source.instance, InstanceState::Ended)
        }
        TimelineEvent::Killed { source } => stands(feed, &source.instance, InstanceState::Killed),
        TimelineEvent::Evicted { source, .. } => {
            stands(feed, &source.instance, InstanceState::Evicted)
        }
        // These stay at the line where they are.
        TimelineEvent::Frozen { source } => {
            feed.instance(&source.instance, InstanceState::Frozen);
        }
        TimelineEvent::Thawed { source } => {
            feed.instance(&source.instance, InstanceState::Thawed);
        }
        TimelineEvent::Joined {
            instances,
            partitions,
        } => {
            for name in instances {
                stands(feed, name, InstanceState::Joined);
            }
            feed.owners.clone_from(partitions);
            rebalanced(feed);
        }
        TimelineEvent::Moved { partition, to, .. } => {
            for partitions in feed.owners.values_mut() {
                partitions.retain(|owned| owned != partition);
            }
            let theirs = feed.owners.entry(to.clone()).or_default();
            theirs.push(*partition);
            theirs.sort_unstable();
            rebalanced(feed);
        }
        TimelineEvent::Rebalanced { partitions, .. } => {
            feed.owners.clone_from(partitions);
            rebalanced(feed);
        }
        TimelineEvent::Struck {
            fault,
            window,
            source,
            ..
        } => {
            let who = &source.instance;
            let text = format!("{fault} {window} at {who}");
            struck(feed, entry, fault, Some(who), &text, None);
        }
        TimelineEvent::StrikeFailed { reason } => {
            let (problem, _) = split(reason);
            let text = "the fault could not be carried out";
            struck(feed, entry, "failed", None, text, Some(&problem));
        }
        TimelineEvent::Republished { offset, .. } => {
            let text = format!("the producer sent it again, at offset {offset}");
            struck(feed, entry, "duplicate", None, &text, None);
        }
        _ => {}
    }
}

fn crossed(feed: &mut FeedState, entry: &Entry, event: &BoundaryEvent) {
    if let (Some(Detail::Kafka(detail)), Stage::Answered) = (&event.detail, event.stage) {
        feed.generation = detail.generation().max(feed.generation);
    }
    feed.grid.apply(entry);
    // Where it stands is told by what it asks for; an answer to a fetch hands it a payment.
    if event.stage == Stage::Received || event.role == Role::Deliver {
        let instance = feed.instance(&event.source.instance, InstanceState::Joined);
        instance.is_at(Some(&event.signature), event.message());
    }
}

pub(super) fn stands(feed: &mut FeedState, name: &str, state: InstanceState) {
    feed.instance(name, state).is_at(None, None);
}

/// In a storm, who owns something has joined, unless the group does not know yet what befell it.
pub(super) fn own(feed: &mut FeedState, partitions: &BTreeMap<String, Vec<i32>>) {
    let owners = partitions.iter().filter(|(_, owned)| !owned.is_empty());
    for (name, _) in owners {
        if !matches!(
            feed.state_of(name),
            Some(InstanceState::Frozen | InstanceState::Killed | InstanceState::Ended)
        ) {
            stands(feed, name, InstanceState::Joined);
        }
    }
}

fn rebalanced(feed: &mut FeedState) {
    let partitions = std::mem::take(&mut feed.owners);
    feed.push(&Rebalance {
        at_ms: feed.now_ms(),
        generation: feed.generation,
        partitions: &partitions,
    });
    feed.owners = partitions;
}

fn struck(
    feed: &mut FeedState,
    entry: &Entry,
    fault: &str,
    instance: Option<&str>,
    text: &str,
    problem: Option<&str>,
) {
    // Where its victim stood comes before it, and what became of that one after it.
    feed.tell_changes();
    feed.push(&FaultEvent {
        at_ms: feed.now_ms(),
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

    fn seen(feed: &mut FeedState, what: TimelineEvent) -> Option<InstanceState> {
        let entry = Entry {
            at_ms: 1.0,
            payment: None,
            what,
        };
        apply(feed, &entry);
        feed.state_of("a")
    }

    #[test]
    fn who_ended_by_a_kill_is_told_by_the_signal_and_not_by_words() {
        let exited = |status: &str, signal| TimelineEvent::Exited {
            source: source(),
            status: status.into(),
            signal,
        };
        let mut feed = FeedState::default();
        assert_eq!(
            seen(&mut feed, exited("in words", Some(9))),
            Some(InstanceState::Killed)
        );
        assert_eq!(
            seen(&mut feed, exited("signal 9", None)),
            Some(InstanceState::Ended)
        );
        assert_eq!(
            seen(&mut feed, exited("signal 9", Some(15))),
            Some(InstanceState::Ended)
        );
    }

    #[test]
    fn where_an_instance_stands_is_told_by_a_request_or_a_delivery_whatever_it_is_called() {
        let stands_at = |role, stage| {
            let mut feed = FeedState::default();
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
            seen(&mut feed, TimelineEvent::Boundary { event })
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
