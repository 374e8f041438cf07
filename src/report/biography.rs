//! One payment's biography in words.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::run::Finished;
use crate::tap::{Detail, Stage};
use crate::timeline::{self, Clause, DELIVERED, Entry, Happening};

/// The entries of a payment's biography in a finished run.
#[must_use]
pub fn of(finished: &Finished, payment: &str) -> Vec<Entry> {
    let places = finished.history.places_of(payment);
    timeline::biography(&finished.timeline, payment, &places)
}

/// One line of a biography.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BiographyLine")]
pub struct Line {
    /// Milliseconds since the run began.
    #[schemars(range(min = 0))]
    pub at_ms: f64,
    /// Who it happened to: an instance's name.
    pub who: String,
    /// What happened to it.
    pub what: String,
}

/// A signature as it is told: long statements are cut after the part that names them.
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

/// The lines of this payment's biography.
#[must_use]
pub fn lines(entries: &[Entry], payment: &str) -> Vec<Line> {
    let tell = |(e, c): (&Entry, Clause)| Line {
        at_ms: e.at_ms,
        who: c.who,
        what: c.what,
    };
    clauses(entries, payment).map(tell).collect()
}

/// What there is to tell of each entry. Kafka hands a payment over the first time, and every
/// further time is a redelivery.
fn clauses<'a>(
    entries: &'a [Entry],
    payment: &'a str,
) -> impl Iterator<Item = (&'a Entry, Clause)> {
    let mut delivered = false;
    entries.iter().filter_map(move |entry| {
        let mut clause = entry.what.clause()?;
        clause.what.push_str(&others_passed(entry, payment));
        if clause.what == DELIVERED {
            if delivered {
                clause.what.push_str(" again");
            }
            delivered = true;
        }
        Some((entry, clause))
    })
}

/// Which other payments a commit passes with this one, or instead of it: the cause of many a loss.
fn others_passed(entry: &Entry, payment: &str) -> String {
    let Happening::Boundary { event } = &entry.what else {
        return String::new();
    };
    let Some(Detail::Kafka(detail)) = &event.detail else {
        return String::new();
    };
    let is_done = event.stage == Stage::Answered && event.payment() != Some(payment);
    let last = detail.acknowledges().iter().rev();
    let mut last = last.filter_map(|p| p.payment.as_deref().filter(|last| *last != payment));
    match last.next() {
        Some(last) if is_done => format!(", which is that of {last}, past this payment"),
        _ => String::new(),
    }
}

/// A biography as one sentence: `a sent POST /v1/charges, was frozen and was evicted from the
/// group; b took over …`.
#[must_use]
pub fn prose(entries: &[Entry], payment: &str) -> String {
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    let mut lives: HashMap<String, u32> = HashMap::new();
    // Not the strike itself, which is told by what it does.
    let tellable = |(e, _): &(&Entry, Clause)| !matches!(e.what, Happening::Struck { .. });
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
    matches!(&entry.what, Happening::Boundary { event } if event.stage == Stage::Received)
}

