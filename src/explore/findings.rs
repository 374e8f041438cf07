//! What the cells come to.

use super::Exploration;
use super::cells::Plan;
use super::strike::Struck;
use crate::report::explore::{Cell, CellOutcome, ExploreReport, Merged, SCHEMA};
use crate::report::{self, Stack, Times};
use crate::run::Finished;
use crate::session::Phases;
use crate::session::folder::RunFolder;
use crate::stack::Endpoints;
use crate::verdict::{Guarantee, Outcome, Verdict};
use crate::window::Recording;

/// The cell of an executed plan. `exploration` is the number of the folder it lies in.
pub(super) fn cell(plan: &Plan, struck: &Struck, exploration: &str) -> Cell {
    let finished = struck.telling();
    let (outcome, payment, hit) = outcome(finished);
    let replay = format!(
        "crashwindow replay runs/{exploration}/cells/{}",
        finished.run_id
    );
    let judgement = &finished.judgement;
    let doubts = match judgement.verdict {
        Verdict::Unknown if outcome != CellOutcome::NotReached => judgement.reasons.join("; "),
        // Why it did not come there, where that is known.
        _ => {
            let silent = finished.history.silent.iter();
            let told = silent.map(|boundary| format!("no traffic seen at the {boundary}"));
            told.collect::<Vec<_>>().join("; ")
        }
    };
    let done = &finished.spec.done;
    let told = told(finished, outcome, &payment, hit, done);
    let mut text = format!("{}: {told}", place(plan));
    if !doubts.is_empty() {
        text.push_str(&format!(" (no evidence: {doubts})"));
    }
    let notes = finished
        .fired
        .iter()
        .filter_map(|f| f.evidence.note.as_ref());
    let notes = notes.cloned().chain(finished.history.told_of_revived());
    notes.for_each(|note| text.push_str(&format!("; {note}")));
    let elsewhere = finished
        .fired
        .iter()
        .any(|f| f.evidence.fired && f.planned.commits_anywhere);
    if elsewhere {
        text.push_str("; its commit came elsewhere than in the recording, as a timer's does");
    }
    let allowed = outcome == CellOutcome::Of(Outcome::Duplicated)
        && finished.spec.guarantee == Guarantee::AtLeastOnce
        && judgement.verdict == Verdict::Violated;
    if allowed {
        // Not the second effect breaks the promise.
        text.push_str(&format!("; {}", judgement.reasons.join("; ")));
    }
    if let Some(by_victim) = by_victim(struck) {
        text.push_str(&format!("; {by_victim}"));
    }
    Cell {
        cell: plan.number,
        window: plan.window.clone(),
        fault: plan.planned.fault,
        outcome,
        verdict: judgement.verdict,
        text,
        biography: report::lines(&report::biography_of(finished, &payment), &payment),
        payment,
        hit,
        replay,
    }
}

/// The cell of a plan whose run could not be made.
pub(super) fn not_made(plan: &Plan, reason: &str) -> Cell {
    Cell {
        cell: plan.number,
        window: plan.window.clone(),
        fault: plan.planned.fault,
        outcome: CellOutcome::NotReached,
        verdict: Verdict::Unknown,
        text: format!("{}: no run could be made of it: {reason}", place(plan)),
        biography: Vec::new(),
        payment: plan.planned.payment.clone(),
        hit: 0,
        replay: String::new(),
    }
}

/// The worst that became of a payment, which payment is told of, and how many it became of. Of equals,
/// the struck one.
fn outcome(finished: &Finished) -> (CellOutcome, String, usize) {
    let fired = finished.fired.first().filter(|f| f.evidence.fired);
    let planned = finished.spec.schedule.strikes().next();
    let struck = planned.map_or("", |planned| planned.payment.as_str());
    let exceptions = &finished.judgement.exceptions;
    let Some(worst) = exceptions.iter().map(|(_, outcome)| *outcome).max() else {
        let outcome = match fired {
            None => CellOutcome::NotReached,
            Some(fired) if fired.fenced => CellOutcome::Fenced,
            Some(_) => CellOutcome::Of(Outcome::Once),
        };
        return (outcome, struck.to_owned(), 0);
    };
    let hit: Vec<&String> = exceptions
        .iter()
        .filter(|(_, outcome)| *outcome == worst)
        .map(|(payment, _)| payment)
        .collect();
    let told = hit.iter().find(|p| p.as_str() == struck);
    let told = told.unwrap_or(&hit[0]).to_string();
    (worst.into(), told, hit.len())
}

