//! What a cell comes to, in one sentence.

use super::{CellOutcome, CellWindow};
use crate::chaos::Planned;
use crate::report::shorten;
use crate::run::Finished;
use crate::verdict::{Guarantee, Outcome, Verdict, Worst};

/// Of the run that tells of the cell, with what another of its `runs` makes of it.
#[must_use]
pub fn sentence(
    window: &CellWindow,
    planned: &Planned,
    runs: &[Finished],
    finished: &Finished,
) -> String {
    let worst = worst(finished);
    let judgement = &finished.judgement;
    let doubts = match judgement.verdict {
        Verdict::Unknown if worst.outcome != CellOutcome::NotReached => {
            judgement.reasons.join("; ")
        }
        // Why it did not come there, where that is known.
        _ => {
            let silent = finished.history.silent.iter();
            let told = silent.map(|boundary| format!("no traffic seen at the {boundary}"));
            told.collect::<Vec<_>>().join("; ")
        }
    };
    let mut text = format!("{}: {}", place(window, planned), told(finished, &worst));
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
    let allowed = worst.outcome == CellOutcome::Of(Outcome::Duplicated)
        && finished.spec.guarantee == Guarantee::AtLeastOnce
        && judgement.verdict == Verdict::Violated;
    if allowed {
        // Not the second effect breaks the promise.
        text.push_str(&format!("; {}", judgement.reasons.join("; ")));
    }
    if let Some(by_victim) = by_victim(runs) {
        text.push_str(&format!("; {by_victim}"));
    }
    text
}

#[must_use]
pub fn worst(finished: &Finished) -> Worst {
    let planned = finished.spec.schedule.strikes().next();
    let struck = planned.map_or("", |planned| planned.payment.as_str());
    let fired = finished.fired.first().filter(|f| f.evidence.fired);
    Worst::of(&finished.judgement, struck, fired.map(|f| f.fenced))
}

/// `payment msg-0002 was charged twice, and so were 2 others`.
fn told(finished: &Finished, worst: &Worst) -> String {
    let payment = &worst.payment;
    let effects = finished.history.effects_of(payment).len();
    let became = match worst.outcome {
        CellOutcome::Of(outcome) => outcome.sentence(&finished.spec.effect_verb, effects),
        CellOutcome::Fenced => {
            "took effect once; the successor had to wait for the zombie's row lock or transaction"
                .to_owned()
        }
        CellOutcome::NotReached => return "the consumer did not come to this window".to_owned(),
    };
    let others = match worst.hit.saturating_sub(1) {
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
    format!("{unstruck}payment {payment} {became}{others}")
}

/// Where another of several payments in hand was struck, if that makes a difference.
fn by_victim(runs: &[Finished]) -> Option<String> {
    let mut outcomes: Vec<(String, CellOutcome)> = Vec::new();
    for finished in runs {
        let planned = finished.spec.schedule.strikes().next()?;
        outcomes.push((planned.payment.clone(), worst(finished).outcome));
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

/// `killed after SELECT, before POST`.
#[must_use]
pub fn place(window: &CellWindow, planned: &Planned) -> String {
    let short = |s: &Option<String>| s.as_ref().map(|s| shorten(s));
    let (after, before) = (short(&window.after), short(&window.before));
    let between = match (&after, &before) {
        (Some(after), Some(before)) => format!("after {after}, before {before}"),
        (Some(after), None) => format!("after {after}"),
        (None, Some(before)) => format!("before {before}"),
        (None, None) => String::new(),
    };
    let struck = shorten(&planned.window.at);
    planned.fault.told(&between, &struck)
}
