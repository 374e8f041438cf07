//! A commit that passes a payment whose work is not done.

use super::{LogFinding, LogHistory, LogRecord};

/// Of each record the first commit past it, where it had been fetched and nothing was done for its
/// payment until then: no effect, no other durable change, and none that could be for it.
pub(super) fn committed_ahead(history: &LogHistory) -> impl Iterator<Item = LogFinding> {
    let records = history.records.iter();
    records.filter_map(|record| of(history, record))
}

fn of(history: &LogHistory, record: &LogRecord) -> Option<LogFinding> {
    let facts = &history.facts;
    let passes = |at: usize| facts[at].position(record).filter(|p| *p > record.offset);
    let (at, position) = (0..facts.len()).find_map(|at| Some((at, passes(at)?)))?;
    let (before, after) = facts.split_at(at);
    // What is passed without having been fetched was skipped, or went around the tap.
    let given = before.iter().position(|fact| fact.delivers(record))?;
    let is_done = before.iter().any(|fact| fact.does(&record.payment));
    let may_be_done = before[given..].iter().any(|fact| fact.is_nobodys());
    if is_done || may_be_done {
        return None;
    }
    let done = after.iter().find(|fact| fact.does(&record.payment));
    if done.is_none() && record.took_effect {
        // The work goes around the taps, so that nobody knows when it was done.
        return None;
    }
    Some(LogFinding::CommittedAhead {
        payment: record.payment.clone(),
        partition: record.partition,
        offset: record.offset,
        by: facts[at].process.clone(),
        position,
        committed_ms: facts[at].at_ms,
        done_ms: done.map(|fact| fact.at_ms),
    })
}
