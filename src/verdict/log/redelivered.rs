//! A record that is handed over again although its payment is done and acknowledged.

use super::{LogEvent, LogFact, LogFinding, LogHistory, LogRecord};

/// The commit that holds: whose number it is among the facts, and its position.
type Passed = Option<(usize, i64)>;

/// Of each record the first delivery behind the group's position that nothing explains: the payment was
/// done; whoever it was handed to had committed past it in peace, or began after that; and then does
/// something for it.
///
/// Where every record is fetched more than once, somebody reads the topic twice, and nothing is said.
pub(super) fn after_commit(history: &LogHistory) -> Vec<LogFinding> {
    let records = &history.records;
    let times = |record| history.facts.iter().filter(|f| f.delivers(record)).count();
    if !records.iter().any(|record| times(record) == 1) {
        return Vec::new();
    }
    let found = records.iter().filter_map(|record| of(history, record));
    found.collect()
}

fn of(history: &LogHistory, record: &LogRecord) -> Option<LogFinding> {
    let facts = &history.facts;
    let mut passed: Passed = None;
    for (at, fact) in facts.iter().enumerate() {
        if let LogEvent::Committed {
            by_transaction: false,
            ..
        } = &fact.event
            && let Some(position) = fact.position(record)
        {
            // A position that goes back makes what lies behind it legal again.
            passed = match passed {
                _ if position <= record.offset => None,
                None => Some((at, position)),
                held => held,
            };
        }
        let Some((commit, position)) = passed.filter(|_| fact.delivers(record)) else {
            continue;
        };
        let is_done = facts[..at].iter().any(|f| f.does(&record.payment));
        let process = &fact.process;
        let is_told = is_told(facts, record, commit, at);
        if is_done && is_told && goes_on(&facts[at..], process, &record.payment) {
            return Some(LogFinding::RedeliveredAfterCommit {
                payment: record.payment.clone(),
                partition: record.partition,
                offset: record.offset,
                to: process.clone(),
                delivered_ms: fact.at_ms,
                committed_by: facts[commit].process.clone(),
                position,
                committed_ms: facts[commit].at_ms,
            });
        }
    }
    None
}

/// Whether the process that is given the record must know that it is acknowledged: it has committed that
/// itself, after it had been given it once, and was never struck; or it began afterwards.
fn is_told(facts: &[LogFact], record: &LogRecord, commit: usize, at: usize) -> bool {
    let process = &facts[at].process;
    let mut began = None;
    let (mut is_struck, mut had_it) = (false, false);
    for (number, fact) in facts[..at].iter().enumerate() {
        if fact.process != *process {
            continue;
        }
        match fact.event {
            LogEvent::Started => began = Some(number),
            LogEvent::Struck => is_struck = true,
            _ => had_it |= number < commit && fact.delivers(record),
        }
    }
    let committed_it = facts[commit].process == *process && had_it && !is_struck;
    committed_it || began.is_some_and(|began| began > commit)
}

/// Whether the process asks for anything for this payment from here on: fetched is not handed over.
fn goes_on(facts: &[LogFact], process: &str, payment: &str) -> bool {
    facts.iter().any(|fact| {
        fact.process == process
            && matches!(&fact.event, LogEvent::Asked { payments }
                if payments.iter().any(|p| p == payment))
    })
}
