//! What a line of a biography is, for whoever draws it: made from what happened, never from words.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::{EventOutcome, Tap};

/// What a line of a biography is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LineKind")]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Kind {
    /// A request of the instance.
    Request {
        /// To whom.
        party: Tap,
        /// Its signature.
        event: String,
    },
    /// What came of a request.
    Answer {
        /// Who was asked.
        party: Tap,
        /// What it was; none where the tap cannot say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        result: Option<EventOutcome>,
    },
    /// A record, a partition or a position that goes from one to the other.
    Move {
        /// The other.
        party: Tap,
        /// Whether it comes to the instance.
        towards: bool,
    },
    /// What is done to the instance, or befalls it.
    Mark {
        /// Which.
        mark: Mark,
    },
}

/// What is done to an instance, or befalls it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Mark {
    /// A fault fired: here its crash window begins.
    Struck,
    /// The process is gone.
    Dead,
    /// The process was asked to end.
    Terminated,
    /// The process was stopped.
    Frozen,
    /// The process goes on.
    Thawed,
    /// The group was told that the member is gone.
    Evicted,
    /// It waits for what a frozen instance holds.
    Lock,
    /// Anything else.
    #[default]
    Dot,
}

impl Kind {
    #[must_use]
    pub const fn of(mark: Mark) -> Self {
        Self::Mark { mark }
    }

    pub(super) const fn from_kafka() -> Self {
        Self::Move {
            party: Tap::Kafka,
            towards: true,
        }
    }

    pub(super) const fn to_kafka() -> Self {
        Self::Move {
            party: Tap::Kafka,
            towards: false,
        }
    }

    /// None of a mark.
    #[must_use]
    pub fn party(&self) -> Option<Tap> {
        match self {
            Self::Request { party, .. } | Self::Answer { party, .. } | Self::Move { party, .. } => {
                Some(*party)
            }
            Self::Mark { .. } => None,
        }
    }

    /// None of an arrow.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        match self {
            Self::Mark { mark } => Some(*mark),
            _ => None,
        }
    }

    /// An arrow points at the instance.
    #[must_use]
    pub fn is_towards(&self) -> bool {
        matches!(self, Self::Answer { .. } | Self::Move { towards: true, .. })
    }

    #[must_use]
    pub fn effect(&self) -> Option<&str> {
        match self {
            Self::Answer { result, .. } => result.as_ref().and_then(EventOutcome::effect),
            _ => None,
        }
    }
}

impl Default for Kind {
    /// Of a line of which only the words are known.
    fn default() -> Self {
        Self::of(Mark::Dot)
    }
}
