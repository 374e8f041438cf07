//! The questions of a lab: what an attendee predicts before a run, and what the run then says. They
//! stand in the lab's folder, `quiz.toml`. What became of the struck payments is held against the
//! prediction.

mod answers;
mod error;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use answers::{Answer, Answers};
pub(crate) use error::QuizError;

use crate::report::RunReport;
use crate::run::manifest::Manifest;
use crate::verdict::Outcome;

const SCHEMA: u32 = 1;

/// Options are lettered, and this many are enough to choose from.
const MAX_OPTIONS: usize = 5;

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiz {
    pub schema: u32,
    pub questions: Vec<Question>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    pub id: String,
    pub ask: String,
    /// None for a question of judgement.
    pub run: Option<Shown>,
    pub options: Vec<Choice>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    pub consumer: String,
    pub scenario: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub text: String,
    #[serde(default)]
    pub right: bool,
    /// Becomes of a payment that is struck, where a run will tell.
    pub predicts: Option<Outcome>,
    pub explain: String,
}

#[must_use]
pub fn outcomes(report: &RunReport) -> BTreeMap<Outcome, usize> {
    let mut outcomes = BTreeMap::new();
    for fault in report.faults.iter().filter(|f| f.fired) {
        let exception = report
            .exceptions
            .iter()
            .find(|e| e.payment == fault.payment);
        let outcome = exception.map_or(Outcome::Once, |e| e.outcome);
        *outcomes.entry(outcome).or_insert(0) += 1;
    }
    outcomes
}

impl Question {
    #[must_use]
    pub fn right(&self) -> usize {
        let place = self.options.iter().position(|o| o.right);
        place.expect("a quiz is refused unless each question has a right answer")
    }

    /// From `a`.
    #[must_use]
    pub fn letter(place: usize) -> char {
        char::from(b'a' + u8::try_from(place).expect("few options"))
    }

    #[must_use]
    pub fn place(&self, letter: &str) -> Option<usize> {
        let mut places = 0..self.options.len();
        places.find(|place| letter.eq_ignore_ascii_case(&Self::letter(*place).to_string()))
    }
}

impl Quiz {
    /// Refuses questions that contradict themselves or the lab's manifest.
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
    if let (Some(expected), Some(outcome)) = (expected, right.predicts)
        && *expected != outcome.verdict(lab.guarantee)
    {
        problems.push(format!(
            "calls {outcome} right, and the manifest expects {}",
            expected.name()
        ));
    }
    problems
}

#[cfg(test)]
mod tests;
