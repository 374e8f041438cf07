//! The answers that attendees gave, kept in one file of the user's.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::{Choice, Question, QuizError};
use crate::verdict::Outcome;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub attendee: String,
    pub lab: String,
    pub question: String,
    pub chosen: char,
    pub right: bool,
    pub predicted: Option<Outcome>,
    /// None where nothing was run.
    pub run: Option<String>,
    /// Seconds since the Unix epoch.
    pub at_unix: u64,
}

impl Answer {
    /// Panics when the clock of this machine stands before 1970.
    #[must_use]
    pub fn now(attendee: &str, lab: &str, question: &Question, place: usize) -> Self {
        let Choice {
            right, predicts, ..
        } = question.options[place];
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            attendee: attendee.to_owned(),
            lab: lab.to_owned(),
            question: question.id.clone(),
            chosen: Question::letter(place),
            right,
            predicted: predicts,
            run: None,
            at_unix: since.expect("the present is past 1970").as_secs(),
        }
    }
}

/// `crashwindow/answers.jsonl` in the user's data folder, an answer to a line. It is only ever
/// appended to.
#[derive(Debug, Clone)]
pub struct Answers {
    path: PathBuf,
}

impl Answers {
    /// In `$XDG_DATA_HOME`, or `~/.local/share`, as the XDG base directories have it; an error
    /// where the environment names neither.
    pub fn of_the_user() -> Result<Self, QuizError> {
        let absolute = |path: &PathBuf| path.is_absolute();
        let given = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
        let data = given.filter(absolute).or_else(home);
        let data = data.filter(absolute).ok_or(QuizError::NoHome)?;
        Ok(Self::at(data.join("crashwindow/answers.jsonl")))
    }

    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    #[must_use]
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    pub fn add(&self, answer: &Answer) -> Result<(), QuizError> {
        let mut line = serde_json::to_vec(answer).expect("an answer is plain data");
        line.push(b'\n');
        let write = || {
            fs::create_dir_all(self.path.parent().expect("it was joined from two"))?;
            let mut file = OpenOptions::new();
            let mut file = file.create(true).append(true).open(&self.path)?;
            // In one piece: two attendees of one machine may answer at once.
            file.write_all(&line)
        };
        write().map_err(|source| self.failed("written", source))
    }

    /// In the order in which they were given; none where nobody has answered yet.
    pub fn all(&self) -> Result<Vec<Answer>, QuizError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(self.failed("read", e)),
        };
        let parse = |(line, text): (usize, &str)| {
            serde_json::from_str(text).map_err(|e| QuizError::NoAnswer {
                path: self.path.clone(),
                line,
                reason: e.to_string(),
            })
        };
        (1..).zip(text.lines()).map(parse).collect()
    }

    fn failed(&self, what: &'static str, source: std::io::Error) -> QuizError {
        QuizError::Answers {
            path: self.path.clone(),
            what,
            source,
        }
    }
}
