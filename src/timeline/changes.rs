//! What an event changed outside the instance, if it did.

use crate::tap::kafka::{self, Commit, Step};
use crate::tap::{BoundaryEvent, Detail, Stage, Tap, postgres};

/// Whether the event is the answer to what would make something outside the instance different. A
/// statement that writes and touches no row, as a worker's poll does, changes nothing.
#[must_use]
pub fn changes_something(event: &BoundaryEvent) -> bool {
    let touched = match &event.detail {
        Some(Detail::Postgres(statement)) => statement.rows != Some(0),
        _ => true,
    };
    event.stage == Stage::Answered && event.writes && touched
}

/// Whether the server did nothing of what it was asked: it refused, gave up, or had done it before. A
/// failure of which it is not certain is none.
pub(super) fn is_in_vain(event: &BoundaryEvent) -> bool {
    match &event.detail {
        Some(Detail::Postgres(statement)) => changed_no_row(statement),
        Some(Detail::Kafka(detail)) => broker_refused(detail),
        None if matches!(event.tap, Tap::Provider | Tap::Sink) => {
            // A failure with 5xx may have been executed.
            event.outcome.starts_with('4') || event.outcome.ends_with("(replayed)")
        }
        None => false,
    }
}

/// Several statements in one request may hold a COMMIT before the one that failed: the tag of whatever
/// was completed is there.
fn changed_no_row(statement: &postgres::Detail) -> bool {
    match (&statement.tag, &statement.sqlstate) {
        (None, refused) => refused.is_some(),
        // So is answered the COMMIT of a transaction that has failed.
        (Some(tag), _) => tag == "ROLLBACK",
    }
}

fn broker_refused(detail: &kafka::Detail) -> bool {
    match detail {
        kafka::Detail::Commit(Commit { offsets, .. }) => {
            !offsets.is_empty() && offsets.iter().all(|p| p.error.is_some())
        }
        kafka::Detail::Produce(sent) => !sent.is_empty() && sent.iter().all(|p| p.error.is_some()),
        kafka::Detail::Transaction(transaction) => {
            transaction.error.is_some() || transaction.step == Step::Abort
        }
        kafka::Detail::Fetch(_) | kafka::Detail::Membership(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tap::Source;
    use crate::tap::kafka::{Position, Transaction};
    use crate::timeline::{Happening, Timeline};

    fn answered(tap: Tap, outcome: &str, detail: Option<Detail>) -> BoundaryEvent {
        BoundaryEvent {
            tap,
            stage: Stage::Answered,
            source: Source {
                instance: "a".into(),
                incarnation: 1,
            },
            signature: String::new(),
            subjects: Vec::new(),
            outcome: outcome.into(),
            writes: true,
            detail,
        }
    }

    fn statement(tag: Option<&str>, sqlstate: Option<&str>) -> BoundaryEvent {
        let detail = postgres::Detail {
            tag: tag.map(Into::into),
            sqlstate: sqlstate.map(Into::into),
            ..postgres::Detail::default()
        };
        answered(Tap::Postgres, "", Some(Detail::Postgres(detail)))
    }

    #[test]
    fn a_statement_that_failed_was_in_vain_unless_another_was_completed_before_it() {
        assert!(is_in_vain(&statement(None, Some("23505"))));
        assert!(is_in_vain(&statement(Some("ROLLBACK"), None)));
        assert!(!is_in_vain(&statement(Some("INSERT 0 1"), None)));
        let partly = Some("INSERT 0 1; COMMIT");
        assert!(!is_in_vain(&statement(partly, Some("23505"))));
        assert!(!is_in_vain(&statement(None, None)), "nothing is known");
    }

    #[test]
    fn who_is_refused_is_busy_and_changes_nothing() {
        let timeline = Timeline::in_memory();
        let seen = |event| {
            timeline.record(None, Happening::Boundary { event });
            (timeline.activity(), timeline.changes())
        };
        assert_eq!(seen(statement(None, Some("23505"))), (1, 0));
        assert_eq!(seen(statement(Some("INSERT 0 1"), None)), (2, 1));
    }

    #[test]
    fn a_request_was_in_vain_that_was_refused_or_answered_before() {
        let provider = |outcome| is_in_vain(&answered(Tap::Provider, outcome, None));
        assert!(provider("409 idempotency_key_in_use"));
        assert!(provider("200 ch_1 (replayed)"));
        assert!(!provider("200 ch_1"));
        assert!(!provider("500 api_error"), "it may have been executed");
    }

    #[test]
    fn a_commit_was_in_vain_when_every_position_was_refused() {
        let commit = |errors: &[Option<&str>]| {
            let position = |error: &Option<&str>| Position {
                topic: "payments".into(),
                partition: 0,
                offset: 1,
                metadata: None,
                payment: None,
                error: error.map(Into::into),
            };
            let commit = Commit {
                group: "g".into(),
                member_id: "m".into(),
                group_instance_id: None,
                generation: 1,
                transactional_id: None,
                offsets: errors.iter().map(position).collect(),
            };
            let detail = Detail::Kafka(kafka::Detail::Commit(commit));
            is_in_vain(&answered(Tap::Kafka, "", Some(detail)))
        };
        assert!(commit(&[Some("ILLEGAL_GENERATION")]));
        assert!(!commit(&[Some("ILLEGAL_GENERATION"), None]));
        assert!(!commit(&[]));
        let ended = |step, error: Option<&str>| {
            let transaction = Transaction {
                transactional_id: None,
                producer_id: 1,
                producer_epoch: 0,
                step,
                positions: Vec::new(),
                error: error.map(Into::into),
            };
            let detail = Detail::Kafka(kafka::Detail::Transaction(transaction));
            is_in_vain(&answered(Tap::Kafka, "", Some(detail)))
        };
        assert!(ended(Step::Abort, None) && ended(Step::Commit, Some("PRODUCER_FENCED")));
        assert!(!ended(Step::Commit, None));
    }
}
