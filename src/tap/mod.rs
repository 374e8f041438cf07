//! Taps: a tap sits on one boundary of one instance and reports every request that crosses it.
//!
//! A [`Hook`] is asked at each [stage](crate::event::Stage) and may take as long as it likes: a
//! late answer is how a request is *held*. Faults are therefore driven by events, never by the
//! clock.

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

pub type BoundaryEvent = event::BoundaryEvent<Detail>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Detail {
    Postgres(postgres::Detail),
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Pass,
    /// Closes the connection without another byte. What the server has done stays done.
    Drop,
    /// A server error of this HTTP status. Not remembered before the execution; remembered by the
    /// server once it is executed; once answered, only this one answer is replaced.
    Fail(u16),
    /// As a server fails that is not there for the moment: 503, SQLSTATE 57P03, a coordinator's or
    /// a leader's absence. Meant for what was only received: nothing is executed.
    Unavailable,
}

/// Boxed: hooks are used as trait objects.
pub type DecisionFuture<'a> = Pin<Box<dyn Future<Output = Decision> + Send + 'a>>;

pub trait Hook: Send + Sync {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_>;

    /// A connection was closed because of what the client sent: TLS, SASL, bytes that are not the
    /// protocol.
    fn refused(&self, _source: &Source, _tap: Tap, _reason: &str) {}

    /// Many drivers come again in plaintext; one that is ended at this moment leaves as well.
    fn left_for_tls(&self, _source: &Source, _tap: Tap, _reason: &str) {}

    /// The client may be about to make it.
    fn missed_topic(&self, _source: &Source, _topic: &str) {}

    /// A client asked for what only members of a share group ask for (KIP-932); its connection is closed.
    fn share_group(&self, _source: &Source, _request: &str) {}

    /// After one of the same process had left for want of TLS.
    fn came_in_plaintext(&self, _source: &Source, _tap: Tap) {}
}

#[derive(Debug, Clone, Copy, Default)]
pub struct PassAll;

impl Hook for PassAll {
    fn at(&self, _event: BoundaryEvent) -> DecisionFuture<'_> {
        Box::pin(async { Decision::Pass })
    }
}

#[cfg(test)]
mod tests;
