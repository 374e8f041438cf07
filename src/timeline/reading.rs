use std::collections::{BTreeSet, HashSet};

use super::{Entry, TimelineEvent};
use crate::event::{Place, Source, Stage, Tap};

/// What is about it, and each process's first commit past a place where it was `produced`: the
/// cause of a loss is often another message's commit.
#[must_use]
pub fn biography(entries: &[Entry], message: &str, produced: &[(i32, i64)]) -> Vec<Entry> {
    let mut places = Vec::new();
    let mut passed: HashSet<(&Source, Stage)> = HashSet::new();
    let mut biography = Vec::new();
    for entry in entries {
        if let TimelineEvent::RoundBegan { topic: to, .. } = &entry.what {
            let place = |(partition, offset): &(i32, i64)| Place {
                topic: to.clone(),
                partition: *partition,
                offset: *offset,
            };
            places = produced.iter().map(place).collect();
        }
        let cause = match &entry.what {
            TimelineEvent::Boundary { event } => {
                places.iter().any(|place| event.passes(place))
                    && passed.insert((&event.source, event.stage))
            }
            _ => false,
        };
        if cause || entry.concerns(message) {
            biography.push(entry.clone());
        }
    }
    biography
}

#[must_use]
pub fn taps<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> HashSet<Tap> {
    let events = entries.into_iter().filter_map(Entry::boundary);
    events.map(|event| event.tap).collect()
}

/// Seen before the first message, which no message can have caused.
#[must_use]
pub fn background<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> BTreeSet<String> {
    let before = |e: &&Entry| !matches!(e.what, TimelineEvent::RoundBegan { .. });
    let idle = entries.into_iter().take_while(before);
    let events = idle.filter_map(Entry::boundary);
    events.map(|event| event.signature.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::tap::{BoundaryEvent, Detail, kafka};
    use crate::timeline::Timeline;

    fn source(instance: &str) -> Source {
        Source {
            instance: instance.into(),
            incarnation: 1,
        }
    }

    fn started() -> TimelineEvent {
        let source = source("a");
        TimelineEvent::Started { source, pid: 7 }
    }

    #[test]
    fn a_biography_holds_what_is_about_the_message_and_the_first_commit_past_it() {
        let commit = |offset, topic: &str, error: Option<&str>| {
            let position = kafka::Position {
                topic: topic.into(),
                partition: 0,
                offset,
                metadata: None,
                payment: Some("msg-0002".into()),
                error: error.map(Into::into),
            };
            let commit = kafka::Commit {
                group: "g".into(),
                member_id: "m".into(),
                group_instance_id: None,
                generation: 1,
                transactional_id: None,
                offsets: vec![position],
            };
            let event = BoundaryEvent {
                tap: Tap::Kafka,
                stage: Stage::Answered,
                source: source("b"),
                signature: "kafka OffsetCommit".into(),
                subjects: vec!["msg-0002".into()],
                outcome: format!("offset {offset}"),
                writes: true,
                role: Role::Request,
                result: None,
                detail: None,
            }
            .with_detail(Detail::Kafka(kafka::Detail::Commit(commit)));
            TimelineEvent::Boundary { event }
        };
        let timeline = Timeline::in_memory();
        let topic = "payments".to_owned();
        let (first, last) = (1, 2);
        timeline.record(None, TimelineEvent::RoundBegan { topic, first, last });
        timeline.record(Some("msg-0001"), started());
        timeline.record(Some("msg-0002"), started());
        timeline.record(Some("msg-0002"), commit(7, "payments", None));
        timeline.record(Some("msg-0002"), commit(9, "another", None));
        timeline.record(
            Some("msg-0002"),
            commit(9, "payments", Some("ILLEGAL_GENERATION")),
        );
        timeline.record(Some("msg-0002"), commit(9, "payments", None));
        timeline.record(Some("msg-0002"), commit(10, "payments", None));
        let told: Vec<_> = biography(&timeline.entries(), "msg-0001", &[(0, 7)])
            .iter()
            .map(|e| match &e.what {
                TimelineEvent::Boundary { event } => event.outcome.clone(),
                _ => String::new(),
            })
            .collect();
        assert_eq!(told, ["", "offset 9"]);
    }
}
