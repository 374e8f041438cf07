//! Boundary events: what an instance did to the world outside itself, seen from outside.
//!
//! A tap sits on one boundary of one instance and reports every request that crosses it, at up to
//! three [`Stage`]s. Whoever implements [`Hook`] is asked at each stage what to do, and may take as
//! long as it likes to answer: an answer that is late is how a request is *held*. Faults are
//! therefore driven by events, never by the clock.

mod budget;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod gate;
pub mod kafka;
mod listener;
mod marks;
mod outcome;
pub mod postgres;
mod stored;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use gate::Gate;
pub use listener::Listener;
pub use marks::{Found, Marks, order_id, payment_id, payment_number};
pub use outcome::{EventOutcome, Role};
pub(crate) use stored::CHARGE_SEARCH;

/// The boundary on which an event was seen.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Tap {
    /// The payment API: requests to the provider.
    Provider,
    /// Any other HTTP API: requests to a sink.
    Sink,
    /// The database: statements, COMMIT and ROLLBACK.
    Postgres,
    /// The broker: deliveries, offset commits, group membership, records produced.
    Kafka,
}

/// How far a request had come when its event was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The request has arrived; the server has not acted on it.
    Received,
    /// The server has acted; what it did is durable, but nobody has been told.
    Executed,
    /// The answer is ready and remembered by the server; it has not been sent.
    Answered,
}

impl fmt::Display for Tap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provider => "payment API",
            Self::Sink => "sink",
            Self::Postgres => "Postgres tap",
            Self::Kafka => "Kafka tap",
        })
    }
}

/// Which process sent a request: an instance keeps its name over restarts, so the incarnation says
/// which of its lives this was (1 for the first).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The `CONSUMER_ID` of the instance.
    pub instance: String,
    /// Counts the processes that carried this name, from 1.
    pub incarnation: u32,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.instance, self.incarnation)
    }
}

/// One request at a tap, at one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "stored::Stored")]
pub struct BoundaryEvent {
    /// The boundary that was crossed, and so the party at the other end.
    pub tap: Tap,
    /// How far the request had come.
    pub stage: Stage,
    /// Who sent it.
    pub source: Source,
    /// The request without its data, equal in every run: `POST /v1/charges`.
    pub signature: String,
    /// All payments that the request is about, by the marks that it carries.
    pub subjects: Vec<String>,
    /// What came of it, in the server's words: `200 ch_1`, `409 idempotency_key_in_use`; empty at
    /// [`Stage::Received`]. To be shown: whoever decides does so by `result`.
    pub outcome: String,
    /// Whether the request can change what anybody outside the instance sees. What only reads opens
    /// no window of its own for a crash, but does for a zombie.
    pub writes: bool,
    /// What it is to a delivery guarantee.
    pub role: Role,
    /// What came of it; none at [`Stage::Received`], and where the tap cannot say.
    pub result: Option<EventOutcome>,
    /// What the tap knows beyond words, for whoever decides by it.
    pub detail: Option<Detail>,
}

impl BoundaryEvent {
    /// Adds what the tap knows of the request, and what that makes of it.
    #[must_use]
    pub fn with_detail(self, detail: Detail) -> Self {
        let answered = self.stage == Stage::Answered;
        Self {
            role: detail.role(),
            result: detail.result().filter(|_| answered),
            detail: Some(detail),
            ..self
        }
    }

    /// Whether the event is about this payment, alone or among others.
    #[must_use]
    pub fn concerns(&self, payment: &str) -> bool {
        self.subjects.iter().any(|subject| subject == payment)
    }

    /// Whether the server is known to have done nothing of what it was asked.
    #[must_use]
    pub fn was_in_vain(&self) -> bool {
        self.result.as_ref().is_some_and(EventOutcome::is_in_vain)
    }

    /// Whether no payment is told by its marks: it carries none, or an id that is another run's or the
    /// consumer's own, which says of no payment that the event is not its.
    #[must_use]
    pub fn names_no_payment(&self) -> bool {
        self.subjects.iter().all(|id| payment_number(id).is_none())
    }

