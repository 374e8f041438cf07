//! What a consumer promises about each payment.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::Breaks;
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
    pub(super) fn allows(self, records: usize) -> usize {
        match self {
            Self::AtMostOnce | Self::EffectivelyOnce => 1,
            Self::AtLeastOnce => usize::MAX,
            Self::ExactlyOncePerRecord => records.max(1),
        }
    }

    pub(super) fn promises(self, part: Breaks) -> bool {
        match (self, part) {
            (_, Breaks::Nothing | Breaks::Undecided) => false,
            (Self::AtMostOnce, part) => part == Breaks::Once,
            (Self::AtLeastOnce, part) => part == Breaks::Never,
            (Self::EffectivelyOnce | Self::ExactlyOncePerRecord, _) => true,
        }
    }

    /// In words; empty when nothing is broken. `repeated` payments took effect more often than it
    /// [allows](Self::allows).
    ///
    /// Half-done breaks whatever forbids a loss: its offset is committed, so nobody will ever
    /// finish it. Unfinished breaks nothing: its last word has not been spoken.
    pub(super) fn broken_by(
        self,
        counts: &Counts,
        repeated: usize,
        effect_verb: &str,
    ) -> Vec<String> {
        let mut broken = Vec::new();
        if self.promises(Breaks::Once) && repeated > 0 {
            broken.push(more_than_once(repeated, effect_verb));
        }
        if self.promises(Breaks::Never) && counts.lost > 0 {
            broken.push(format!("{} lost", were(counts.lost, "payment")));
        }
        if self.promises(Breaks::Never) && counts.half_done > 0 {
            broken.push(format!(
                "{} {effect_verb} but not recorded",
                were(counts.half_done, "payment")
            ));
        }
        broken
    }
}

/// A charge is the one effect that a customer pays for.
fn more_than_once(n: usize, effect_verb: &str) -> String {
    match (n, effect_verb) {
        (1, CHARGED) => "1 customer paid more than once".to_owned(),
        (_, CHARGED) => format!("{n} customers paid more than once"),
        _ => format!("{} {effect_verb} more than once", were(n, "payment")),
    }
}
