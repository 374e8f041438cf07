//! Two records of one key whose payments are done in another order than theirs.

use super::{LogEvent, LogFinding, LogHistory, LogRecord};

/// What was first done for a payment.
#[derive(Clone, Copy)]
struct FirstDone {
    asked_ms: f64,
    at_ms: f64,
    is_effect: bool,
}

/// Each pair of neighbours within a key and a partition of which the later was done before anything that
/// came to something was asked for the earlier. Effects are compared with effects; other changes only
/// where neither payment has an effect that was seen.
pub(super) fn out_of_order(history: &LogHistory) -> Vec<LogFinding> {
    let mut records: Vec<&LogRecord> = history.records.iter().collect();
    records.sort_by_key(|r| (r.partition, r.offset));
    let mut found = Vec::new();
    for (at, second) in records.iter().enumerate() {
        let is_before = |r: &&&LogRecord| {
            r.key.is_some()
                && (&r.key, r.partition) == (&second.key, second.partition)
                && r.payment != second.payment
        };
        let Some(first) = records[..at].iter().rev().find(is_before) else {
            continue;
        };
        let first_of = |r: &LogRecord| first_done(history, &r.payment);
        let (Some(key), Some(one), Some(other)) = (&second.key, first_of(first), first_of(second))
        else {
            continue;
        };
        if one.is_effect == other.is_effect && other.at_ms < one.asked_ms {
            found.push(LogFinding::OutOfOrder {
                key: key.clone(),
                partition: second.partition,
                first: first.payment.clone(),
                second: second.payment.clone(),
                second_done_ms: other.at_ms,
                first_asked_ms: one.asked_ms,
            });
        }
    }
    found
}

/// The first effect, else the first change of another kind.
fn first_done(history: &LogHistory, payment: &str) -> Option<FirstDone> {
    let done = history.facts.iter().filter_map(|fact| match &fact.event {
        LogEvent::Done {
            is_effect,
            asked_ms,
            ..
        } if fact.does(payment) => Some(FirstDone {
            asked_ms: *asked_ms,
            at_ms: fact.at_ms,
            is_effect: *is_effect,
        }),
        _ => None,
    });
    let done: Vec<FirstDone> = done.collect();
    let effect = done.iter().find(|done| done.is_effect);
    effect.or(done.first()).copied()
}
