//! What keeps a successor from a message: asked of the timeline while an instance is frozen.

use super::{Entry, Timeline, TimelineEvent};
use crate::event::{Source, Stage, Tap};
use crate::tap::kafka::{Commit, Transaction, TransactionStep};
use crate::tap::{BoundaryEvent, Detail, kafka};

impl Timeline {
    /// As the taps saw it.
    #[must_use]
    pub fn last_statement(&self, backend: i32) -> Option<Entry> {
        let inner = self.lock();
        let asked = |event: &BoundaryEvent| {
            event.tap == Tap::Postgres
                && event.stage == Stage::Received
                && matches!(&event.detail, Some(Detail::Postgres(statement))
                    if statement.backend_pid == Some(backend))
        };
        let mut latest = inner.entries.iter().rev();
        let found = latest
            .find(|entry| matches!(&entry.what, TimelineEvent::Boundary { event } if asked(event)));
        found.map(|entry| Entry::clone(entry))
    }

    #[must_use]
    pub fn acknowledges(&self, topic: &str) -> bool {
        let moves = |event: &BoundaryEvent| {
            let moved = match &event.detail {
                Some(Detail::Kafka(detail)) if !event.was_in_vain() => detail.acknowledges(),
                _ => &[],
            };
            let mut moved = moved.iter();
            event.stage == Stage::Answered && moved.any(|p| p.topic == topic && p.error.is_none())
        };
        let inner = self.lock();
        let mut entries = inner.entries.iter();
        entries
            .any(|entry| matches!(&entry.what, TimelineEvent::Boundary { event } if moves(event)))
    }

    /// It has not ended the transaction: until it does, nobody is told a position of the partition.
    #[must_use]
    pub fn holds_position(
        &self,
        source: &Source,
        topic: &str,
        partition: i32,
        offset: i64,
    ) -> bool {
        let inner = self.lock();
        let mut held = None;
        for entry in &inner.entries {
            let TimelineEvent::Boundary { event } = &entry.what else {
                continue;
            };
            if event.source != *source || event.stage != Stage::Answered {
                continue;
            }
            match &event.detail {
                Some(Detail::Kafka(kafka::Detail::Commit(commit)))
                    if passes(commit, topic, partition, offset) =>
                {
                    held.clone_from(&commit.transactional_id);
                }
                Some(Detail::Kafka(kafka::Detail::Transaction(transaction)))
                    if ends(transaction) && transaction.transactional_id == held =>
                {
                    held = None;
                }
                _ => {}
            }
        }
        held.is_some()
    }
}

impl Entry {
    /// The first of several; none where this is about `message` as well, or names nobody.
    #[must_use]
    pub fn another(&self, message: &str) -> Option<&str> {
        let first = match &self.what {
            TimelineEvent::Boundary { event } => event.subjects.first().map(String::as_str),
            _ => None,
        };
        let about = self.payment.as_deref().or(first);
        about.filter(|_| !self.concerns(message))
    }
}

fn passes(commit: &Commit, topic: &str, partition: i32, offset: i64) -> bool {
    commit.offsets.iter().any(|position| {
        position.topic == topic
            && position.partition == partition
            && position.offset > offset
            && position.error.is_none()
    })
}

