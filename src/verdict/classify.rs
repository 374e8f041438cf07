//! What a history says of each payment.

use std::collections::{BTreeSet, HashMap};

use super::{Effect, Guarantee, History, Outcome, Produced};

struct Index<'a> {
    charges: HashMap<&'a str, usize>,
    /// Every offset of the payment is behind the group's position.
    acknowledged: HashMap<&'a str, bool>,
    order: Vec<&'a str>,
}

fn index(history: &History) -> Index<'_> {
    let mut charges: HashMap<&str, usize> = HashMap::new();
    for Effect { payment, .. } in &history.effects {
        if let Some(payment) = payment {
            *charges.entry(payment).or_default() += 1;
        }
    }
    let mut order = Vec::with_capacity(history.produced.len());
    let mut acknowledged: HashMap<&str, bool> = HashMap::new();
    for Produced {
        payment,
        partition,
        offset,
    } in &history.produced
    {
        let here = history
            .committed
            .get(partition)
            .is_some_and(|next| next > offset);
        acknowledged
            .entry(payment)
            .and_modify(|all| *all &= here)
            .or_insert_with(|| {
                order.push(payment.as_str());
                here
            });
    }
    Index {
        charges,
        acknowledged,
        order,
    }
}

/// What is left undone is told beside the outcome: a second effect would hide it.
pub(super) struct MessageOutcome {
    pub(super) outcome: Outcome,
    /// An offset of it is not committed.
    pub(super) unfinished: bool,
    /// It took effect and is acknowledged, and the consumer's tables do not know it.
    pub(super) half_done: bool,
}

fn classify(index: &Index<'_>, history: &History, payment: &str) -> MessageOutcome {
    let charges = index.charges.get(payment).copied().unwrap_or_default();
    let acknowledged = index.acknowledged.get(payment).copied().unwrap_or_default();
    let recorded = history
        .processed_ids
        .as_ref()
        .is_none_or(|ids| ids.contains(payment));
    let parked = history.parked.contains(payment);
    let outcome = match (charges, acknowledged, recorded) {
        (2.., _, _) => Outcome::Duplicated,
        (_, false, _) => Outcome::Unfinished,
        (0, true, _) if parked => Outcome::Parked,
        (0, true, _) => Outcome::Lost,
        (1, true, true) => Outcome::Once,
        (1, true, false) => Outcome::HalfDone,
    };
    MessageOutcome {
        outcome,
        unfinished: !acknowledged,
        half_done: charges > 0 && acknowledged && !recorded,
    }
}

/// In the order of production.
pub(super) fn outcomes(history: &History) -> Vec<(String, MessageOutcome)> {
    let index = index(history);
    index
        .order
        .iter()
        .map(|p| ((*p).to_owned(), classify(&index, history, p)))
        .collect()
}

/// What time could still clear: lost, unfinished or half-done as it stands, and nothing worse.
#[must_use]
pub fn open(history: &History) -> BTreeSet<String> {
    let is_open = |message: &MessageOutcome| {
        message.outcome == Outcome::Lost || message.unfinished || message.half_done
    };
    let outcomes = outcomes(history).into_iter();
    outcomes
        .filter(|(_, message)| is_open(message))
        .map(|(payment, _)| payment)
        .collect()
}

pub(super) fn repeated(history: &History, guarantee: Guarantee) -> usize {
    let index = index(history);
    let mut records: HashMap<&str, usize> = HashMap::new();
    for produced in &history.produced {
        *records.entry(&produced.payment).or_default() += 1;
    }
    let charged = index.charges.iter();
    let too_often = charged.filter(|(payment, charges)| {
        records
            .get(*payment)
            .is_some_and(|records| **charges > guarantee.allows(*records))
    });
    too_often.count()
}

#[must_use]
pub fn outcome_of(history: &History, payment: &str) -> Outcome {
    classify(&index(history), history, payment).outcome
}

/// Charges that belong to no payment of the journal: somebody was charged for nothing we sent.
pub(super) fn unattributed(history: &History) -> usize {
    let index = index(history);
    let known = |e: &Effect| {
        e.payment
            .as_deref()
            .is_some_and(|p| index.acknowledged.contains_key(p))
    };
    history.effects.iter().filter(|e| !known(e)).count()
}
