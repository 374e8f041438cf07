//! Where a fault strikes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::tap::{BoundaryEvent, Stage};

/// On which side of what the server does the window lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// The instance has decided and the server has not acted.
    Before,
    /// The server has acted and the instance does not know it.
    After,
}

/// A crash window, named by the boundary event at its edge.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// The signature of the boundary event: `POST /v1/charges`.
    pub at: String,
    /// On which side of it.
    pub edge: Edge,
}

impl Window {
    /// Whether this event, of the payment in question, opens the window.
    #[must_use]
    pub fn is_opened_by(&self, event: &BoundaryEvent) -> bool {
        let stage = match self.edge {
            Edge::Before => Stage::Received,
            Edge::After => Stage::Answered,
        };
        event.stage == stage && event.signature == self.at
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.edge {
            Edge::Before => write!(f, "before {} was executed", self.at),
            Edge::After => write!(f, "after {} was executed, before its answer", self.at),
        }
    }
}
