//! The verdict on the incident of a storm: whether it had what was promised of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an incident is to have, counted from outside the consumers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StormPromise")]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Promise {
    /// Of all checks, so many thousandths are of records that were checked before.
    Redelivered {
        /// No fewer than these.
        from: u64,
        /// No more than these.
        to: u64,
    },
    /// Of all records, so many thousandths are payments that were sent before.
    Republished {
        /// No fewer than these.
        from: u64,
        /// No more than these.
        to: u64,
    },
    /// When the release is everywhere, at least so many records come again.
    RedeliveredAfterRollout {
        /// No fewer than these.
        records: u64,
    },
}

/// What an incident was to have, and what it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "StormIncident")]
pub struct Incident {
    /// What was promised.
    pub promise: Promise,
    /// The records that came again, or were sent again.
    pub records: u64,
    /// Of so many.
    pub of: u64,
    /// Strikes that were not planned, and carried out because too little had come again.
    pub added: u64,
    /// Strikes that were planned, and left out because enough had come again or their moment never
    /// came.
    pub left_out: u64,
}

impl Incident {
    #[must_use]
    pub fn is_kept(&self) -> bool {
        let thousandths = self.records * 1_000;
        match self.promise {
            Promise::Redelivered { from, to } | Promise::Republished { from, to } => {
                self.of > 0 && (self.of * from..=self.of * to).contains(&thousandths)
            }
            Promise::RedeliveredAfterRollout { records } => self.records >= records,
        }
    }

    #[must_use]
    pub fn clause(&self) -> String {
        let Self { records, of, .. } = self;
        let percent = |thousandths: u64| format!("{}.{} %", thousandths / 10, thousandths % 10);
        let share = match *of {
            0 => "none".to_owned(),
            of => percent((records * 1_000 + of / 2) / of),
        };
        let band = |from, to| match to {
            1_000 => format!("at least {}", percent(from)),
            _ => format!("{} to {}", percent(from), percent(to)),
        };
        match self.promise {
            Promise::Redelivered { from, to } => format!(
                "the incident was to have {} of its checks redelivered, and had {share} ({records} of {of})",
                band(from, to)
            ),
            Promise::Republished { from, to } => format!(
                "the incident was to have {} of its records sent again, and had {share} ({records} of {of})",
                band(from, to)
            ),
            Promise::RedeliveredAfterRollout { records: least } => format!(
                "at least {least} records were to be redelivered after the rollout, and {records} were"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKS: Promise = Promise::Redelivered { from: 60, to: 100 };

    fn incident(promise: Promise, records: u64, of: u64) -> Incident {
        Incident {
            promise,
            records,
            of,
            added: 0,
            left_out: 0,
        }
    }

    #[test]
    fn a_share_is_kept_at_both_ends_of_its_band_and_not_beyond() {
        for (records, kept) in [
            (0, false),
            (59, false),
            (60, true),
            (100, true),
            (101, false),
        ] {
            let incident = incident(CHECKS, records, 1_000);
            assert_eq!(incident.is_kept(), kept, "{}", incident.clause());
        }
        assert!(!incident(CHECKS, 0, 0).is_kept(), "nothing was checked");
    }

    #[test]
    fn an_amount_is_kept_from_there_on() {
        let promise = Promise::RedeliveredAfterRollout { records: 20 };
        assert!(!incident(promise, 19, 0).is_kept());
        assert!(incident(promise, 20, 0).is_kept());
    }

    #[test]
    fn it_is_told_with_its_numbers() {
        let told = incident(CHECKS, 6, 2_109).clause();
        assert_eq!(
            told,
            "the incident was to have 6.0 % to 10.0 % of its checks redelivered, and had 0.3 % (6 of 2109)"
        );
        let told = incident(
            Promise::Redelivered {
                from: 10,
                to: 1_000,
            },
            0,
            0,
        )
        .clause();
        assert!(
            told.contains("at least 1.0 %") && told.contains("had none"),
            "{told}"
        );
    }
}