    /// Whether it moves a position of the group past the record at this place, for good.
    #[must_use]
    pub fn passes(&self, topic: &str, partition: i32, offset: i64) -> bool {
        let moved = match &self.detail {
            Some(Detail::Kafka(detail)) => detail.acknowledges(),
            _ => &[],
        };
        moved.iter().any(|p| {
            (p.topic.as_str(), p.partition) == (topic, partition)
                && p.offset > offset
                && p.error.is_none()
        })
    }

    /// The payment that it is about; none where it is about several, or none.
    #[must_use]
    pub fn payment(&self) -> Option<&str> {
        match self.subjects.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }
}

/// What a tap knows of a request beyond words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// A statement.
    Postgres(postgres::Detail),
    /// A request to the broker.
    Kafka(kafka::Detail),
}

impl Detail {
    fn role(&self) -> Role {
        match self {
            Self::Postgres(_) => Role::Request,
            Self::Kafka(detail) => detail.role(),
        }
    }

    /// What came of the request, once it is answered.
    fn result(&self) -> Option<EventOutcome> {
        match self {
            Self::Postgres(statement) => statement.result(),
            Self::Kafka(detail) => Some(detail.result()),
        }
    }
}

/// What a [`Hook`] wants done with the request it was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on as if nobody had asked.
    Pass,
    /// Close the connection without another byte. What the server has done stays done.
    Drop,
    /// Answer with a server error of this HTTP status instead. Before execution nothing is
    /// remembered; at [`Stage::Executed`] the failure itself is what the server remembers; at
    /// [`Stage::Answered`] only this one answer is replaced.
    Fail(u16),
    /// Fail at once and in the boundary's own way, as a server does that is not there for the
    /// moment: 503 from the provider, SQLSTATE 57P03 from Postgres, a coordinator's or a leader's
    /// absence from Kafka. Meant for [`Stage::Received`]: nothing is executed.
    Unavailable,
}

/// The future a [`Hook`] returns; boxed, because hooks are used as trait objects.
pub type DecisionFuture<'a> = Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;

/// Decides what becomes of a request, stage by stage. The request waits for the answer.
pub trait Hook: Send + Sync {
    /// Called once for each stage that a request reaches.
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_>;

    /// Told when a tap has closed a connection because of what the client asked for or sent: TLS,
    /// SASL, bytes that are not the protocol.
    fn refused(&self, _source: &Source, _tap: Tap, _reason: &str) {}

    /// A client asked a tap for TLS, was told that there is none, and left. Many drivers come again in
    /// plaintext, and one that is ended at this moment leaves as well.
    fn left_for_tls(&self, _source: &Source, _tap: Tap, _reason: &str) {}

    /// A client asked for a topic that is not there. It may be about to make it.
    fn missed_topic(&self, _source: &Source, _topic: &str) {}

    /// A client came in plaintext to a tap that one of the same process had left for want of TLS.
    fn came_in_plaintext(&self, _source: &Source, _tap: Tap) {}
}

/// The hook of a listener that nobody strikes.
#[derive(Debug, Clone, Copy, Default)]
pub struct PassAll;

impl Hook for PassAll {
    fn at(&self, _event: BoundaryEvent) -> DecisionFuture<'_> {
        Box::pin(async { Decision::Pass })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_somebody_else_names_no_payment() {
        let names_none = |subjects: &[&str]| {
            let event = BoundaryEvent {
                tap: Tap::Provider,
                stage: Stage::Answered,
                source: Source {
                    instance: "a".to_owned(),
                    incarnation: 1,
                },
                signature: "POST /v1/charges".to_owned(),
                subjects: subjects.iter().map(|id| (*id).to_owned()).collect(),
                outcome: String::new(),
                writes: true,
                role: Role::Request,
                result: None,
                detail: None,
            };
            event.names_no_payment()
        };
        assert!(names_none(&[]));
        assert!(names_none(&["msg-0017-zzzzzz", "order-20240017"]));
        assert!(!names_none(&["order-20240017", "msg-0017"]));
    }
}
