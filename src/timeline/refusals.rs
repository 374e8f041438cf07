//! What clients asked for and were not given.

use std::fmt;
use std::sync::Arc;

use super::{Entry, Timeline, TimelineEvent};
use crate::event::{Source, Tap};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub tap: Tap,
    /// And what to set instead.
    pub reason: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused at the {}: {}", self.tap, self.reason)
    }
}

/// Each once. For want of TLS nobody was refused who came in plaintext after all, nor whom the lab
/// ended: its client left with it.
#[must_use]
pub fn refusals<'a>(entries: impl IntoIterator<Item = &'a Entry> + Clone) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for entry in entries.clone() {
        let (tap, reason) = match &entry.what {
            TimelineEvent::Refused { tap, reason, .. } => (*tap, reason),
            TimelineEvent::LeftForTls {
                source,
                tap,
                reason,
            } if !entries.clone().into_iter().any(|e| clears(e, source, *tap)) => (*tap, reason),
            _ => continue,
        };
        let reason = reason.clone();
        let refusal = Refusal { tap, reason };
        if !refusals.contains(&refusal) {
            refusals.push(refusal);
        }
    }
    refusals
}

fn clears(entry: &Entry, who: &Source, at: Tap) -> bool {
    match &entry.what {
        TimelineEvent::CameInPlaintext { source, tap } => source == who && *tap == at,
        TimelineEvent::Killed { source } | TimelineEvent::Terminated { source } => source == who,
        _ => false,
    }
}

/// Each once.
#[must_use]
pub fn missed_topics<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Vec<String> {
    let mut missed: Vec<String> = Vec::new();
    for entry in entries {
        if let TimelineEvent::MissedTopic { topic, .. } = &entry.what
            && !missed.contains(topic)
        {
            missed.push(topic.clone());
        }
    }
    missed
}

/// Different ones: a client may send other nonsense each time.
const REFUSALS: usize = 20;

impl Timeline {
    /// Once: whoever is refused asks again and again.
    pub fn refuse(&self, source: &Source, tap: Tap, reason: &str) {
        let known = self.refusals();
        let refusal = Refusal {
            tap,
            reason: reason.to_owned(),
        };
        if known.len() < REFUSALS && !known.contains(&refusal) {
            let Refusal { tap, reason } = refusal;
            let source = source.clone();
            let refused = TimelineEvent::Refused {
                source,
                tap,
                reason,
            };
            self.record(None, refused);
        }
    }

    pub fn leave_for_tls(&self, source: &Source, tap: Tap, reason: &str) {
        if !self.left_for_tls(source, tap) {
            let left = TimelineEvent::LeftForTls {
                source: source.clone(),
                tap,
                reason: reason.to_owned(),
            };
            self.record(None, left);
        }
    }

    pub fn come_in_plaintext(&self, source: &Source, tap: Tap) {
        let source = source.clone();
        self.record(None, TimelineEvent::CameInPlaintext { source, tap });
    }

    /// Whoever misses one asks again and again; who sends other names each time is not followed.
    pub fn miss_topic(&self, source: &Source, topic: &str) {
        let known = self.missed_topics();
        if known.len() < REFUSALS && !known.iter().any(|missed| missed == topic) {
            let (source, topic) = (source.clone(), topic.to_owned());
            self.record(None, TimelineEvent::MissedTopic { source, topic });
        }
    }

    #[must_use]
    pub fn missed_topics(&self) -> Vec<String> {
        missed_topics(self.lock().entries.iter().map(Arc::as_ref))
    }

    /// Each once.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        refusals(self.lock().entries.iter().map(Arc::as_ref))
    }

    /// As far as is known.
    #[must_use]
    pub fn left_for_tls(&self, who: &Source, at: Tap) -> bool {
        self.lock().entries.iter().any(|entry| {
            matches!(&entry.what, TimelineEvent::LeftForTls { source, tap, .. }
                if source == who && *tap == at)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(incarnation: u32) -> Source {
        Source {
            instance: "a".into(),
            incarnation,
        }
    }

    fn left(incarnation: u32) -> TimelineEvent {
        TimelineEvent::LeftForTls {
            source: source(incarnation),
            tap: Tap::Postgres,
            reason: "no TLS here".into(),
        }
    }

    fn told(events: &[TimelineEvent]) -> usize {
        let timeline = Timeline::in_memory();
        for what in events {
            timeline.record(None, what.clone());
        }
        timeline.refusals().len()
    }

    #[test]
    fn who_insists_on_tls_is_told_once() {
        assert_eq!(told(&[left(1), left(2)]), 1);
    }

    #[test]
    fn who_falls_back_to_plaintext_was_not_refused() {
        let came = |incarnation, tap| {
            let source = source(incarnation);
            TimelineEvent::CameInPlaintext { source, tap }
        };
        assert_eq!(told(&[left(1), came(1, Tap::Postgres)]), 0);
        assert_eq!(told(&[left(1), came(2, Tap::Postgres)]), 1);
        assert_eq!(told(&[left(1), came(1, Tap::Kafka)]), 1);
    }

    #[test]
    fn who_is_ended_while_it_connects_was_not_refused() {
        let (killed, asked) = (source(1), source(2));
        let ends = [
            TimelineEvent::Killed { source: killed },
            TimelineEvent::Terminated { source: asked },
        ];
        assert_eq!(
            told(&[left(1), left(2), ends[0].clone(), ends[1].clone()]),
            0
        );
        assert_eq!(told(&[left(1), left(2), ends[0].clone()]), 1);
    }
}
