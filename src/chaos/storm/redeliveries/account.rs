//! The same checks, counted at the tap and by the consumers.
//!
//! The tap counts a check when its answer goes to the process; the process counts it a moment
//! later, and somebody reads the counter later still. A process that dies in between takes with it
//! what was not counted or not read. Those checks are taken out of the comparison by evidence, one
//! by one, never by a tolerance: which process, how many were answered to it, how many its last
//! page tells of, and how many were answered when that page was asked for.
//!
//! A living process has no excuse. Of a dead one, only the last statement before a page may be
//! missing on it, because a consumer counts one before it sends the next.

use std::collections::{HashMap, HashSet};

use super::{RecordPlace, Redeliveries};
use crate::event::Source;

#[derive(Debug, Default)]
pub(super) struct CheckAnswers {
    total: u64,
    /// Records answered after each statement.
    ends: Vec<u64>,
    /// Records that came again, each with its number among all that were answered, from 0.
    again: Vec<(u64, RecordPlace)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MetricReading {
    /// Records it said that it had checked.
    pub checks: u64,
    pub redelivered: u64,
    /// Records answered to it when the page was asked for.
    pub answered: u64,
}

/// Of the checks that both tap and metric have counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RedeliveryAccount {
    pub outside: u64,
    pub metric: u64,
    /// Checks, of any kind, answered to processes that died before they told of them.
    pub uncounted: u64,
    /// Came again after a check whose answer came to nobody, or that was being counted when the
    /// last page was read: nobody outside can tell whether the metric must have them.
    pub doubtful: u64,
}

impl CheckAnswers {
    pub(super) fn record(&mut self, place: RecordPlace, again: bool) {
        if again {
            self.again.push((self.total, place));
        }
        self.total += 1;
    }

    pub(super) fn statement_ends(&mut self) {
        self.ends.push(self.total);
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    fn statements(&self, records: u64) -> usize {
        self.ends.partition_point(|end| *end <= records)
    }

    /// Up to which record both have counted, and up to which nobody can tell.
    fn compared(&self, told: MetricReading, lives: bool) -> (u64, u64) {
        let counted = self.statements(told.checks);
        let is_explained = counted + 1 >= self.statements(told.answered);
        if lives || !is_explained || told.checks >= self.total {
            return (self.total, self.total);
        }
        let certain = counted.checked_sub(1).map_or(0, |last| self.ends[last]);
        match told.checks == certain {
            true => (certain, certain),
            // The page was read in the middle of a statement's records.
            false => (certain, self.ends[counted]),
        }
    }
}

impl Redeliveries {
    /// `living` could still have told more. The consumers tell a redelivery of a `republished`
    /// record by the payment's first record, as one more of the producer's.
    #[must_use]
    pub fn account(
        &self,
        told: &HashMap<Source, MetricReading>,
        living: &HashSet<Source>,
        republished: &HashSet<RecordPlace>,
    ) -> RedeliveryAccount {
        let mut account = RedeliveryAccount {
            metric: told.values().map(|told| told.redelivered).sum(),
            ..RedeliveryAccount::default()
        };
        let is_first = |place: &RecordPlace| !republished.contains(place);
        for (source, answers) in &self.answers {
            let told = told.get(source).copied().unwrap_or_default();
            let (certain, told_of) = answers.compared(told, living.contains(source));
            account.uncounted += answers.total - told_of;
            for (number, place) in &answers.again {
                if *number < certain {
                    account.outside += u64::from(is_first(place));
                } else if *number < told_of {
                    account.doubtful += u64::from(is_first(place));
                }
            }
        }
        let unanswered = self.under_way.values().flatten().flatten();
        let unanswered = unanswered.chain(self.pending.values().flatten());
        let came = |(partition, offset): &&RecordPlace| {
            let seen = self.seen.get(partition);
            seen.is_some_and(|seen| seen.has(*offset))
        };
        account.doubtful += unanswered.filter(came).filter(|p| is_first(p)).count() as u64;
        account
    }
}

#[cfg(test)]
mod tests;
