//! The recording: what the consumer does for one payment, in order.

use crate::run::{Finished, acknowledges, begins};
use crate::tap::kafka::Detail as KafkaDetail;
use crate::tap::{BoundaryEvent, Detail, Tap, payment_id};
use crate::timeline::{Entry, Happening, refusals};

/// One event of the recorded payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The signature, equal in every run.
    pub signature: String,
    /// Which of the events of that name within the payment, from 1.
    pub occurrence: u32,
    /// Whether it can change what anybody outside sees.
    pub writes: bool,
    /// Whether it hands the payment to the consumer; such an event has no request to be struck.
    pub delivers: bool,
    /// Whether it moves the group's position.
    pub acknowledges: bool,
}

/// What one payment's events are, and what the recording lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// The payment: one that has others before and after it.
    pub payment: String,
    /// Its events, in order.
    pub events: Vec<Recorded>,
    /// What the user should know: `no traffic seen at the Postgres tap`.
    pub warnings: Vec<String>,
    /// The taps at which there was traffic.
    pub taps: Vec<Tap>,
}

/// The taps that every instance has, in the order in which a consumer meets them.
const TAPS: [Tap; 3] = [Tap::Kafka, Tap::Postgres, Tap::Provider];

impl Recording {
    /// Reads the recording of a finished run without faults.
    #[must_use]
    pub fn of(finished: &Finished) -> Self {
        let payment = payment_id(finished.spec.schedule.payments.div_ceil(2));
        let produced = finished
            .history
            .produced
            .iter()
            .find(|p| p.payment == payment);
        let place = produced.map(|p| (p.partition, p.offset));
        Self {
            events: events_of(&finished.timeline, &payment, place),
            warnings: warnings(finished),
            taps: seen(&finished.timeline),
            payment,
        }
    }

    /// The taps at which nothing was seen in a struck run, and something in the recording: what the
    /// consumer did there went around them.
    #[must_use]
    pub fn bypassed(&self, struck: &Finished) -> Vec<Tap> {
        let seen = seen(&struck.timeline);
        let mut taps = self.taps.clone();
        taps.retain(|tap| !seen.contains(tap));
        taps
    }

    /// The signatures of the first `n` events.
    #[must_use]
    pub fn prefix(&self, n: usize) -> Vec<String> {
        self.events[..n]
            .iter()
            .map(|e| e.signature.clone())
            .collect()
    }
}

fn boundary(entry: &Entry) -> Option<&BoundaryEvent> {
    match &entry.what {
        Happening::Boundary { event } => Some(event),
        _ => None,
    }
}

fn events_of(timeline: &[Entry], payment: &str, place: Option<(i32, i64)>) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    let mut acknowledged = false;
    for event in timeline.iter().filter_map(boundary).filter(|e| begins(e)) {
        let commits = matches!(&event.detail, Some(Detail::Kafka(KafkaDetail::Commit(_))));
        let passes = place.is_some_and(|place| acknowledges(event, place));
        // As `Target` recognises them: of the commits, only the first that passes the payment.
        let concerns = if commits {
            passes && !acknowledged
        } else {
            event.concerns(payment)
        };
        if !concerns {
            continue;
        }
        acknowledged |= passes;
        let same = events
            .iter()
            .filter(|e| e.signature == event.signature)
            .count();
        events.push(Recorded {
            signature: event.signature.clone(),
            occurrence: u32::try_from(same + 1).unwrap_or(u32::MAX),
            writes: event.writes,
            delivers: matches!(&event.detail, Some(Detail::Kafka(KafkaDetail::Fetch(_)))),
            acknowledges: commits,
        });
    }
    events
}

fn seen(timeline: &[Entry]) -> Vec<Tap> {
    let at = |tap: &Tap| timeline.iter().filter_map(boundary).any(|e| e.tap == *tap);
    TAPS.into_iter().filter(at).collect()
}

fn warnings(finished: &Finished) -> Vec<String> {
    let seen = seen(&finished.timeline);
    let silent = TAPS.into_iter().filter(|tap| !seen.contains(tap));
    let mut warnings: Vec<String> = silent
        .map(|tap| format!("no traffic seen at the {tap}"))
        .collect();
    if finished.history.committed.is_empty() {
        warnings.push("no offset was committed: the group would begin anew".to_owned());
    }
    warnings.extend(refusals(&finished.timeline).iter().map(ToString::to_string));
    warnings
}
