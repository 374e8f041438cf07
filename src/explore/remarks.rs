//! What the user should know of the cells together and no single one tells.

use std::collections::{BTreeMap, BTreeSet};

use crate::run::Finished;
use crate::timeline::refusals;
use crate::window::Recording;

/// Of a consumer that brings a payment to its end by its next start alone.
const REVIVED: &str = "payments came to an end only after every process was started anew";

/// Texts, each with the number of cells that it is true of.
#[derive(Debug, Default)]
pub(super) struct Remarks(BTreeMap<String, usize>);

impl Remarks {
    pub(super) fn on(&mut self, runs: &[Finished]) {
        let of_cell: BTreeSet<String> = runs.iter().flat_map(remarks).collect();
        for remark in of_cell {
            *self.0.entry(remark).or_default() += 1;
        }
    }

    /// Of `of` cells; what was said of the recording is left out.
    pub(super) fn warnings(self, recording: &Recording, of: usize) -> Vec<String> {
        let news = self.0.into_iter();
        news.filter(|(remark, _)| !recording.warnings.contains(remark))
            .map(|(remark, cells)| format!("{remark} in {cells} of {of} cells"))
            .collect()
    }
}

fn remarks(finished: &Finished) -> Vec<String> {
    let history = &finished.history;
    let silent = history.silent.iter();
    let silent = silent.map(|tap| format!("no traffic seen at the {tap}"));
    let refused = refusals(&finished.timeline).into_iter();
    let refused = refused.map(|refusal| refusal.to_string());
    let revived = (!history.revived.is_empty()).then(|| REVIVED.to_owned());
    silent.chain(refused).chain(revived).collect()
}
