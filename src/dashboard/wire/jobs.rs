//! Jobs: what can be asked of one, how it stands, and what came of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chaos::storm::Cause;
use crate::dashboard::jobs::JobRequest;
use crate::dashboard::problem::Problem;
use crate::drill::Action;
use crate::report::RunReport;
use crate::report::explore::ExploreReport;
use crate::report::storm::StormReport;

/// The job that was started, or that takes a strike.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Accepted {
    pub job: String,
}

/// How a job stands.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Job {
    pub id: String,
    pub kind: JobKind,
    pub request: JobRequest,
    pub state: JobState,
    /// Runs that it has finished.
    pub runs: Vec<String>,
    pub error: Option<Problem>,
    /// The id of its last event.
    pub last_event: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobKind {
    Run,
    Compare,
    Explore,
    Replay,
    Storm,
    Drill,
}

/// `waiting`: a drill whose incident is over and that waits for a diagnosis.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    #[default]
    Running,
    Waiting,
    Done,
    Failed,
    Stopped,
}

/// What somebody on call says.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diagnosis {
    pub cause: Cause,
    pub action: Action,
}

/// What a drill was, and whether the diagnosis was right.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Reveal {
    /// Whether cause and action both were right.
    pub right: bool,
    pub cause: Cause,
    /// The cause that was diagnosed.
    pub answer: Cause,
    /// What was to be done first, by the diagnosis.
    pub action: Action,
    pub right_action: Action,
    pub cause_text: &'static str,
    pub action_text: &'static str,
    /// What in the metrics and logs shows the cause.
    pub evidence: Vec<String>,
    /// Why the diagnosis was not it; empty where it was.
    pub correction: Vec<&'static str>,
    pub run: String,
    /// Hides the same incident again.
    pub seed: u64,
}

/// The end of a job.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Done {
    /// A run, an exploration, a replay or a storm.
    Judged { runs: Vec<String>, report: Report },
    /// A comparison: a report for each consumer.
    Compared {
        runs: Vec<String>,
        reports: Vec<RunReport>,
    },
    /// A drill.
    Revealed {
        runs: Vec<String>,
        reveal: Reveal,
        report: Box<StormReport>,
    },
    /// A job that failed or was stopped.
    Failed(Problem),
}

/// The report of a run, an exploration or a storm.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Report {
    Run(Box<RunReport>),
    Explore(Box<ExploreReport>),
    Storm(Box<StormReport>),
}
