//! What is done for messages, and when it is durable.

use std::collections::{HashMap, HashSet};

use crate::event::{EventOutcome, Source, Stage, Tap, message_number};
use crate::tap::postgres::CommandTag;
use crate::tap::{BoundaryEvent, Detail};
use crate::timeline::Entry;
use crate::verdict::LogEvent;

/// What is alike of a request and its answer.
type Request<'a> = (&'a Source, Tap, &'a str, &'a [String]);

/// A connection of a process to its database.
type Connection<'a> = (&'a Source, i32);

/// Follows requests through the timeline.
///
/// What is written within a transaction of the database is done when that is committed. What was asked
/// for and is never answered may have been done when it was asked for; but at the provider, who tells of
/// everything that it executes, and within a transaction of which the end was not asked for.
pub(super) struct Work<'a> {
    /// By the number of their entry, the requests that are never answered.
    unanswered: HashSet<usize>,
    /// By the number of its entry, the last event of each connection.
    last: HashSet<usize>,
    /// When a request was last asked for.
    asked: HashMap<Request<'a>, f64>,
    /// What is written within transactions that are open: for whom, and when it was asked for.
    open: HashMap<Connection<'a>, Vec<(Vec<String>, f64)>>,
}

impl<'a> Work<'a> {
    pub(super) fn of(timeline: &'a [Entry]) -> Self {
        let (mut unanswered, mut last) = (HashSet::new(), HashSet::new());
        let (mut answered, mut connections) = (HashSet::new(), HashSet::new());
        for (number, entry) in timeline.iter().enumerate().rev() {
            let Some(event) = entry.boundary() else {
                continue;
            };
            match event.stage {
                Stage::Answered => drop(answered.insert(request(event))),
                Stage::Received if !answered.contains(&request(event)) => {
                    unanswered.insert(number);
                }
                Stage::Received | Stage::Executed => {}
            }
            if let Some(connection) = connection(event)
                && connections.insert(connection)
            {
                last.insert(number);
            }
        }
        Self {
            unanswered,
            last,
            asked: HashMap::new(),
            open: HashMap::new(),
        }
    }

    /// What this event says of work on messages.
    pub(super) fn of_event(
        &mut self,
        number: usize,
        at_ms: f64,
        event: &'a BoundaryEvent,
    ) -> Vec<LogEvent> {
        match event.stage {
            Stage::Received => self.received(number, at_ms, event),
            Stage::Executed if event.writes => vec![self.done(event)],
            Stage::Executed => Vec::new(),
            Stage::Answered => self.answered(event),
        }
    }

    fn received(&mut self, number: usize, at_ms: f64, event: &'a BoundaryEvent) -> Vec<LogEvent> {
        self.asked.insert(request(event), at_ms);
        let mut events = Vec::new();
        let payments = payments(event);
        if !payments.is_empty() {
            events.push(LogEvent::Asked { payments });
        }
        if !self.unanswered.contains(&number) || event.tap == Tap::Provider {
            return events;
        }
        let is_open = event.session().is_some_and(|session| session.is_open);
        if !is_open && event.writes {
            events.push(self.done(event));
        } else if self.last.contains(&number) {
            // It may be the COMMIT.
            events.extend(self.committed(event));
        }
        events
    }

    fn answered(&mut self, event: &'a BoundaryEvent) -> Vec<LogEvent> {
        let is_in_vain = event.was_in_vain();
        let is_commit = matches!(&event.detail, Some(Detail::Postgres(statement))
            if statement.command() == Some(CommandTag::Commit));
        let writes = event.changes_something() && !is_in_vain && !is_commit;
        let is_open = event.session().is_some_and(|session| session.is_open);
        if let Some(connection) = connection(event).filter(|_| is_open) {
            if writes {
                let asked_ms = self.asked_ms(event);
                let written = self.open.entry(connection).or_default();
                written.push((payments(event), asked_ms));
            }
            return Vec::new();
        }
        let committed = self.committed(event);
        let mut events = if is_in_vain { Vec::new() } else { committed };
        if writes {
            events.push(self.done(event));
        }
        events
    }

    /// What was written within the transaction that is open on the event's connection, as done.
    fn committed(&mut self, event: &'a BoundaryEvent) -> Vec<LogEvent> {
        let written = connection(event).and_then(|connection| self.open.remove(&connection));
        let written = written.unwrap_or_default().into_iter();
        let done = written.map(|(payments, asked_ms)| LogEvent::Done {
            payments,
            is_effect: false,
            asked_ms,
        });
        done.collect()
    }

    fn done(&self, event: &BoundaryEvent) -> LogEvent {
        LogEvent::Done {
            payments: payments(event),
            is_effect: is_effect(event),
            asked_ms: self.asked_ms(event),
        }
    }

    /// When it was asked for; the beginning of the run where nobody saw that.
    fn asked_ms(&self, event: &BoundaryEvent) -> f64 {
        self.asked.get(&request(event)).copied().unwrap_or_default()
    }
}

/// Whether it is what the customer feels, for all that the boundary says: what a table or a topic holds
/// may be an effect or a note.
fn is_effect(event: &BoundaryEvent) -> bool {
    match event.tap {
        Tap::Provider => {
            let result = event.result.as_ref();
            result.and_then(EventOutcome::effect).is_some()
        }
        Tap::Sink => true,
        Tap::Postgres | Tap::Kafka => false,
    }
}

/// The messages of the run that it is about.
fn payments(event: &BoundaryEvent) -> Vec<String> {
    let known = event.subjects.iter();
    let known = known.filter(|id| message_number(id).is_some());
    known.cloned().collect()
}

fn request(event: &BoundaryEvent) -> Request<'_> {
    (
        &event.source,
        event.tap,
        event.signature.as_str(),
        event.subjects.as_slice(),
    )
}

fn connection(event: &BoundaryEvent) -> Option<Connection<'_>> {
    Some((&event.source, event.session()?.id))
}
