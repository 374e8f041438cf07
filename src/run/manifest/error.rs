//! Why a lab cannot be used.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("there is no lab {lab:?} in {labs}; there are: {known}\nnext: crashwindow run {first}", labs = labs.display(), first = known.split(' ').next().unwrap_or("01"))]
    UnknownLab {
        lab: String,
        labs: PathBuf,
        /// Separated by spaces.
        known: String,
    },
    #[error(
        "no folder `labs` was found here, above here, or above the program\nnext: run in the checkout, or say where they are: --labs DIR"
    )]
    NoLabs,
    #[error("{path} cannot be read: {source}\nnext: restore it, or name another lab", path = path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is malformed: {reason}\nnext: mend that line; labs/01-select-then-act/lab.toml is an example", path = path.display())]
    Malformed {
        path: PathBuf,
        /// What and where, in the parser's words.
        reason: String,
    },
    #[error("{path} contradicts itself: {}\nnext: mend it and run again", problems.join("; "), path = path.display())]
    Contradictory {
        path: PathBuf,
        problems: Vec<String>,
    },
    #[error("lab {lab} has no consumer {consumer:?}; it has: {known}\nnext: crashwindow run {lab} --consumer {first}", first = known.split(", ").next().unwrap_or_default())]
    UnknownConsumer {
        lab: String,
        consumer: String,
        known: String,
    },
    #[error("lab {lab} has no scenario {scenario:?}; it has: {known}\nnext: crashwindow run {lab} --scenario {first}", first = known.split(", ").next().unwrap_or_default())]
    UnknownScenario {
        lab: String,
        scenario: String,
        known: String,
    },
}
