//! What a boundary knows of its requests beyond words, and what of it others decide by.

use super::{EventOutcome, Role};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
}

/// A server remembers on it what it was asked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    pub id: i32,
    /// As a transaction is until its end.
    pub is_open: bool,
}

pub trait Detail: Sized {
    fn role(&self) -> Role;

    /// None before it is answered.
    fn result(&self) -> Option<EventOutcome>;

    fn passes(&self, place: &Place) -> bool;

    fn delivered_at(&self, message: &str) -> Option<Place>;

    fn session(&self) -> Option<Session>;

    fn can_be_a_messages(&self) -> bool;

    /// No row is one that a statement touches.
    fn touched(&self) -> bool;

    fn selects(&self) -> bool;

    /// As stored events of earlier versions tell of it: in words alone.
    fn in_words(signature: &str, outcome: &str) -> Option<EventOutcome>;
}
