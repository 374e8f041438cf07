use std::collections::{BTreeSet, HashMap};

use super::{Entry, TimelineEvent};
use crate::event::Source;

/// A process that still runs may hold one: it ran already when the message was seen last, or nobody
/// saw it.
#[must_use]
pub fn may_hold(entries: &[Entry], payments: &BTreeSet<String>) -> bool {
    let mut running: HashMap<&Source, usize> = HashMap::new();
    for (at, entry) in entries.iter().enumerate() {
        match &entry.what {
            TimelineEvent::Started { source, .. } => {
                running.insert(source, at);
            }
            TimelineEvent::Exited { source, .. } => {
                running.remove(source);
            }
            _ => {}
        }
    }
    let seen_last = |message: &String| {
        let mut latest = entries.iter().enumerate().rev();
        let found = latest.find(|(_, e)| e.boundary().is_some() && e.concerns(message));
        found.map_or(entries.len(), |(at, _)| at)
    };
    let seen_last = payments.iter().map(seen_last).max();
    seen_last.is_some_and(|seen| running.values().any(|started| *started < seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Role, Stage, Tap};
    use crate::tap::BoundaryEvent;
    use crate::timeline::Timeline;

    fn source(incarnation: u32) -> Source {
        let instance = "a".into();
        Source {
            instance,
            incarnation,
        }
    }

    fn started(incarnation: u32) -> TimelineEvent {
        let source = source(incarnation);
        TimelineEvent::Started { source, pid: 7 }
    }

    fn exited(incarnation: u32) -> TimelineEvent {
        let status = "signal 9".into();
        let source = source(incarnation);
        TimelineEvent::Exited {
            source,
            status,
            signal: Some(9),
        }
    }

    fn insert(incarnation: u32, message: &str) -> TimelineEvent {
        let event = BoundaryEvent {
            tap: Tap::Postgres,
            stage: Stage::Answered,
            source: source(incarnation),
            signature: "INSERT".into(),
            subjects: vec![message.into()],
            outcome: String::new(),
            writes: true,
            role: Role::Request,
            result: None,
            detail: None,
        };
        TimelineEvent::Boundary { event }
    }

    fn holds(happened: Vec<TimelineEvent>, message: &str) -> bool {
        let timeline = Timeline::in_memory();
        for what in happened {
            timeline.record(None, what);
        }
        may_hold(&timeline.entries(), &[message.to_owned()].into())
    }

    #[test]
    fn who_lives_on_may_hold_what_it_was_given() {
        assert!(holds(vec![started(1), insert(1, "p")], "p"));
        assert!(holds(vec![started(1)], "p"), "nobody saw it");
    }

    #[test]
    fn who_was_started_afterwards_has_recovered_what_it_can() {
        let killed = vec![started(1), insert(1, "p"), exited(1), started(2)];
        assert!(!holds(killed.clone(), "p"));
        let others = [killed.clone(), vec![insert(2, "q")]].concat();
        assert!(!holds(others, "p"), "that is another payment");
        let again = [killed, vec![insert(2, "p")]].concat();
        assert!(holds(again, "p"), "it was given it again");
    }

    #[test]
    fn the_dead_hold_nothing_and_nothing_is_held_by_nobody() {
        assert!(!holds(vec![started(1), insert(1, "p"), exited(1)], "p"));
        assert!(!may_hold(&[], &BTreeSet::new()));
        let timeline = Timeline::in_memory();
        timeline.record(None, started(1));
        assert!(!may_hold(&timeline.entries(), &BTreeSet::new()));
    }
}
