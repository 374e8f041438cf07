use std::sync::Arc;

use super::{Entry, Timeline, TimelineEvent};
use crate::event::Source;
use crate::tap::{BoundaryEvent, Detail, kafka};

impl Timeline {
    /// Since `source` was frozen: what was given before says nothing of how the other fares now. At
    /// this offset or a later one.
    #[must_use]
    pub fn given_beside(&self, source: &Source, topic: &str, partition: i32, offset: i64) -> bool {
        let frozen =
            |e: &&Arc<Entry>| matches!(&e.what, TimelineEvent::Frozen { source: s } if s == source);
        let given = |event: &BoundaryEvent| {
            let Some(Detail::Kafka(kafka::Detail::Fetch(deliveries))) = &event.detail else {
                return false;
            };
            deliveries
                .iter()
                .filter(|d| d.topic == topic && d.partition == partition)
                .any(|d| d.records.iter().any(|record| record.offset >= offset))
        };
        let inner = self.lock();
        let mut since = inner.entries.iter().rev().take_while(|e| !frozen(e));
        since.any(|e| {
            matches!(&e.what, TimelineEvent::Boundary { event }
                if event.source.instance != source.instance && given(event))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Role, Stage};

    fn source(instance: &str) -> Source {
        Source {
            instance: instance.into(),
            incarnation: 1,
        }
    }

    fn fetched(instance: &str, partition: i32, offset: i64) -> TimelineEvent {
        let record = kafka::DeliveredRecord {
            offset,
            payment: None,
        };
        let delivery = kafka::Delivery {
            topic: "payments".into(),
            partition,
            records: vec![record],
        };
        let event = BoundaryEvent {
            tap: crate::event::Tap::Kafka,
            stage: Stage::Answered,
            source: source(instance),
            signature: "Fetch".into(),
            subjects: Vec::new(),
            outcome: String::new(),
            writes: false,
            role: Role::Request,
            result: None,
            detail: None,
        }
        .with_detail(Detail::Kafka(kafka::Detail::Fetch(vec![delivery])));
        TimelineEvent::Boundary { event }
    }

    #[test]
    fn a_successor_is_given_the_message_when_it_is_and_not_before() {
        let timeline = Timeline::in_memory();
        let given = || timeline.given_beside(&source("a"), "payments", 0, 5);
        timeline.record(None, fetched("b", 0, 5));
        timeline.record(
            None,
            TimelineEvent::Frozen {
                source: source("a"),
            },
        );
        assert!(!given(), "that was before the freeze");
        timeline.record(None, fetched("b", 1, 5));
        assert!(!given(), "another partition");
        timeline.record(None, fetched("b", 0, 4));
        assert!(!given(), "a record before it");
        timeline.record(None, fetched("a", 0, 5));
        assert!(!given(), "the zombie itself");
        timeline.record(None, fetched("b", 0, 5));
        assert!(given());
    }
}
