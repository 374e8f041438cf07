//! The list of the boundaries.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
