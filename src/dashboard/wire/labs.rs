//! The labs, as a page shows them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::chaos::Fault;
use crate::chaos::storm::Cause;
use crate::dashboard::lines::EventLine;
use crate::verdict::{Guarantee, Verdict};
use crate::window::Edge;

/// What a lab's manifest says, and how the attendee has fared.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Lab {
    pub id: String,
    pub name: String,
    pub title: String,
    /// What the attendee is asked before anything runs.
    pub question: String,
    /// What every consumer of the lab is held to.
    pub guarantee: Guarantee,
    /// What was done to a payment that took effect: `charged`.
    pub done: String,
    pub consumers: Vec<Consumer>,
    pub scenarios: Vec<Scenario>,
    pub storm: Option<Storm>,
    pub quiz: QuizProgress,
}

/// A lab with its texts.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LabPage {
    #[serde(flatten)]
    pub lab: Lab,
    /// Markdown.
    pub guide: String,
    /// By consumer.
    pub sources: BTreeMap<String, Source>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Consumer {
    pub name: String,
    /// What it does, in one line.
    pub about: String,
}

/// One thing that is done to every consumer of the lab.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Scenario {
    pub name: String,
    pub fault: Fault,
    /// The signature of the boundary event at the window's edge.
    pub at: String,
    pub edge: Edge,
    /// How many payments are struck.
    pub strikes: u32,
    /// The verdict that each consumer must get.
    pub expect: BTreeMap<String, Verdict>,
    pub why: String,
}

/// What can be done to a loaded group.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Storm {
    pub consumer: String,
    /// How long payments are produced.
    pub seconds: u64,
    pub scenarios: Vec<StormScenario>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct StormScenario {
    pub cause: Cause,
    pub expect: Verdict,
    pub why: String,
}

/// How many questions there are, and how many the attendee has answered, and answered rightly.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuizProgress {
    pub questions: usize,
    pub answered: usize,
    pub right: usize,
}

/// A consumer's source.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Source {
    /// Its path from the lab's folder.
    pub file: String,
    pub text: String,
    pub lines: Vec<EventLine>,
}
