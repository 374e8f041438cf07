//! The server itself: its health, and where Prometheus finds the instances.

use schemars::JsonSchema;
use serde::Serialize;

use crate::stack::StackKind;

/// Whether the servers answer, and what goes on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Health {
    pub version: &'static str,
    pub stack: StackHealth,
    /// The running job's id.
    pub job: Option<String>,
}

/// What is known of Kafka and Postgres.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StackHealth {
    pub state: StackState,
    pub kind: Option<StackKind>,
    /// Kafka's version.
    pub kafka: Option<String>,
    /// PostgreSQL's version.
    pub postgres: Option<String>,
    pub error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StackState {
    Up,
    Down,
}

/// A group of addresses with their labels, as Prometheus' HTTP service discovery has it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Target {
    /// Addresses with ports.
    pub targets: Vec<String>,
    pub labels: Labels,
}

/// Whose metrics they are.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Labels {
    pub lab: String,
    pub run: String,
    pub instance: String,
    pub consumer: String,
}
