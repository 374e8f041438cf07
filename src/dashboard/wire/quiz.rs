//! The questions of a lab.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::verdict::Outcome;

/// What an attendee chooses.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuizAnswer {
    /// The question's id.
    pub question: String,
    /// A letter.
    pub option: String,
}

/// A question, as far as the attendee may know it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Question {
    pub id: String,
    pub ask: String,
    /// What tells the answer, where a run does.
    pub run: Option<Shown>,
    pub options: Vec<Choice>,
    /// The last answer; none yet.
    pub answer: Option<Given>,
    /// Only when it was answered and, where the question names a run, that run was done.
    pub reveal: Option<Solution>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Shown {
    pub consumer: String,
    pub scenario: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Choice {
    pub letter: String,
    pub text: String,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Given {
    /// A letter.
    pub chosen: String,
    /// The run that told the answer.
    pub run: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct Solution {
    /// A letter.
    pub right: String,
    /// A text for each option.
    pub explain: Vec<String>,
    /// How many of the struck payments met which outcome in the run that was done.
    pub fates: BTreeMap<Outcome, usize>,
}
