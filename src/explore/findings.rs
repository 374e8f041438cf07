//! What the cells come to.

use super::recording::Recording;
use super::{Exploration, Plan};
use crate::report::explore::{Cell, CellOutcome, ExploreReport, SCHEMA};
use crate::report::{self, Stack, Times};
use crate::run::folder::RunFolder;
use crate::run::{Finished, Fired, Phases};
use crate::stack::Endpoints;
use crate::tap::Tap;
use crate::verdict::{Outcome, Verdict};

/// The cell of an executed plan. `exploration` is the number of the folder it lies in.
pub(super) fn cell(
    plan: &Plan,
    finished: &Finished,
    recording: &Recording,
    exploration: &str,
) -> Cell {
    let bypassed = recording.bypassed(finished);
    let fired = finished.fired.first().filter(|f| f.evidence.fired);
    let worst = finished
        .judgement
        .exceptions
        .iter()
        .max_by_key(|(_, o)| severity(*o));
    let outcome = match (worst, fired) {
        (Some((_, outcome)), _) => of_outcome(*outcome),
        (None, None) => CellOutcome::NotReached,
        (None, Some(fired)) if fired.fenced => CellOutcome::Fenced,
        (None, Some(_)) => CellOutcome::Once,
    };
    let payment = worst
        .map_or(&plan.planned.payment, |(payment, _)| payment)
        .clone();
    let mine = |e: &&crate::timeline::Entry| e.concerns(&payment);
    let entries: Vec<_> = finished.timeline.iter().filter(mine).cloned().collect();
    let replay = format!(
        "crashwindow replay runs/{exploration}/cells/{}",
        finished.run_id
    );
    Cell {
        cell: plan.number,
        window: plan.window.clone(),
        fault: plan.planned.fault,
        outcome,
        verdict: verdict(finished, fired, &bypassed),
        text: text(plan, outcome, &payment, &doubts(fired, &bypassed)),
        biography: report::lines(&entries),
        payment,
        replay,
    }
}

fn severity(outcome: Outcome) -> CellOutcome {
    of_outcome(outcome)
}

fn of_outcome(outcome: Outcome) -> CellOutcome {
    match outcome {
        Outcome::Once => CellOutcome::Once,
        Outcome::Duplicated(_) => CellOutcome::Duplicated,
        Outcome::Lost => CellOutcome::Lost,
        Outcome::Unfinished => CellOutcome::Unfinished,
        Outcome::HalfDone => CellOutcome::HalfDone,
    }
}

/// A cell needs no redelivery to be held: where the payment was acknowledged before the strike,
/// none is due. It does need a strike that was carried out, payments that came to their end, and a
/// consumer that did not go around the taps: who was not seen was not struck either.
fn verdict(finished: &Finished, fired: Option<&Fired>, bypassed: &[Tap]) -> Verdict {
    let judged = finished.judgement.verdict;
    let proven = fired.is_some_and(|f| f.evidence.problem.is_none()) && bypassed.is_empty();
    match judged {
        Verdict::Violated => Verdict::Violated,
        _ if !proven || finished.judgement.counts.unfinished > 0 => Verdict::Unknown,
        Verdict::Held | Verdict::Unknown => Verdict::Held,
    }
}

/// `killed after POST /v1/charges, before INSERT …: payment msg-0002 was charged twice`.
fn text(plan: &Plan, outcome: CellOutcome, payment: &str, doubts: &str) -> String {
    let place = place(plan);
    let fate = match outcome {
        CellOutcome::Once => "took effect once",
        CellOutcome::Fenced => {
            "took effect once; the successor had to wait for the zombie's row lock or transaction"
        }
        CellOutcome::NotReached => {
            return format!("{place}: the consumer did not come to this window{doubts}");
        }
        CellOutcome::Unfinished => "was not acknowledged when the cell ended",
        CellOutcome::HalfDone => "took effect and was acknowledged, but is not recorded",
        CellOutcome::Duplicated => "took effect twice",
        CellOutcome::Lost => "was acknowledged and never took effect",
    };
    format!("{place}: payment {payment} {fate}{doubts}")
}