/// Whether `answer` tells what came of `request`, so that the request needs no words of its own.
fn is_answer(answer: &Entry, request: &Entry) -> bool {
    match (&answer.what, &request.what) {
        (Happening::Boundary { event: answer }, Happening::Boundary { event: request }) => {
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
mod tests {
    use super::*;
    use crate::tap::{BoundaryEvent, Detail, Source, Tap, kafka};

    fn source(instance: &str, incarnation: u32) -> Source {
        Source {
            instance: instance.into(),
            incarnation,
        }
    }

    fn charge(source: Source, stage: Stage, outcome: &str) -> Happening {
        let event = BoundaryEvent {
            tap: Tap::Provider,
            stage,
            source,
            signature: "POST /v1/charges".into(),
            subjects: vec!["msg-0001".into()],
            outcome: outcome.into(),
            writes: true,
            detail: None,
        };
        Happening::Boundary { event }
    }

    fn told(happenings: impl IntoIterator<Item = Happening>) -> String {
        let entry = |what| Entry {
            at_ms: 0.0,
            payment: Some("msg-0001".into()),
            what,
        };
        prose(
            &happenings.into_iter().map(entry).collect::<Vec<_>>(),
            "msg-0001",
        )
    }

    #[test]
    fn a_zombie_is_told_from_its_request_to_its_charge() {
        let (a, b) = (source("a", 1), source("b", 1));
        let told = told([
            charge(a.clone(), Stage::Received, ""),
            Happening::Frozen { source: a.clone() },
            Happening::Evicted {
                source: a.clone(),
                member: "a-1".into(),
            },
            Happening::Moved {
                partition: 3,
                to: "b".into(),
                committed: Some(8),
            },
            charge(b.clone(), Stage::Received, ""),
            charge(b.clone(), Stage::Executed, "200 ch_2"),
            charge(b, Stage::Answered, "200 ch_2"),
            Happening::TookOver {
                successor: "b".into(),
                committed: 9,
            },
            Happening::Thawed { source: a.clone() },
            charge(a, Stage::Answered, "200 ch_1"),
        ]);
        assert_eq!(
            told,
            "a sent POST /v1/charges, was frozen and was evicted from the group; \
             b took over partition 3 from offset 8 and charged ch_2; \
             a was thawed and charged ch_1"
        );
    }

    #[test]
    fn a_restarted_instance_is_told_apart_from_the_one_that_died() {
        let (first, second) = (source("a", 1), source("a", 2));
        let told = told([
            charge(first.clone(), Stage::Received, ""),
            charge(first.clone(), Stage::Answered, "200 ch_1"),
            Happening::Killed { source: first },
            charge(second.clone(), Stage::Received, ""),
            charge(second, Stage::Answered, "200 ch_1 (replayed)"),
        ]);
        assert_eq!(
            told,
            "a charged ch_1 and was killed; \
             a was started again and was given the first charge again, ch_1 (Idempotent-Replayed)"
        );
    }

    #[test]
    fn a_payment_that_is_delivered_twice_is_given_again() {
        let fetch = |source: Source| {
            let delivery = kafka::Delivery {
                topic: "t".into(),
                partition: 0,
                records: vec![kafka::DeliveredRecord {
                    offset: 7,
                    payment: Some("msg-0001".into()),
                }],
            };
            let event = BoundaryEvent {
                tap: Tap::Kafka,
                stage: Stage::Answered,
                source,
                signature: "kafka Fetch".into(),
                subjects: Vec::new(),
                outcome: String::new(),
                writes: false,
                detail: Some(Detail::Kafka(kafka::Detail::Fetch(vec![delivery]))),
            };
            Happening::Boundary { event }
        };
        let told = told([fetch(source("a", 1)), fetch(source("b", 1))]);
        assert_eq!(
            told,
            "a was given the payment; b was given the payment again"
        );
    }

    #[test]
    fn the_charge_of_an_intent_is_told_as_any_other() {
        let answer = |signature: &str, outcome: &str| {
            let mut told = charge(source("a", 1), Stage::Answered, outcome);
            if let Happening::Boundary { event } = &mut told {
                event.signature = signature.into();
            }
            told
        };
        let told = told([
            answer("POST /v1/payment_intents", "200 pi_1"),
            answer("POST /v1/payment_intents/{id}/confirm", "200 pi_1 ch_1"),
            answer(
                "POST /v1/payment_intents/{id}/confirm",
                "200 pi_1 ch_1 (replayed)",
            ),
            answer("GET /v1/payment_intents/{id}", "200 pi_1 ch_1"),
        ]);
        assert_eq!(
            told,
            "a was answered 200 pi_1, charged ch_1, was given the first charge again, ch_1 \
             (Idempotent-Replayed) and was answered 200 pi_1 ch_1"
        );
    }

    #[test]
    fn an_answer_that_is_no_charge_is_told_in_the_servers_words() {
        let a = source("a", 1);
        let told = told([charge(a, Stage::Answered, "409 idempotency_key_in_use")]);
        assert_eq!(told, "a was answered 409 idempotency_key_in_use");
    }
}
