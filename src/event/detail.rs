//! What a boundary knows of its requests beyond words, and what of it others decide by.

use super::{EventOutcome, Role};

/// Where a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// The connection of a server that remembers on it what it was asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// The server's number for it.
    pub id: i32,
    /// Whether something is left open on it, as a transaction is until its end.
    pub is_open: bool,
}

/// A boundary's own knowledge of one request.
pub trait Detail: Sized {
    /// What the request is to a delivery guarantee.
    fn role(&self) -> Role;

    /// What came of it, once it is answered.
    fn result(&self) -> Option<EventOutcome>;

    /// Whether it moves a position of the group past this record, for good.
    fn passes(&self, place: &Place) -> bool;

    /// Where it hands the message over.
    fn delivered_at(&self, message: &str) -> Option<Place>;

    /// The session within which it is asked.
    fn session(&self) -> Option<Session>;

    /// Whether it can be about a message though it carries no mark.
    fn can_be_a_messages(&self) -> bool;

    /// Whether there was anything to be done: no row is one that a statement touches.
    fn touched(&self) -> bool;

    /// Whether the answer says that it read.
    fn selects(&self) -> bool;

    /// What came of a request of which a stored event tells in words alone, as events of earlier
    /// versions do.
    fn in_words(signature: &str, outcome: &str) -> Option<EventOutcome>;
}
