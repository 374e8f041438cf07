//! A commit that passes a payment whose work is not done.

use super::{LogFact, LogFinding, LogHistory, LogRecord};

/// Of each record the first commit past it, where it had been fetched and nothing was done for its
/// payment until then: no effect, no other durable change, and none that could be for it.
pub(super) fn committed_ahead(history: &LogHistory) -> impl Iterator<Item = LogFinding> {
    let records = history.records.iter();
    records.filter_map(|record| of(history, record))
}

/// Whether a payment was passed by a commit before anything was seen to be done for it, and done by a
/// process that was never given its record: the consumer remembers it where there is no tap, and what it
/// commits is not ahead of that. Not where something was done in between that may be how it remembers.
pub(super) fn hands_over(history: &LogHistory) -> bool {
    let mut passed = history.records.iter();
    passed.any(|record| {
        let passed = candidate(history, record);
        passed.is_some_and(|passed| passed.is_done_by_another() && !passed.may_be_written)
    })
}

fn of(history: &LogHistory, record: &LogRecord) -> Option<LogFinding> {
    let passed = candidate(history, record)?;
    if passed.is_done_by_another() || passed.done.is_none() && record.took_effect {
        // The work goes around the taps, so that nobody knows when it was done.
        return None;
    }
    Some(LogFinding::CommittedAhead {
        payment: record.payment.clone(),
        partition: record.partition,
        offset: record.offset,
        by: passed.commit.process.clone(),
        position: passed.position,
        committed_ms: passed.commit.at_ms,
        done_ms: passed.done.map(|done| done.at_ms),
    })
}

/// A record that was passed before anything was seen to be done for its payment.
struct Passed<'a> {
    commit: &'a LogFact,
    position: i64,
    /// What was done for it first.
    done: Option<&'a LogFact>,
    /// Whether something was done in between, and nobody can say for whom.
    may_be_written: bool,
    /// Everything in which it was fetched.
    given: Vec<&'a LogFact>,
}

impl Passed<'_> {
    fn is_done_by_another(&self) -> bool {
        self.done.is_some_and(|done| {
            let mut given = self.given.iter();
            !given.any(|given| given.process == done.process)
        })
    }
}

fn candidate<'a>(history: &'a LogHistory, record: &LogRecord) -> Option<Passed<'a>> {
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
    let done = after.iter().position(|fact| fact.does(&record.payment));
    let until = &after[..done.unwrap_or(after.len())];
    Some(Passed {
        commit: &facts[at],
        position,
        done: done.map(|done| &after[done]),
        may_be_written: until.iter().any(LogFact::is_nobodys),
        given: facts.iter().filter(|fact| fact.delivers(record)).collect(),
    })
}
