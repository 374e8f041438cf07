//! One payment's biography in words.

use std::collections::HashMap;

use crate::event::{Role, Stage};
use crate::run::Finished;
use crate::tap::Detail;
use crate::timeline::{self, Clause, Entry, TimelineEvent};

#[must_use]
pub fn of(finished: &Finished, payment: &str) -> Vec<Entry> {
    let places = finished.history.places_of(payment);
    timeline::biography(&finished.timeline, payment, &places)
}

/// Long statements are cut after the part that names them.
#[must_use]
pub fn shorten(signature: &str) -> String {
    const ENOUGH: usize = 44;
    if signature.chars().count() <= ENOUGH {
        return signature.to_owned();
    }
    let cut: String = signature.chars().take(ENOUGH).collect();
    let whole = cut.rfind(' ').map_or(cut.as_str(), |space| &cut[..space]);
    format!("{} …", whole.trim_end())
}

/// Kafka hands a payment over the first time; every further time is a redelivery.
pub(super) fn clauses<'a>(
    entries: &'a [Entry],
    payment: &'a str,
) -> impl Iterator<Item = (&'a Entry, Clause)> {
    let mut delivered = false;
    entries.iter().filter_map(move |entry| {
        let mut clause = entry.what.clause()?;
        clause.what.push_str(&others_passed(entry, payment));
        if is_delivery(entry) {
            if delivered {
                clause.what.push_str(" again");
            }
            delivered = true;
        }
        Some((entry, clause))
    })
}

pub(super) fn is_delivery(entry: &Entry) -> bool {
    let event = entry.boundary();
    event.is_some_and(|event| event.role == Role::Deliver)
}

/// Other payments that a commit passes with this one, or instead of it: the cause of many a loss.
fn others_passed(entry: &Entry, payment: &str) -> String {
    let TimelineEvent::Boundary { event } = &entry.what else {
        return String::new();
    };
    let Some(Detail::Kafka(detail)) = &event.detail else {
        return String::new();
    };
    let is_done = event.stage == Stage::Answered && event.message() != Some(payment);
    let last = detail.acknowledges().iter().rev();
    let mut last = last.filter_map(|p| p.payment.as_deref().filter(|last| *last != payment));
    match last.next() {
        Some(last) if is_done => format!(", which is that of {last}, past this payment"),
        _ => String::new(),
    }
}

/// `a sent POST /v1/charges, was frozen and was evicted from the group; b took over …`.
#[must_use]
pub fn prose(entries: &[Entry], payment: &str) -> String {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    let mut lives: HashMap<String, u32> = HashMap::new();
    // Not the strike itself, which is told by what it does.
    let tellable = |(e, _): &(&Entry, Clause)| !matches!(e.what, TimelineEvent::Struck { .. });
    let mut clauses = clauses(entries, payment).filter(tellable).peekable();
    while let Some((entry, clause)) = clauses.next() {
        if is_request(entry)
            && clauses
                .peek()
                .is_some_and(|(next, _)| is_answer(next, entry))
        {
            continue;
        }
        let Clause {
            who,
            incarnation,
            what,
            kind: _,
        } = clause.clone();
        let before = incarnation.and_then(|life| lives.insert(who.clone(), life));
        let again = before.is_some_and(|before| Some(before) < incarnation);
        match told.last_mut() {
            Some((last, whats)) if *last == who && !again => whats.push(what),
            _ if again => told.push((who, vec!["was started again".to_owned(), what])),
            _ => told.push((who, vec![what])),
        }
    }
    let sentences = told
        .into_iter()
        .map(|(who, whats)| format!("{who} {}", enumerate(&whats)));
    sentences.collect::<Vec<_>>().join("; ")
}

fn is_request(entry: &Entry) -> bool {
    matches!(&entry.what, TimelineEvent::Boundary { event } if event.stage == Stage::Received)
}

fn is_answer(answer: &Entry, request: &Entry) -> bool {
    match (&answer.what, &request.what) {
        (TimelineEvent::Boundary { event: answer }, TimelineEvent::Boundary { event: request }) => {
            answer.stage == Stage::Answered
                && (&answer.source, &answer.signature) == (&request.source, &request.signature)
        }
        _ => false,
    }
}

/// `one`, `one and two`, `one, two and three`.
fn enumerate(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

#[cfg(test)]
mod tests;
