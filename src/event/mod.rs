//! Boundary events: what an instance did to the world outside itself, seen from outside. What only
//! one boundary knows of its requests stays with it, behind [`Detail`]. No I/O.

mod detail;
mod marks;
mod outcome;
mod stored;
mod tap;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use detail::{Detail, Place, Session};
pub(crate) use marks::message_number;
pub use marks::{Found, Marks, message_id, order_id};
pub use outcome::{EventOutcome, Role};
pub use tap::Tap;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// The request has arrived; the server has not acted on it.
    Received,
    /// What the server did is durable, but nobody has been told.
    Executed,
    /// The answer is ready and remembered by the server; it has not been sent.
    Answered,
}

/// An instance keeps its name over restarts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Source {
    /// The `CONSUMER_ID`.
    pub instance: String,
    /// Counts the processes that carried this name, from 1.
    pub incarnation: u32,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.instance, self.incarnation)
    }
}

/// `D` is what the boundary knows of the request beside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    from = "stored::Stored<D>",
    bound(
        serialize = "D: Serialize",
        deserialize = "D: Detail + Deserialize<'de>"
    )
)]
pub struct BoundaryEvent<D> {
    pub tap: Tap,
    pub stage: Stage,
    pub source: Source,
    /// Without its data, equal in every run: `POST /v1/charges`.
    pub signature: String,
    pub subjects: Vec<String>,
    /// In the server's words: `200 ch_1`, `409 idempotency_key_in_use`; empty at
    /// [`Stage::Received`]. To be shown: whoever decides does so by `result`.
    pub outcome: String,
    /// Anybody outside the instance may see a change. What only reads opens no window of its own
    /// for a crash, but does for a zombie.
    pub writes: bool,
    pub role: Role,
    /// None at [`Stage::Received`], and where the tap cannot say.
    pub result: Option<EventOutcome>,
    pub detail: Option<D>,
}

impl<D> BoundaryEvent<D> {
    #[must_use]
    pub fn concerns(&self, message: &str) -> bool {
        self.subjects.iter().any(|subject| subject == message)
    }

    /// The server is known to have done nothing of what it was asked.
    #[must_use]
    pub fn was_in_vain(&self) -> bool {
        self.result.as_ref().is_some_and(EventOutcome::is_in_vain)
    }

    /// No mark, or an id of another run or of the consumer's own, which says nothing of any
    /// message.
    #[must_use]
    pub fn names_no_message(&self) -> bool {
        self.subjects.iter().all(|id| message_number(id).is_none())
    }

    /// None where it is about several, or none.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        match self.subjects.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    #[must_use]
    pub fn delivers(&self) -> bool {
        self.role == Role::Deliver
    }

    #[must_use]
    pub fn acknowledges(&self) -> bool {
        self.role == Role::Acknowledge
    }

    /// The first that is told of a request; a delivery is told of once.
    #[must_use]
    pub fn begins(&self) -> bool {
        self.stage == Stage::Received || self.delivers()
    }
}

impl<D: Detail> BoundaryEvent<D> {
    #[must_use]
    pub fn with_detail(self, detail: D) -> Self {
        let answered = self.stage == Stage::Answered;
        Self {
            role: detail.role(),
            result: detail.result().filter(|_| answered),
            detail: Some(detail),
            ..self
        }
    }

    #[must_use]
    pub fn passes(&self, place: &Place) -> bool {
        self.detail.as_ref().is_some_and(|d| d.passes(place))
    }

    #[must_use]
    pub fn delivered_at(&self, message: &str) -> Option<Place> {
        self.detail.as_ref()?.delivered_at(message)
    }

    #[must_use]
    pub fn session(&self) -> Option<Session> {
        self.detail.as_ref()?.session()
    }

    /// The answer to what would make something outside different. A statement that writes and
    /// touches no row, as a worker's poll does, changes nothing.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        let touched = self.detail.as_ref().is_none_or(Detail::touched);
        self.stage == Stage::Answered && self.writes && touched
    }

    /// The answer says that it read, though it may have locked what it read.
    #[must_use]
    pub fn selects(&self) -> bool {
        self.detail.as_ref().is_some_and(Detail::selects)
    }

    /// Though it carries no mark: it reads or changes something that outlives the connection.
    #[must_use]
    pub fn can_be_a_messages(&self) -> bool {
        let detail = self.detail.as_ref();
        detail.is_none_or(Detail::can_be_a_messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_somebody_else_names_no_message() {
        let names_none = |subjects: &[&str]| {
            let event = BoundaryEvent::<()> {
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
            event.names_no_message()
        };
        assert!(names_none(&[]));
        assert!(names_none(&["msg-0017-zzzzzz", "order-20240017"]));
        assert!(!names_none(&["order-20240017", "msg-0017"]));
    }
}
