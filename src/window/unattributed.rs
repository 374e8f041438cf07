//! What changes something while messages are in hand, and nobody can say for which.

use std::collections::{BTreeMap, BTreeSet};

use super::Seen;
use crate::event::{BoundaryEvent, Detail};

pub(super) struct KnownSignatures<'a> {
    own: &'a BTreeSet<String>,
    once: &'a BTreeSet<String>,
    /// Also without any message: a DELETE that found no job then and takes one later is not among
    /// it.
    idle: BTreeSet<&'a str>,
}

impl<'a> KnownSignatures<'a> {
    pub(super) fn of<D: Detail>(
        seen: &Seen<'a, D>,
        own: &'a BTreeSet<String>,
        once: &'a BTreeSet<String>,
    ) -> Self {
        let idle = seen.idle.iter().copied();
        let known = idle.filter(|event| event.changes_something() || event.selects());
        Self {
            own,
            once,
            idle: known.map(|event| event.signature.as_str()).collect(),
        }
    }

    /// After the first message was produced, and known from nowhere; each once, with its number.
    pub(super) fn unattributed<D: Detail>(&self, seen: &Seen<'_, D>) -> Vec<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (round, events) in &seen.rounds {
            for event in events.iter().filter(|e| self.leaves_open(e, *round)) {
                *counts.entry(&event.signature).or_default() += 1;
            }
        }
        let told = counts.into_iter().map(|(signature, times)| match times {
            1 => signature.to_owned(),
            _ => format!("{signature} ({times} times)"),
        });
        told.collect()
    }

    fn leaves_open<D: Detail>(&self, event: &BoundaryEvent<D>, round: u32) -> bool {
        let unmarked = event.names_no_message() && event.can_be_a_messages();
        // What comes again with a later message was not done once.
        let known = self.own.contains(&event.signature)
            || self.idle.contains(event.signature.as_str())
            || round == 1 && self.once.contains(&event.signature);
        event.changes_something() && unmarked && !known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Role, Source, Stage, Tap};
    use crate::tap::postgres::Detail as Statement;
    use crate::tap::{BoundaryEvent, Detail};

    enum Scripted {
        Round(u32),
        Event(Box<BoundaryEvent>),
    }

    fn round(first: u32) -> Scripted {
        Scripted::Round(first)
    }

    fn answer(signature: &str, tag: &str, subjects: &[&str]) -> Scripted {
        let rows = tag.rsplit(' ').next().and_then(|n| n.parse().ok());
        Scripted::Event(Box::new(BoundaryEvent {
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
        }))
    }

    fn unattributed(once: &[&str], timeline: &[Scripted]) -> Vec<String> {
        let once = once.iter().map(|s| (*s).to_owned()).collect();
        let (mut idle, mut rounds) = (Vec::new(), Vec::new());
        for entry in timeline {
            match (entry, rounds.last_mut()) {
                (Scripted::Round(first), _) => rounds.push((*first, Vec::new())),
                (Scripted::Event(event), None) => idle.push(&**event),
                (Scripted::Event(event), Some((_, events))) => events.push(&**event),
            }
        }
        let seen = Seen { idle, rounds };
        KnownSignatures::of(&seen, &BTreeSet::new(), &once).unattributed(&seen)
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
    fn what_a_timer_changes_without_a_message_is_nobodys() {
        let beat = || answer("UPDATE workers SET seen = now()", "UPDATE 1", &[]);
        assert!(unattributed(&[], &[beat(), round(1), beat()]).is_empty());
    }

    #[test]
    fn a_poll_that_reads_and_locks_changes_nothing() {
        let due = |tag: &str| answer("SELECT * FROM outbox FOR UPDATE", tag, &[]);
        assert!(unattributed(&[], &[due("SELECT 0"), round(1), due("SELECT 1")]).is_empty());
    }

    #[test]
    fn what_is_done_with_the_first_message_and_again_later_was_not_done_once() {
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
