//! Where a fault strikes.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::Stage;

/// On which side of what the server does the window lies.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Edge {
    /// The instance has decided and the server has not acted.
    Before,
    /// The server has acted and the instance does not know it.
    After,
}

/// A crash window, named by the boundary event at its edge.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FaultWindow")]
pub struct Window {
    /// The signature of the boundary event: `POST /v1/charges`.
    pub at: String,
    /// On which side of it.
    pub edge: Edge,
    /// Which of the events of that name within the payment, from 1.
    #[serde(default = "first")]
    #[schemars(range(min = 1))]
    pub occurrence: u32,
}

fn first() -> u32 {
    1
}

impl Window {
    #[must_use]
    pub fn first(at: &str, edge: Edge) -> Self {
        Self {
            at: at.to_owned(),
            edge,
            occurrence: first(),
        }
    }

    /// What is only ever reported with its answer, as a delivery is, opens the window there.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self.edge {
            Edge::Before => Stage::Received,
            Edge::After => Stage::Answered,
        }
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
