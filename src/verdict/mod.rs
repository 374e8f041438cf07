//! The verdict: a pure function of what was produced, charged, recorded and committed.
//!
//! Nothing here does I/O. A verdict needs evidence: where no fault fired, where one went wrong, or
//! where a boundary was not seen, it is *unknown*, whatever the counts say. A run, a cell of an
//! exploration and the replay of that cell are judged by [`judge`] alone, and so cannot differ.

mod cell;
mod classify;
mod exploration;
mod guarantee;
mod history;
mod incident;
mod log;
mod outcome;
mod storm;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cell::CellOutcome;
pub(crate) use cell::Worst;
pub use classify::open;
pub(crate) use classify::outcome_of;
pub(crate) use exploration::Explored;
pub use guarantee::Guarantee;
pub use history::{Effect, FaultEvidence, History, Produced};
pub use incident::{Incident, Promise};
pub use log::{LogEvent, LogFact, LogFinding, LogHistory, LogRecord, hands_over, log_findings};
pub use outcome::Outcome;
pub(crate) use storm::judge_storm;
pub use storm::{StormFacts, StormJudgement};

/// Whether the guarantee stood. The exit code of a run is [`Verdict::exit_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Every fault fired, every payment came to its end, and the guarantee stood.
    Held,
    /// At least one payment breaks the guarantee.
    Violated,
    /// Nothing breaks the guarantee, but there is too little evidence to say that it stood.
    Unknown,
}

impl Verdict {
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::Violated => 1,
            Self::Unknown => 2,
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Violated => "violated",
            Self::Unknown => "unknown",
        }
    }
}

/// How many payments had which outcome. One that took effect twice and is not acknowledged, or not
/// recorded, counts as both: the one does not excuse the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Payments that Kafka acknowledged.
    pub payments: usize,
    /// Charged once, recorded, offset committed.
    pub once: usize,
    /// Charged twice or more.
    pub duplicated: usize,
    /// Offset committed, never charged.
    pub lost: usize,
    /// Offset not committed when the run ended.
    pub unfinished: usize,
    /// Charged, once or more often, and committed, but not recorded.
    pub half_done: usize,
    /// Acknowledged, never charged, and put where an operator finds it.
    #[serde(default)]
    pub parked: usize,
    /// Struck payments that Kafka was seen to deliver again.
    pub redeliveries: usize,
}

impl Counts {
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> usize {
        match outcome {
            Outcome::Once => self.once,
            Outcome::Duplicated => self.duplicated,
            Outcome::Lost => self.lost,
            Outcome::HalfDone => self.half_done,
            Outcome::Parked => self.parked,
            Outcome::Unfinished => self.unfinished,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    pub verdict: Verdict,
    pub reasons: Vec<String>,
    pub counts: Counts,
    /// Not charged exactly once; in the order of production.
    pub exceptions: Vec<(String, Outcome)>,
}

/// Where nobody says otherwise.
pub const CHARGED: &str = "charged";

/// `effect_verb`: `charged`.
#[must_use]
pub fn judge(history: &History, guarantee: Guarantee, effect_verb: &str) -> Judgement {
    let mut counts = Counts {
        redeliveries: history
            .strikes
            .iter()
            .filter(|s| s.fired && history.redelivered(&s.payment))
            .count(),
        ..Counts::default()
    };
    let mut exceptions = Vec::new();
    for (payment, message) in classify::outcomes(history) {
        let outcome = message.outcome;
        counts.payments += 1;
        counts.unfinished += usize::from(message.unfinished);
        counts.half_done += usize::from(message.half_done);
        match outcome {
            Outcome::Once => counts.once += 1,
            Outcome::Duplicated => counts.duplicated += 1,
            Outcome::Lost => counts.lost += 1,
            Outcome::Parked => counts.parked += 1,
            Outcome::Unfinished | Outcome::HalfDone => {}
        }
        if outcome != Outcome::Once {
            exceptions.push((payment, outcome));
        }
    }

    let unseen = unseen(history);
    let broken = guarantee.broken_by(&counts, classify::repeated(history, guarantee), effect_verb);
    // What went around the taps, or came of a strike that went wrong, accuses nobody.
    if !broken.is_empty() && unseen.is_empty() {
        return Judgement {
            verdict: Verdict::Violated,
            reasons: broken,
            counts,
            exceptions,
        };
    }
    let doubts = [unseen, doubts(history, &counts)].concat();
    if !doubts.is_empty() {
        return Judgement {
            verdict: Verdict::Unknown,
            reasons: doubts,
            counts,
            exceptions,
        };
    }
    let mut reasons = vec![format!(
        "{} carried out, {} delivered again",
        were(history.strikes.len(), "fault"),
        were(counts.redeliveries, "payment")
    )];
    for note in history.strikes.iter().filter_map(|s| s.note.as_ref()) {
        // Several faults alike may all tell the same.
        if !reasons.contains(note) {
            reasons.push(note.clone());
        }
    }
    reasons.extend(history.told_of_revived());
    Judgement {
        verdict: Verdict::Held,
        reasons,
        counts,
        exceptions,
    }
}

/// Boundaries not seen, and strikes of which none went as it should: then no count is evidence.
fn unseen(history: &History) -> Vec<String> {
    let silent = history.silent.iter();
    let mut unseen: Vec<String> = silent
        .map(|boundary| format!("no traffic seen at the {boundary}"))
        .collect();
    let fired = || history.strikes.iter().filter(|s| s.fired);
    if fired().count() > 0 && fired().all(|s| s.problem.is_some()) {
        unseen.extend(fired().filter_map(gone_wrong));
    }
    unseen
}

fn gone_wrong(strike: &FaultEvidence) -> Option<String> {
    let problem = strike.problem.as_ref()?;
    Some(format!(
        "the fault at {} is no evidence: {problem}",
        strike.payment
    ))
}

/// Why a run in which nothing is broken still proves nothing.
fn doubts(history: &History, counts: &Counts) -> Vec<String> {
    let mut doubts = Vec::new();
    let fired = history.strikes.iter().filter(|s| s.fired).count();
    if fired == 0 {
        doubts.push("no fault fired".to_owned());
    } else if fired < history.strikes.len() {
        let planned = history.strikes.len();
        doubts.push(format!(
            "{} of {planned} windows were never reached",
            planned - fired
        ));
    }
    let fired = || history.strikes.iter().filter(|s| s.fired);
    if fired().any(|s| s.problem.is_none()) {
        doubts.extend(fired().filter_map(gone_wrong));
    }
    if counts.payments == 0 {
        doubts.push("no payment was produced".to_owned());
    }
    if counts.unfinished > 0 {
        doubts.push(format!(
            "{} still unfinished when the run ended",
            were(counts.unfinished, "payment")
        ));
    }
    doubts.extend(history.told_of_unkept());
    let unattributed = classify::unattributed(history);
    if unattributed > 0 {
        doubts.push(format!(
            "{} counted for no payment that was produced",
            were(unattributed, "effect")
        ));
    }
    doubts
}

/// `1 payment was`, `3 payments were`.
fn were(n: usize, noun: &str) -> String {
    if n == 1 {
        format!("1 {noun} was")
    } else {
        format!("{n} {noun}s were")
    }
}

#[cfg(test)]
mod tests;
