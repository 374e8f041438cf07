//! What a consumer promises about each payment.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CHARGED, Counts, were};

/// A delivery guarantee, as it is declared for a consumer.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Guarantee {
    /// No customer pays twice; a payment may be lost.
    AtMostOnce,
    /// No payment is lost; a customer may pay twice.
    AtLeastOnce,
    /// Every payment takes effect, and takes effect once, however often it is delivered and in
    /// however many records it is sent.
    EffectivelyOnce,
    /// Every record takes effect once, however often it is delivered: what a transaction from topic
    /// to topic promises. The same payment in another record is another record.
    ExactlyOncePerRecord,
}

impl fmt::Display for Guarantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AtMostOnce => "at-most-once",
            Self::AtLeastOnce => "at-least-once",
            Self::EffectivelyOnce => "effectively-once",
            Self::ExactlyOncePerRecord => "exactly-once-per-record",
        })
    }
}

impl Guarantee {
    /// How often a payment may take effect that stands in so many records.
    pub(super) fn allows(self, records: usize) -> usize {
        match self {
            Self::AtMostOnce | Self::EffectivelyOnce => 1,
            Self::AtLeastOnce => usize::MAX,
            Self::ExactlyOncePerRecord => records.max(1),
        }
    }

    /// What of these counts breaks the promise, in words; empty when nothing does. `repeated` payments
    /// took effect more often than it [allows](Self::allows).
    ///
    /// Half-done breaks whatever forbids a loss: its offset is committed, so nobody will ever
    /// finish it. Unfinished breaks nothing: its last word has not been spoken.
    pub(super) fn broken_by(self, counts: &Counts, repeated: usize, done: &str) -> Vec<String> {
        let (forbids_duplicates, forbids_losses) = match self {
            Self::AtMostOnce => (true, false),
            Self::AtLeastOnce => (false, true),
            Self::EffectivelyOnce | Self::ExactlyOncePerRecord => (true, true),
        };
        let mut broken = Vec::new();
        if forbids_duplicates && repeated > 0 {
            broken.push(more_than_once(repeated, done));
        }
        if forbids_losses && counts.lost > 0 {
            broken.push(format!("{} lost", were(counts.lost, "payment")));
        }
        if forbids_losses && counts.half_done > 0 {
            broken.push(format!(
                "{} {done} but not recorded",
                were(counts.half_done, "payment")
            ));
        }
        broken
    }
}

/// A charge is the one effect that a customer pays for.
fn more_than_once(n: usize, done: &str) -> String {
    match (n, done) {
        (1, CHARGED) => "1 customer paid more than once".to_owned(),
        (_, CHARGED) => format!("{n} customers paid more than once"),
        _ => format!("{} {done} more than once", were(n, "payment")),
    }
}
