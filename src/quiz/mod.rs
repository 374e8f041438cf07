//! The questions of a lab: what an attendee predicts before a run, and what the run then says.
//!
//! Questions are data in the lab's folder, `quiz.toml`. One that names a run is answered by it: what
//! became of the payments that were struck is held against what the attendee predicted. Answers are
//! kept ([`Answers`]) and can be exported.

mod answers;
mod error;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use answers::{Answer, Answers};
pub use error::QuizError;

use crate::report::RunReport;
use crate::run::manifest::Manifest;
use crate::verdict::Verdict;

/// The version of the form of `quiz.toml` that this program reads.
const SCHEMA: u32 = 1;

/// The options are lettered, and this many are enough to choose from.
const MAX_OPTIONS: usize = 5;

/// The questions of a lab, in order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiz {
    /// The version of the file's form.
    pub schema: u32,
    /// The questions.
    pub questions: Vec<Question>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name within the lab.
    pub id: String,
    /// The question, in plain text.
    pub ask: String,
    /// The run that answers it; none for a question of judgement.
    pub run: Option<Shown>,
    /// What can be answered.
    pub options: Vec<Choice>,
}

/// A run of the lab.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// Which consumer.
    pub consumer: String,
    /// Under which scenario.
    pub scenario: String,
}

/// One answer that can be given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The answer.
    pub text: String,
    /// Whether it is the right one.
    #[serde(default)]
    pub right: bool,
    /// What it says becomes of a payment that is struck, where a run will tell.
    pub predicts: Option<Fate>,
    /// Why it is right, or what is wrong with it.
    pub explain: String,
}

/// What becomes of a payment: the outcomes of a verdict, as an attendee can predict them.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It took effect once.
    Once,
    /// It took effect twice or more.
    Duplicated,
    /// It never took effect and will not be delivered again.
    Lost,
    /// It took effect, and the consumer does not know.
    HalfDone,
    /// It was put where an operator finds it, and took no effect.
    Parked,
    /// It was not acknowledged when the run ended.
    Unfinished,
}

impl Fate {
    /// The fate by its name in a report.
    fn named(outcome: &str) -> Self {
        match outcome {
            "duplicated" => Self::Duplicated,
            "lost" => Self::Lost,
            "half_done" => Self::HalfDone,
            "parked" => Self::Parked,
            "unfinished" => Self::Unfinished,
            _ => Self::Once,
        }
    }

    /// In words; `done` is what is done to a payment that takes effect.
    #[must_use]
    pub fn told(self, done: &str) -> String {
        match self {
            Self::Once => format!("{done} once"),
            Self::Duplicated => format!("{done} twice"),
            Self::Lost => "lost".to_owned(),
            Self::HalfDone => format!("{done} but not recorded"),
            Self::Parked => "parked".to_owned(),
            Self::Unfinished => "unfinished".to_owned(),
        }
    }

    /// The verdict of a run in which this became of the struck payments.
    fn verdict(self) -> Verdict {
        match self {
            Self::Once | Self::Parked => Verdict::Held,
            Self::Duplicated | Self::Lost | Self::HalfDone => Verdict::Violated,
            Self::Unfinished => Verdict::Unknown,
        }
    }
}

/// How many of the struck payments met which fate.
#[must_use]
pub fn fates(report: &RunReport) -> BTreeMap<Fate, usize> {
    let mut fates = BTreeMap::new();
    for fault in report.faults.iter().filter(|f| f.fired) {
        let exception = report
            .exceptions
            .iter()
            .find(|e| e.payment == fault.payment);
        let fate = exception.map_or(Fate::Once, |e| Fate::named(&e.outcome));
        *fates.entry(fate).or_insert(0) += 1;
    }
    fates
}

impl Question {
    /// The right answer's place.
    #[must_use]
    pub fn right(&self) -> usize {
        let place = self.options.iter().position(|o| o.right);
        place.expect("a quiz is refused unless each question has a right answer")
    }

    /// The letter of an option, from `a`.
    #[must_use]
    pub fn letter(place: usize) -> char {
        char::from(b'a' + u8::try_from(place).expect("few options"))
    }

    /// The option with this letter.
    #[must_use]
    pub fn place(&self, letter: &str) -> Option<usize> {
        let mut places = 0..self.options.len();
        places.find(|place| letter.eq_ignore_ascii_case(&Self::letter(*place).to_string()))
    }
}

impl Quiz {
    /// Reads and checks the questions of a lab.
    ///
    /// # Errors
    /// When they cannot be read, are malformed, or contradict themselves or the lab's manifest.
    pub fn load(lab: &Manifest) -> Result<Self, QuizError> {
        let path = lab.folder.join("quiz.toml");
        let text = std::fs::read_to_string(&path).map_err(|source| QuizError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let quiz: Self = toml::from_str(&text).map_err(|e| QuizError::Malformed {
            path: path.clone(),
            reason: e.to_string().trim_end().to_owned(),
        })?;
        let problems = quiz.problems(lab);
        if problems.is_empty() {
            Ok(quiz)
        } else {
            Err(QuizError::Contradictory { path, problems })
        }
    }

    fn problems(&self, lab: &Manifest) -> Vec<String> {
        let mut problems = Vec::new();
        if self.schema != SCHEMA {
            problems.push(format!(
                "schema is {}, this program reads {SCHEMA}",
                self.schema
            ));
        }
        if self.questions.is_empty() {
            problems.push("there is no question".to_owned());
        }
        let mut ids = std::collections::BTreeSet::new();
        for question in &self.questions {
            if !ids.insert(&question.id) {
                problems.push(format!("two questions are called {:?}", question.id));
            }
            let of = |problem: String| format!("question {:?} {problem}", question.id);
            problems.extend(check(question, lab).into_iter().map(of));
        }
        problems
    }
}

/// What is wrong with a question.
fn check(question: &Question, lab: &Manifest) -> Vec<String> {
    let mut problems = Vec::new();
    let options = &question.options;
    if !(2..=MAX_OPTIONS).contains(&options.len()) {
        problems.push(format!(
            "has {} options; 2 to {MAX_OPTIONS} can be chosen from",
            options.len()
        ));
    }
    let right: Vec<&Choice> = options.iter().filter(|o| o.right).collect();
    let [right] = right[..] else {
        problems.push(format!("has {} right options instead of one", right.len()));
        return problems;
    };
    let Some(run) = &question.run else {
        if options.iter().any(|o| o.predicts.is_some()) {
            problems.push("predicts, and has no run to tell".to_owned());
        }
        return problems;
    };
    if options.iter().any(|o| o.predicts.is_none()) {
        problems.push("has a run, and an option that predicts nothing".to_owned());
    }
    let expected = match (lab.consumer(&run.consumer), lab.scenario(&run.scenario)) {
        (Ok(_), Ok(scenario)) => scenario.expect.get(&run.consumer),
        _ => {
            problems.push(format!(
                "runs {:?} under {:?}, which the lab does not have",
                run.consumer, run.scenario
            ));
            None
        }
    };
    if let (Some(expected), Some(fate)) = (expected, right.predicts)
        && *expected != fate.verdict()
    {
        problems.push(format!(
            "calls {} right, and the manifest expects {}",
            fate.told("effect"),
            expected.name()
        ));
    }
    problems
}

#[cfg(test)]
mod tests;
