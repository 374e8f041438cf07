//! What the log of a finished run shows: the facts for [`log_findings`], out of its timeline.

mod facts;
mod work;

use crate::chaos::Fault;
use crate::event::{message_number, order_id};
use crate::report::explore::Cell;
use crate::run::Finished;
use crate::timeline::TimelineEvent;
use crate::verdict::{self, LogFinding, LogHistory, LogRecord, log_findings};

/// What is to be said of the log in this run; nothing where a boundary was not seen, or not all of it.
pub(super) fn findings(finished: &Finished) -> Vec<LogFinding> {
    let history = of(finished);
    history.map_or_else(Vec::new, |history| {
        log_findings(&history, finished.spec.guarantee)
    })
}

/// Whether one of these runs shows that the consumer hands payments over where there is no tap.
pub(super) fn hands_over(runs: &[Finished]) -> bool {
    let mut histories = runs.iter().filter_map(of);
    histories.any(|history| verdict::hands_over(&history))
}

/// Takes back what was said of commits ahead of work.
pub(super) fn forget_commits(cells: &mut [Cell]) {
    let is_kept = |finding: &LogFinding| !matches!(finding, LogFinding::CommittedAhead { .. });
    cells.iter_mut().for_each(|cell| cell.log.retain(is_kept));
}

fn of(finished: &Finished) -> Option<LogHistory> {
    let history = &finished.history;
    if !history.silent.is_empty() || history.unkept > 0 {
        return None;
    }
    let mut timeline = finished.timeline.iter();
    let topic = timeline.find_map(|entry| match &entry.what {
        TimelineEvent::RoundBegan { topic, .. } => Some(topic),
        _ => None,
    })?;
    let records = history.produced.iter().map(|produced| LogRecord {
        payment: produced.payment.clone(),
        // As the producer keys them.
        key: message_number(&produced.payment).map(order_id),
        partition: produced.partition,
        offset: produced.offset,
        took_effect: !history.effects_of(&produced.payment).is_empty(),
    });
    let mut strikes = finished.spec.schedule.strikes();
    Some(LogHistory {
        records: records.collect(),
        facts: facts::of(&finished.timeline, topic)?,
        is_replayed: strikes.any(|planned| replays(planned.fault)),
    })
}

/// Whether the fault makes a group read again what it has acknowledged.
fn replays(fault: Fault) -> bool {
    match fault {
        Fault::Kill
        | Fault::Terminate
        | Fault::Zombie
        | Fault::LostResponse
        | Fault::Unavailable
        | Fault::StallKill
        // What is produced again is another record.
        | Fault::Duplicate
        | Fault::Join => false,
    }
}
