//! Why a quiz cannot be held.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum QuizError {
    #[error("{} cannot be read: {source}\nnext: restore it; every lab has its questions there", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} is malformed: {reason}\nnext: mend that line; labs/01-select-then-act/quiz.toml is an example", path.display())]
    Malformed { path: PathBuf, reason: String },
    #[error("{} contradicts itself or its lab: {}\nnext: mend it and run again", path.display(), problems.join("; "))]
    Contradictory {
        path: PathBuf,
        problems: Vec<String>,
    },
    #[error(
        "there is no folder to keep answers in: neither XDG_DATA_HOME nor HOME is set\nnext: set XDG_DATA_HOME to a folder of yours"
    )]
    NoHome,
    #[error("the answers in {} cannot be {what}: {source}\nnext: make room or mend its permissions, or set XDG_DATA_HOME to another folder", path.display())]
    Answers {
        path: PathBuf,
        what: &'static str,
        source: std::io::Error,
    },
    #[error("line {line} of {} is no answer: {reason}\nnext: mend that line or delete it", path.display())]
    NoAnswer {
        path: PathBuf,
        /// From 1.
        line: usize,
        reason: String,
    },
}
