//! What the cells come to.

use super::Exploration;
use super::cells::CellPlan;
use super::log;
use super::strike::CellRuns;
use crate::report::explore::{self, Cell, CellOutcome, ExploreReport, Merged, SCHEMA};
use crate::report::{self, Stack, Times};
use crate::session::Phases;
use crate::session::folder::RunFolder;
use crate::stack::Endpoints;
use crate::verdict::{Explored, Verdict};
use crate::window::Recording;

/// `exploration` is the number of the folder the cell lies in.
pub(super) fn cell(plan: &CellPlan, struck: &CellRuns, exploration: &str) -> Cell {
    let finished = struck.telling();
    let worst = explore::worst(finished);
    let text = explore::sentence(&plan.window, &plan.planned, struck.runs(), finished);
    let biography = report::biography_of(finished, &worst.payment);
    Cell {
        cell: plan.number,
        window: plan.window.clone(),
        fault: plan.planned.fault,
        outcome: worst.outcome,
        verdict: finished.judgement.verdict,
        text,
        biography: report::lines(&biography, &worst.payment),
        payment: worst.payment,
        hit: worst.hit,
        log: log::findings(finished),
        replay: format!(
            "crashwindow replay runs/{exploration}/cells/{}",
            finished.run_id
        ),
    }
}

pub(super) fn not_made(plan: &CellPlan, reason: &str) -> Cell {
    Cell {
        cell: plan.number,
        window: plan.window.clone(),
        fault: plan.planned.fault,
        outcome: CellOutcome::NotReached,
        verdict: Verdict::Unknown,
        text: format!(
            "{}: no run could be made of it: {reason}",
            explore::place(&plan.window, &plan.planned)
        ),
        biography: Vec::new(),
        payment: plan.planned.payment.clone(),
        hit: 0,
        log: Vec::new(),
        replay: String::new(),
    }
}

pub(super) fn without_cells(
    exploration: &Exploration,
    endpoints: &Endpoints,
    folder: &RunFolder,
    phases: &Phases,
    reason: String,
) -> ExploreReport {
    ExploreReport {
        schema: SCHEMA,
        command: exploration.spec.command.clone(),
        guarantee: exploration.spec.guarantee,
        verdict: Verdict::Unknown,
        headline: reason.clone(),
        reasons: vec![reason],
        recording: Vec::new(),
        warnings: Vec::new(),
        cells: Vec::new(),
        merged: Vec::new(),
        unattributed: Vec::new(),
        unreached: 0,
        stack: Stack::of(endpoints),
        seconds: Times::of(phases.seconds()),
        run: folder.id.clone(),
        run_dir: folder.path.clone(),
    }
}

pub(super) struct Findings<'a> {
    pub(super) exploration: &'a Exploration,
    pub(super) recording: &'a Recording,
    /// Of the cells together; no single one tells it.
    pub(super) warnings: Vec<String>,
    pub(super) cells: Vec<Cell>,
    pub(super) merged: Vec<Merged>,
    pub(super) broken_off: Option<String>,
}

impl Findings<'_> {
    pub(super) fn report(
        self,
        endpoints: &Endpoints,
        folder: &RunFolder,
        phases: &Phases,
    ) -> ExploreReport {
        let verdicts: Vec<Verdict> = self.cells.iter().map(|cell| cell.verdict).collect();
        let explored = Explored {
            guarantee: self.exploration.spec.guarantee,
            cells: &verdicts,
            unattributed: &self.recording.unattributed,
            broken_off: self.broken_off.as_deref(),
            cut_off: self.recording.cut_off.as_deref(),
        };
        let (verdict, reasons) = explored.verdict();
        let violated = self.cells.iter().filter(|c| c.verdict == Verdict::Violated);
        // Of equals, the first: it is the earliest window.
        let worst = violated.max_by_key(|c| (c.outcome, std::cmp::Reverse(c.cell)));
        let headline = worst.map_or_else(|| reasons.join("; "), |cell| cell.text.clone());
        ExploreReport {
            schema: SCHEMA,
            command: self.exploration.spec.command.clone(),
            guarantee: self.exploration.spec.guarantee,
            verdict,
            headline,
            reasons,
            recording: self.recording.prefix(self.recording.events.len()),
            warnings: [self.recording.warnings.clone(), self.warnings].concat(),
            unreached: self
                .cells
                .iter()
                .filter(|c| c.outcome == CellOutcome::NotReached)
                .count(),
            cells: self.cells,
            merged: self.merged,
            unattributed: self.recording.unattributed.clone(),
            stack: Stack::of(endpoints),
            seconds: Times::of(phases.seconds()),
            run: folder.id.clone(),
            run_dir: folder.path.clone(),
        }
    }
}
