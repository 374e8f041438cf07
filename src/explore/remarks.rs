//! What the user should know of the struck runs and no single cell tells.

use std::collections::BTreeMap;

use super::Recording;
use crate::run::Finished;
use crate::timeline::refusals;

/// Texts, each with the number of struck runs that it is true of.
#[derive(Debug, Default)]
pub(super) struct Remarks(BTreeMap<String, usize>);

impl Remarks {
    /// Takes note of a struck run.
    pub(super) fn on(&mut self, finished: &Finished) {
        let silent = finished.history.silent.iter();
        let silent = silent.map(|tap| format!("no traffic seen at the {tap}"));
        let refused = refusals(&finished.timeline);
        for remark in silent.chain(refused.iter().map(ToString::to_string)) {
            *self.0.entry(remark).or_default() += 1;
        }
    }

    /// What is to be said of `of` struck runs, and was not said of the recording.
    pub(super) fn warnings(self, recording: &Recording, of: usize) -> Vec<String> {
        let news = self.0.into_iter();
        news.filter(|(remark, _)| !recording.warnings.contains(remark))
            .map(|(remark, runs)| format!("{remark} in {runs} of {of} struck runs"))
            .collect()
    }
}
