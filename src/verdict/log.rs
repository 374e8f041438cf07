//! What a run shows of positions in the log, beside what became of its payments.
//!
//! A commit before the work loses nothing as long as nobody dies in between, and a record that comes
//! again does no harm to whoever has dedup. So a [`LogFinding`] is a fact with its evidence, and changes
//! no verdict: it says where the loss, or the second effect, would be.
//!
//! All is seen from outside, and whatever could be right is not told:
//!
//! - A record that is fetched is not handed over: clients prefetch, and drop what they have fetched when
//!   a partition is taken from them. What a process then does about the message shows that it had it.
//! - A change that nobody can attribute may be the work on any message that was fetched before it.
//! - What a process keeps where there is no tap, as a queue in a file, is not seen, but by what another
//!   process does that was never given the record.
//! - A process that was struck at a request, and lives on, need not know what came of it, and may go
//!   back to what it does not know to be acknowledged.
//! - Positions that a transaction moves are told to others some time after its end.

mod ahead;
mod order;
mod redelivered;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Guarantee;

/// A fact about positions in the log, with its evidence. Times are in milliseconds since the run began;
/// a process is told by its instance and which of its lives it was: `a#2`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum LogFinding {
    /// A commit passed a payment for which nothing was done: a crash at that moment would lose it.
    CommittedAhead {
        /// The payment.
        payment: String,
        /// Where its record is.
        partition: i32,
        /// Where its record is.
        offset: i64,
        /// The process that committed.
        by: String,
        /// The offset that it committed: the next to be read.
        position: i64,
        /// When the commit was answered.
        committed_ms: f64,
        /// When something was done for the payment after all; none where nothing ever was.
        done_ms: Option<f64>,
    },
    /// A record whose payment was done and acknowledged was handed over again.
    RedeliveredAfterCommit {
        /// The payment.
        payment: String,
        /// Where its record is.
        partition: i32,
        /// Where its record is.
        offset: i64,
        /// The process that it was handed to again.
        to: String,
        /// When it was.
        delivered_ms: f64,
        /// The process that had committed.
        committed_by: String,
        /// The offset that it had committed: the next to be read.
        position: i64,
        /// When the commit was answered.
        committed_ms: f64,
    },
    /// Of two records with one key the later was done first.
    OutOfOrder {
        /// The key.
        key: String,
        /// The partition of both.
        partition: i32,
        /// The payment whose record stands first.
        first: String,
        /// The payment that was done first.
        second: String,
        /// When the second was done.
        second_done_ms: f64,
        /// When the first was asked for, for the first time that it came to anything.
        first_asked_ms: f64,
    },
}

impl LogFinding {
    /// The name used in reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::CommittedAhead { .. } => "committed_ahead",
            Self::RedeliveredAfterCommit { .. } => "redelivered_after_commit",
            Self::OutOfOrder { .. } => "out_of_order",
        }
    }

    /// The payment that it is about.
    #[must_use]
    pub fn payment(&self) -> &str {
        match self {
            Self::CommittedAhead { payment, .. } | Self::RedeliveredAfterCommit { payment, .. } => {
                payment
            }
            Self::OutOfOrder { first, .. } => first,
        }
    }
}

/// What is known of the log of a settled run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogHistory {
    /// What was produced.
    pub records: Vec<LogRecord>,
    /// What was seen, in its order.
    pub facts: Vec<LogFact>,
    /// Whether a fault has put the group's position back: then what was acknowledged comes again.
    pub is_replayed: bool,
}

/// A record that was produced.
#[derive(Debug, Clone, PartialEq)]
pub struct LogRecord {
    /// The payment.
    pub payment: String,
    /// The record's key, if it has one.
    pub key: Option<String>,
    /// Where it is.
    pub partition: i32,
    /// Where it is.
    pub offset: i64,
    /// Whether its payment took effect, as the ledger has it.
    pub took_effect: bool,
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct LogFact {
    /// Milliseconds since the run began.
    pub at_ms: f64,
    /// The process that it is about.
    pub process: String,
    /// What was seen.
    pub event: LogEvent,
}

/// What can be seen.
#[derive(Debug, Clone, PartialEq)]
pub enum LogEvent {
    /// The process began: all that it knows of positions it is told from now on.
    Started,
    /// A fault struck the process at one of its requests.
    Struck,
    /// Records were fetched, by partition and offset; what lies before the position that was asked for is
    /// not among them.
    Delivered {
        /// Where they are.
        places: Vec<(i32, i64)>,
    },
    /// The group's positions were moved, each to the next offset of its partition.
    Committed {
        /// By partition.
        positions: Vec<(i32, i64)>,
        /// Whether a transaction's end moved them.
        by_transaction: bool,
    },
    /// Something was asked of a server for these payments.
    Asked {
        /// The payments.
        payments: Vec<String>,
    },
    /// Something was done for good, or may have been.
    Done {
        /// The payments for which it was done; none where nobody can say.
        payments: Vec<String>,
        /// Whether it was what the customer feels.
        is_effect: bool,
        /// When it was asked for.
        asked_ms: f64,
    },
}

impl LogFact {
    /// Whether something was done for this payment.
    fn does(&self, payment: &str) -> bool {
        matches!(&self.event, LogEvent::Done { payments, .. }
            if payments.iter().any(|p| p == payment))
    }

    /// Whether something was done, and nobody can say for which payment.
    fn is_nobodys(&self) -> bool {
        matches!(&self.event, LogEvent::Done { payments, .. } if payments.is_empty())
    }

    fn delivers(&self, record: &LogRecord) -> bool {
        matches!(&self.event, LogEvent::Delivered { places }
            if places.contains(&(record.partition, record.offset)))
    }

    /// Where the group's position on the record's partition is after this; none if it is no commit of
    /// it.
    fn position(&self, record: &LogRecord) -> Option<i64> {
        let LogEvent::Committed { positions, .. } = &self.event else {
            return None;
        };
        let of_partition = positions.iter().rev();
        let mut of_partition = of_partition.filter(|(p, _)| *p == record.partition);
        of_partition.next().map(|(_, next)| *next)
    }
}

/// What there is to be said of the log, in the order of the records.
#[must_use]
pub fn log_findings(history: &LogHistory, guarantee: Guarantee) -> Vec<LogFinding> {
    // Who may lose commits first, and is right.
    let may_lose = guarantee == Guarantee::AtMostOnce;
    let mut findings = Vec::new();
    if !may_lose {
        findings.extend(ahead::committed_ahead(history));
    }
    if !history.is_replayed {
        findings.extend(redelivered::after_commit(history));
    }
    findings.extend(order::out_of_order(history));
    let by_payment: BTreeMap<&str, usize> = positions_of(&history.records);
    findings.sort_by_key(|finding| by_payment.get(finding.payment()).copied());
    findings
}

/// Whether the consumer was seen to do a payment that it had acknowledged, and of whose record the process
/// that did it knew from somewhere else: then none of its commits is known to be ahead of its work.
#[must_use]
pub fn hands_over(history: &LogHistory) -> bool {
    ahead::hands_over(history)
}

fn positions_of(records: &[LogRecord]) -> BTreeMap<&str, usize> {
    let mut positions = BTreeMap::new();
    for (at, record) in records.iter().enumerate() {
        positions.entry(record.payment.as_str()).or_insert(at);
    }
    positions
}

#[cfg(test)]
mod tests;