/// `payment msg-0002 was charged twice, and so were 2 others`.
fn told(
    finished: &Finished,
    outcome: CellOutcome,
    payment: &str,
    hit: usize,
    done: &str,
) -> String {
    let effects = finished.history.effects_of(payment).len();
    let fate = match outcome {
        CellOutcome::Of(outcome) => outcome.sentence(done, effects),
        CellOutcome::Fenced => {
            "took effect once; the successor had to wait for the zombie's row lock or transaction"
                .to_owned()
        }
        CellOutcome::NotReached => return "the consumer did not come to this window".to_owned(),
    };
    let others = match hit.saturating_sub(1) {
        0 => String::new(),
        1 => ", and so was one other".to_owned(),
        n => format!(", and so were {n} others"),
    };
    let unstruck = match finished.fired.first() {
        Some(fired) if !fired.evidence.fired => {
            "the consumer did not come to this window, and all the same "
        }
        _ => "",
    };
    format!("{unstruck}payment {payment} {fate}{others}")
}

/// What became of it where another of several payments in hand was struck, if that makes a difference.
fn by_victim(struck: &Struck) -> Option<String> {
    let mut outcomes: Vec<(String, CellOutcome)> = Vec::new();
    for finished in struck.runs() {
        let planned = finished.spec.schedule.strikes().next()?;
        outcomes.push((planned.payment.clone(), outcome(finished).0));
    }
    let (_, first) = outcomes.first()?;
    if outcomes.iter().all(|(_, outcome)| outcome == first) {
        return None;
    }
    let each = outcomes
        .iter()
        .map(|(payment, outcome)| format!("{payment} {}", outcome.name()));
    let each: Vec<String> = each.collect();
    Some(format!(
        "it depends on which of several payments in hand is struck: {}",
        each.join(", ")
    ))
}

fn place(plan: &Plan) -> String {
    let short = |s: &Option<String>| s.as_ref().map(|s| report::shorten(s));
    let (after, before) = (short(&plan.window.after), short(&plan.window.before));
    let between = match (&after, &before) {
        (Some(after), Some(before)) => format!("after {after}, before {before}"),
        (Some(after), None) => format!("after {after}"),
        (None, Some(before)) => format!("before {before}"),
        (None, None) => String::new(),
    };
    let struck = report::shorten(&plan.planned.window.at);
    plan.planned.fault.told(&between, &struck)
}

/// The report of an exploration that came to no cell.
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

/// What an exploration has come to.
pub(super) struct Findings<'a> {
    pub(super) exploration: &'a Exploration,
    pub(super) recording: &'a Recording,
    /// What is to be said of the cells together and no single one tells.
    pub(super) warnings: Vec<String>,
    pub(super) cells: Vec<Cell>,
    pub(super) merged: Vec<Merged>,
    /// Why it was broken off, if it was.
    pub(super) broken_off: Option<String>,
}

impl Findings<'_> {
    /// Violated if a cell is; held if every cell is, and nothing was passed over; else unknown.
    fn verdict(&self) -> (Verdict, Vec<String>) {
        let of = |verdict: Verdict| self.cells.iter().filter(|c| c.verdict == verdict).count();
        let (violated, unknown, all) = (
            of(Verdict::Violated),
            of(Verdict::Unknown),
            self.cells.len(),
        );
        let mut doubts: Vec<String> = self.broken_off.clone().into_iter().collect();
        if all == 0 {
            doubts.push("the recording shows no window".to_owned());
        }
        doubts.extend(self.recording.cut_off.clone());
        if unknown > 0 {
            doubts.push(format!("{unknown} of {all} cells could not be judged"));
        }
        if !self.recording.unattributed.is_empty() {
            doubts.push(format!(
                "nobody can say which payment this is about, so that it was no window: {}",
                self.recording.unattributed.join("; ")
            ));
        }
        if violated > 0 {
            let broken = format!("{violated} of {all} cells break it");
            return (Verdict::Violated, [vec![broken], doubts].concat());
        }
        if !doubts.is_empty() {
            return (Verdict::Unknown, doubts);
        }
        let guarantee = self.exploration.spec.guarantee;
        let stood = format!("{guarantee} stood in all {all} cells");
        (Verdict::Held, vec![stood])
    }

    /// The report.
    pub(super) fn report(
        self,
        endpoints: &Endpoints,
        folder: &RunFolder,
        phases: &Phases,
    ) -> ExploreReport {
        let (verdict, reasons) = self.verdict();
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