/// Why the outcome is no evidence, if it is none.
fn doubts(fired: Option<&Fired>, bypassed: &[Tap]) -> String {
    let problem = fired.and_then(|f| f.evidence.problem.clone());
    let silent = bypassed
        .iter()
        .map(|tap| format!("no traffic seen at the {tap}"));
    let doubts: Vec<String> = problem.into_iter().chain(silent).collect();
    if doubts.is_empty() {
        return String::new();
    }
    format!(" (no evidence: {})", doubts.join("; "))
}

fn place(plan: &Plan) -> String {
    use crate::chaos::Fault;
    let short = |s: &Option<String>| s.as_ref().map(|s| report::shorten(s));
    let (after, before) = (short(&plan.window.after), short(&plan.window.before));
    let between = match (&after, &before) {
        (Some(after), Some(before)) => format!("after {after}, before {before}"),
        (Some(after), None) => format!("after {after}"),
        (None, Some(before)) => format!("before {before}"),
        (None, None) => String::new(),
    };
    let struck = report::shorten(&plan.planned.window.at);
    match plan.planned.fault {
        Fault::Kill => format!("killed {between}"),
        Fault::Terminate => format!("asked to end (SIGTERM) {between}"),
        Fault::Zombie => format!("frozen and evicted {between}"),
        Fault::LostResponse => format!("the answer to {struck} was lost"),
        Fault::Unavailable => format!("{struck} was refused once"),
        Fault::StallKill => format!("killed while {struck} was held"),
        Fault::Duplicate => "produced again at a new offset".to_owned(),
    }
}

/// The report of an exploration.
pub(super) fn report(
    exploration: &Exploration,
    recording: &Recording,
    of_cells: Vec<String>,
    cells: Vec<Cell>,
    endpoints: &Endpoints,
    folder: &RunFolder,
    phases: &Phases,
) -> ExploreReport {
    let of = |verdict: Verdict| cells.iter().filter(|c| c.verdict == verdict).count();
    let (violated, unknown) = (of(Verdict::Violated), of(Verdict::Unknown));
    let verdict = match (violated, unknown, cells.len()) {
        (1.., _, _) => Verdict::Violated,
        (0, 0, 1..) => Verdict::Held,
        _ => Verdict::Unknown,
    };
    let all = cells.len();
    let guarantee = exploration.spec.guarantee;
    let reasons = match verdict {
        Verdict::Violated => vec![format!("{violated} of {all} cells break it")],
        Verdict::Held => vec![format!("{guarantee} stood in all {all} cells")],
        Verdict::Unknown if all == 0 => vec!["the recording shows no window".to_owned()],
        Verdict::Unknown => vec![format!("{unknown} of {all} cells could not be judged")],
    };
    let worst = cells
        .iter()
        .filter(|c| c.verdict == Verdict::Violated)
        .max_by_key(|c| {
            // Of equals, the first: it is the earliest window.
            (c.outcome, std::cmp::Reverse(c.cell))
        });
    let headline = worst.map_or_else(|| reasons.join("; "), |cell| cell.text.clone());
    let seconds = phases.seconds();
    ExploreReport {
        schema: SCHEMA,
        command: exploration.spec.command.clone(),
        guarantee,
        verdict,
        headline,
        reasons,
        recording: recording.prefix(recording.events.len()),
        warnings: [recording.warnings.clone(), of_cells].concat(),
        unreached: cells
            .iter()
            .filter(|c| c.outcome == CellOutcome::NotReached)
            .count(),
        cells,
        stack: Stack::of(endpoints),
        seconds: Times::of(seconds),
        run: folder.id.clone(),
        run_dir: folder.path.clone(),
    }
}
