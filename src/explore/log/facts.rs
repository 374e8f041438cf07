//! A timeline as facts about the log.

use std::collections::BTreeSet;

use super::work::Work;
use crate::event::{Source, Stage};
use crate::tap::kafka::{Delivery, Detail as KafkaDetail};
use crate::tap::{BoundaryEvent, Detail};
use crate::timeline::{Entry, TimelineEvent};
use crate::verdict::{LogEvent, LogFact};

/// What these entries say of the topic, in their order; nothing where the topic is read by several
/// groups: a fetch does not say for which.
pub(super) fn of(timeline: &[Entry], topic: &str) -> Option<Vec<LogFact>> {
    if groups(timeline, topic).len() > 1 {
        return None;
    }
    let mut work = Work::of(timeline);
    let mut facts = Vec::new();
    for (number, entry) in timeline.iter().enumerate() {
        let (source, events) = match &entry.what {
            TimelineEvent::Started { source, .. } => (source, vec![LogEvent::Started]),
            TimelineEvent::Struck { source, .. } => (source, vec![LogEvent::Struck]),
            TimelineEvent::Boundary { event } => {
                let events = match log_event(event, topic) {
                    Some(events) => events,
                    None => work.of_event(number, entry.at_ms, event),
                };
                (&event.source, events)
            }
            _ => continue,
        };
        facts.extend(events.into_iter().map(|event| fact(entry, source, event)));
    }
    Some(facts)
}

fn fact(entry: &Entry, source: &Source, event: LogEvent) -> LogFact {
    LogFact {
        at_ms: entry.at_ms,
        process: source.to_string(),
        event,
    }
}

/// The groups that commit positions of the topic.
fn groups<'a>(timeline: &'a [Entry], topic: &str) -> BTreeSet<&'a str> {
    let commits = timeline.iter().filter_map(|entry| {
        let Some(Detail::Kafka(KafkaDetail::Commit(commit))) = &entry.boundary()?.detail else {
            return None;
        };
        let mut offsets = commit.offsets.iter();
        let is_of_topic = offsets.any(|position| position.topic == topic);
        is_of_topic.then_some(commit.group.as_str())
    });
    commits.collect()
}

/// What a request to the broker is to the log; none where it may be work on a message instead.
fn log_event(event: &BoundaryEvent, topic: &str) -> Option<Vec<LogEvent>> {
    let Some(Detail::Kafka(detail)) = &event.detail else {
        return None;
    };
    match detail {
        KafkaDetail::Produce(_) => None,
        KafkaDetail::Fetch(deliveries) => Some(delivered(deliveries, topic)),
        KafkaDetail::Membership(_) => Some(Vec::new()),
        KafkaDetail::Commit(_) | KafkaDetail::Transaction(_) => {
            let is_taken = event.stage == Stage::Answered && !event.was_in_vain();
            let moved = detail.acknowledges().iter().filter(|_| is_taken);
            let moved = moved.filter(|p| p.topic == topic && p.error.is_none());
            let positions: Vec<(i32, i64)> = moved.map(|p| (p.partition, p.offset)).collect();
            let by_transaction = matches!(detail, KafkaDetail::Transaction(_));
            let committed = (!positions.is_empty()).then_some(LogEvent::Committed {
                positions,
                by_transaction,
            });
            Some(committed.into_iter().collect())
        }
    }
}

fn delivered(deliveries: &[Delivery], topic: &str) -> Vec<LogEvent> {
    let of_topic = deliveries.iter().filter(|d| d.topic == topic);
    let places = of_topic.flat_map(|delivery| {
        let records = delivery.records.iter();
        records.map(|record| (delivery.partition, record.offset))
    });
    let places: Vec<(i32, i64)> = places.collect();
    match places.is_empty() {
        true => Vec::new(),
        false => vec![LogEvent::Delivered { places }],
    }
}

#[cfg(test)]
mod tests;