fn ends(transaction: &Transaction) -> bool {
    matches!(
        transaction.step,
        TransactionStep::Commit | TransactionStep::Abort
    ) && transaction.error.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::tap::kafka::Position;
    use crate::tap::postgres;

    fn source(instance: &str) -> Source {
        Source {
            instance: instance.into(),
            incarnation: 1,
        }
    }

    fn boundary(instance: &str, tap: Tap, stage: Stage, detail: Detail) -> TimelineEvent {
        let event = BoundaryEvent {
            tap,
            stage,
            source: source(instance),
            signature: String::new(),
            subjects: Vec::new(),
            outcome: String::new(),
            writes: true,
            role: Role::Request,
            result: None,
            detail: None,
        }
        .with_detail(detail);
        TimelineEvent::Boundary { event }
    }

    fn put(instance: &str, transaction: Option<&str>, offset: i64) -> TimelineEvent {
        let commit = Commit {
            group: "g".into(),
            member_id: "m".into(),
            group_instance_id: None,
            generation: 1,
            transactional_id: transaction.map(str::to_owned),
            offsets: vec![Position {
                topic: "payments".into(),
                partition: 0,
                offset,
                metadata: None,
                payment: None,
                error: None,
            }],
        };
        let detail = Detail::Kafka(kafka::Detail::Commit(commit));
        let mut what = boundary(instance, Tap::Kafka, Stage::Answered, detail);
        if let TimelineEvent::Boundary { event } = &mut what {
            event.outcome = format!("offset {offset}");
        }
        what
    }

    #[test]
    fn a_position_in_a_transaction_is_not_told_as_committed() {
        let told = |transaction| put("a", transaction, 5).clause().map(|c| c.what);
        assert_eq!(
            told(Some("tx")).as_deref(),
            Some("put offset 5 into its transaction")
        );
        assert_eq!(told(None).as_deref(), Some("committed offset 5"));
    }

    fn ended(stage: Stage, step: TransactionStep) -> TimelineEvent {
        let transaction = Transaction {
            transactional_id: Some("tx".into()),
            producer_id: 1,
            producer_epoch: 0,
            step,
            positions: Vec::new(),
            error: None,
        };
        let detail = Detail::Kafka(kafka::Detail::Transaction(transaction));
        boundary("a", Tap::Kafka, stage, detail)
    }

    #[test]
    fn a_position_is_held_from_its_commit_to_the_end_of_its_transaction() {
        let timeline = Timeline::in_memory();
        let holds = || timeline.holds_position(&source("a"), "payments", 0, 4);
        timeline.record(None, put("a", Some("tx"), 4));
        assert!(!holds(), "that is before the record");
        timeline.record(None, put("b", Some("other"), 5));
        assert!(!holds(), "that is somebody else's");
        timeline.record(None, put("a", None, 5));
        assert!(!holds(), "that is in no transaction");
        timeline.record(None, put("a", Some("tx"), 5));
        assert!(holds());
        timeline.record(None, ended(Stage::Received, TransactionStep::Commit));
        assert!(holds(), "that is only asked for");
        timeline.record(None, ended(Stage::Answered, TransactionStep::Commit));
        assert!(!holds());
    }

    fn asked(backend: i32, stage: Stage) -> TimelineEvent {
        let detail = postgres::Detail {
            backend_pid: Some(backend),
            ..postgres::Detail::default()
        };
        boundary("b", Tap::Postgres, stage, Detail::Postgres(detail))
    }

    #[test]
    fn who_waits_for_a_lock_is_known_by_what_its_backend_was_asked_last() {
        let timeline = Timeline::in_memory();
        timeline.record(Some("msg-0001"), asked(7, Stage::Received));
        timeline.record(Some("msg-0001"), asked(7, Stage::Answered));
        timeline.record(Some("msg-0002"), asked(8, Stage::Received));
        timeline.record(None, asked(9, Stage::Received));
        let of_another = |backend, message| {
            let last = timeline.last_statement(backend).expect("it was asked");
            last.another(message).map(str::to_owned)
        };
        assert_eq!(of_another(7, "msg-0002").as_deref(), Some("msg-0001"));
        assert_eq!(of_another(7, "msg-0001"), None);
        assert_eq!(of_another(8, "msg-0002"), None);
        assert_eq!(of_another(9, "msg-0002"), None, "that names nobody");
        assert_eq!(timeline.last_statement(10), None);
    }

    #[test]
    fn a_statement_about_several_others_is_not_about_this_one() {
        let timeline = Timeline::in_memory();
        let mut what = asked(7, Stage::Received);
        if let TimelineEvent::Boundary { event } = &mut what {
            event.subjects = vec!["msg-0003".into(), "msg-0004".into()];
        }
        timeline.record(None, what);
        let last = timeline.last_statement(7).expect("it was asked");
        assert_eq!(last.another("msg-0002"), Some("msg-0003"));
        assert_eq!(last.another("msg-0004"), None, "it is among them");
    }

    #[test]
    fn a_consumer_acknowledges_when_a_position_of_the_topic_was_moved_for_good() {
        let timeline = Timeline::in_memory();
        let acknowledges = || timeline.acknowledges("payments");
        timeline.record(None, put("a", Some("tx"), 5));
        assert!(!acknowledges(), "its transaction has not ended");
        let mut refused = put("a", None, 5);
        if let TimelineEvent::Boundary { event } = &mut refused
            && let Some(Detail::Kafka(kafka::Detail::Commit(commit))) = &mut event.detail
        {
            commit.offsets[0].error = Some("ILLEGAL_GENERATION".into());
        }
        timeline.record(None, refused);
        assert!(!acknowledges());
        timeline.record(None, put("a", None, 5));
        assert!(acknowledges());
        assert!(!timeline.acknowledges("others"));
    }
}
