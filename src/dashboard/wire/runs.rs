//! The runs that were kept.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::report::explore::steps::Step;
use crate::verdict::{Outcome, Verdict};

/// A kept run in one line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RunLine {
    pub run: String,
    pub kind: RunKind,
    pub lab: Option<String>,
    pub consumer: Option<String>,
    /// A storm's cause.
    pub scenario: Option<String>,
    pub state: RunState,
    pub verdict: Option<Verdict>,
    /// As the report has them: of a run or of a storm, perhaps of an older version.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>")]
    pub counts: Option<Box<RawValue>>,
    /// Seconds since the Unix epoch.
    pub started: u64,
    /// How long it took, or of a storm how long payments were produced.
    pub seconds: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    Run,
    Explore,
    Storm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    Running,
    Judged,
    Inconclusive,
}

/// One payment's biography, as a sequence.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Biography {
    pub payment: String,
    pub outcome: Outcome,
    /// The biography in one sentence.
    pub text: String,
    /// As counted from outside: charges in the ledger, or transitions in the audit of a table.
    pub effects: Vec<String>,
    /// From left to right.
    pub lanes: Vec<String>,
    /// From top to bottom.
    pub lines: Vec<Step>,
}
