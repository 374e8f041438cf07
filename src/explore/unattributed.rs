//! What changes something while payments are in hand, and nobody can say for which.

use std::collections::{BTreeMap, BTreeSet};

use crate::tap::BoundaryEvent;
use crate::timeline::{Entry, Happening, changes_something};

/// What can be said of events that carry no mark, by their signatures.
pub(super) struct Known<'a> {
    /// What is each payment's own where nothing else is in hand.
    pub(super) own: &'a BTreeSet<String>,
    /// What was done with the first payment and with no other that was alone.
    pub(super) once: &'a BTreeSet<String>,
    /// What a timer changes, also without any payment.
    pub(super) idle: BTreeSet<String>,
}

impl Known<'_> {
    /// What changed something after the first payment was produced, carries no mark, and is neither
    /// known from elsewhere nor any payment's because nothing else was in hand; each once, with its
    /// number.
    pub(super) fn unattributed(&self, timeline: &[Entry]) -> Vec<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut round = 0;
        for entry in timeline {
            if let Happening::RoundBegan { first, .. } = entry.what {
                round = first;
            }
            let event = entry.boundary();
            let event = event.filter(|event| round > 0 && self.leaves_open(event, round));
            if let Some(event) = event {
                *counts.entry(&event.signature).or_default() += 1;
            }
        }
        let told = counts.into_iter().map(|(signature, times)| match times {
            1 => signature.to_owned(),
            _ => format!("{signature} ({times} times)"),
        });
        told.collect()
    }

    /// Whether nobody can say which payment the event is about.
    fn leaves_open(&self, event: &BoundaryEvent, round: u32) -> bool {
        let unmarked = event.names_no_payment() && event.can_be_a_messages();
        // What comes again with a later payment was not done once.
        let known = self.own.contains(&event.signature)
            || self.idle.contains(&event.signature)
            || round == 1 && self.once.contains(&event.signature);
        changes_something(event) && unmarked && !known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Role, Source, Stage, Tap};
    use crate::tap::Detail;
    use crate::tap::postgres::Detail as Statement;

    fn round(first: u32) -> Entry {
        entry(Happening::RoundBegan {
            topic: "payments".into(),
            first,
            last: first,
        })
    }

    fn entry(what: Happening) -> Entry {
        Entry {
            at_ms: 0.0,
            payment: None,
            what,
        }
    }

    /// The answer to a statement, with its tag, about these payments.
    fn answer(signature: &str, tag: &str, subjects: &[&str]) -> Entry {
        let rows = tag.rsplit(' ').next().and_then(|n| n.parse().ok());
        entry(Happening::Boundary {
            event: BoundaryEvent {
                tap: Tap::Postgres,
                stage: Stage::Answered,
                source: Source {
                    instance: "a".into(),
                    incarnation: 1,
                },
                signature: signature.into(),
                subjects: subjects.iter().map(|s| (*s).to_owned()).collect(),
                outcome: tag.into(),
                writes: true,
                role: Role::Request,
                result: None,
                detail: Some(Detail::Postgres(Statement {
                    tag: Some(tag.into()),
                    rows,
                    sqlstate: None,
                    transaction: None,
                    backend_pid: Some(1),
                    is_data: true,
                    parameters: Vec::new(),
                })),
            },
        })
    }

    fn unattributed(once: &[&str], timeline: &[Entry]) -> Vec<String> {
        let once = once.iter().map(|s| (*s).to_owned()).collect();
        let known = Known {
            own: &BTreeSet::new(),
            once: &once,
            idle: crate::timeline::idle_changes(timeline),
        };
        known.unattributed(timeline)
    }

    const TAKE: &str = "DELETE FROM jobs RETURNING *";

    #[test]
    fn a_poll_that_found_nothing_in_idle_and_takes_a_job_is_somebodys() {
        let timeline = [
            answer(TAKE, "DELETE 0", &[]),
            round(1),
            answer(TAKE, "DELETE 0", &[]),
            answer(TAKE, "DELETE 1", &[]),
            round(2),
            answer(TAKE, "DELETE 1", &[]),
        ];
        assert_eq!(unattributed(&[], &timeline), [format!("{TAKE} (2 times)")]);
    }

    #[test]
    fn what_a_timer_changes_without_a_payment_is_nobodys() {
        let beat = || answer("UPDATE workers SET seen = now()", "UPDATE 1", &[]);
        assert!(unattributed(&[], &[beat(), round(1), beat()]).is_empty());
    }

    #[test]
    fn a_poll_that_reads_and_locks_changes_nothing() {
        let due = |tag: &str| answer("SELECT * FROM outbox FOR UPDATE", tag, &[]);
        assert!(unattributed(&[], &[due("SELECT 0"), round(1), due("SELECT 1")]).is_empty());
    }

    #[test]
    fn what_is_done_with_the_first_payment_and_again_later_was_not_done_once() {
        let flush = || answer("INSERT INTO batches", "INSERT 10", &[]);
        let once = ["INSERT INTO batches"];
        assert!(unattributed(&once, &[round(1), flush(), round(2)]).is_empty());
        let again = [round(1), flush(), round(2), round(4), flush()];
        assert_eq!(unattributed(&once, &again), once);
    }

    #[test]
    fn what_carries_a_mark_is_somebodys() {
        let marked = answer("INSERT INTO claims", "INSERT 1", &["msg-0001"]);
        assert!(unattributed(&[], &[round(1), marked]).is_empty());
    }
}
