//! Taps: a tap sits on one boundary of one instance and reports every request that crosses it.
//!
//! Whoever implements [`Hook`] is asked at each [stage](crate::event::Stage) what to do, and may take as
//! long as it likes to answer: an answer that is late is how a request is *held*. Faults are therefore
//! driven by events, never by the clock.

mod budget;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod gate;
pub mod kafka;
mod listener;
pub mod postgres;
mod stored;

use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::event::{self, EventOutcome, Place, Role, Session, Source, Tap};

pub(crate) use gate::Gate;
pub use listener::Listener;
pub(crate) use stored::CHARGE_SEARCH;

/// A request at a tap, at one stage.
pub type BoundaryEvent = event::BoundaryEvent<Detail>;

/// What a tap knows of a request beyond words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    /// A statement.
    Postgres(postgres::Detail),
    /// A request to the broker.
    Kafka(kafka::Detail),
}

impl event::Detail for Detail {
    fn role(&self) -> Role {
        match self {
            Self::Postgres(_) => Role::Request,
            Self::Kafka(detail) => detail.role(),
        }
    }

    fn result(&self) -> Option<EventOutcome> {
        match self {
            Self::Postgres(statement) => statement.result(),
            Self::Kafka(detail) => Some(detail.result()),
        }
    }

    fn passes(&self, place: &Place) -> bool {
        matches!(self, Self::Kafka(detail) if detail.passes(place))
    }

    fn delivered_at(&self, message: &str) -> Option<Place> {
        match self {
            Self::Postgres(_) => None,
            Self::Kafka(detail) => detail.delivered_at(message),
        }
    }

    fn session(&self) -> Option<Session> {
        match self {
            Self::Postgres(statement) => statement.session(),
            Self::Kafka(_) => None,
        }
    }

    fn can_be_a_messages(&self) -> bool {
        match self {
            Self::Postgres(statement) => statement.is_data,
            Self::Kafka(detail) => detail.can_be_a_messages(),
        }
    }

    fn touched(&self) -> bool {
        !matches!(self, Self::Postgres(statement) if statement.rows == Some(0))
    }

    fn selects(&self) -> bool {
        matches!(self, Self::Postgres(statement) if statement.reads())
    }

    fn in_words(signature: &str, outcome: &str) -> Option<EventOutcome> {
        stored::over_http(signature, outcome)
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
    /// remembered; once it is executed the failure itself is what the server remembers; once
    /// it is answered only this one answer is replaced.
    Fail(u16),
    /// Fail at once and in the boundary's own way, as a server does that is not there for the
    /// moment: 503 from the provider, SQLSTATE 57P03 from Postgres, a coordinator's or a leader's
    /// absence from Kafka. Meant for what was only received: nothing is executed.
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

    /// A client asked for what only members of a share group ask for (KIP-932); its connection is closed.
    fn share_group(&self, _source: &Source, _request: &str) {}

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
mod tests;
