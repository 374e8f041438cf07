//! What became of the payments of a cell: what may become of a payment, and what only a cell can tell.

use std::cmp::Ordering;

use super::{Guarantee, Judgement, Outcome, Verdict};
use crate::named::{Named, by_name};

/// The worst that became of the payments of a cell. The greater is the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CellOutcome {
    Of(Outcome),
    /// Took effect once, and the successor waited for the zombie's row lock or open transaction.
    Fenced,
    /// The consumer did not come to the window, or did something else before it.
    NotReached,
}

impl CellOutcome {
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Of(outcome) => outcome.short(),
            Self::Fenced => "fenced",
            Self::NotReached => "not reached",
        }
    }

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Of(outcome) => outcome.word(),
            Self::Fenced => "fence",
            Self::NotReached => "?",
        }
    }

    #[must_use]
    pub fn means(self) -> &'static str {
        match self {
            Self::Of(outcome) => outcome.means(),
            Self::Fenced => {
                "once, and a row lock or a transaction kept the zombie and its successor apart"
            }
            Self::NotReached => "the consumer did not come to the window, or no run could be made",
        }
    }

    #[must_use]
    pub fn legend(self) -> Option<&'static str> {
        match self {
            Self::Of(outcome) => outcome.legend(),
            Self::Fenced => Some("waited for a lock"),
            Self::NotReached => Some("not reached"),
        }
    }

    #[must_use]
    pub fn verdict(self, guarantee: Guarantee) -> Verdict {
        match self {
            Self::Of(outcome) => outcome.verdict(guarantee),
            Self::Fenced => Verdict::Held,
            Self::NotReached => Verdict::Unknown,
        }
    }

    fn severity(self) -> (Outcome, u8) {
        match self {
            Self::Of(outcome) => (outcome, 0),
            Self::Fenced => (Outcome::Once, 1),
            Self::NotReached => (Outcome::Once, 2),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worst {
    pub outcome: CellOutcome,
    /// Of equals, the struck one.
    pub payment: String,
    /// 0 where it became of none.
    pub hit: usize,
}

impl Worst {
    /// `fenced`: none where the strike at `struck` did not fire.
    #[must_use]
    pub fn of(judgement: &Judgement, struck: &str, fenced: Option<bool>) -> Self {
        let all = &judgement.exceptions;
        let Some(worst) = all.iter().map(|(_, outcome)| *outcome).max() else {
            let outcome = match fenced {
                None => CellOutcome::NotReached,
                Some(true) => CellOutcome::Fenced,
                Some(false) => CellOutcome::Of(Outcome::Once),
            };
            return Self {
                outcome,
                payment: struck.to_owned(),
                hit: 0,
            };
        };
        let hit = all.iter().filter(|(_, outcome)| *outcome == worst);
        let hit: Vec<&str> = hit.map(|(payment, _)| payment.as_str()).collect();
        let told = if hit.contains(&struck) {
            struck
        } else {
            hit[0]
        };
        Self {
            outcome: worst.into(),
            payment: told.to_owned(),
            hit: hit.len(),
        }
    }
}

impl Named for CellOutcome {
    const KIND: &'static str = "outcome of a cell";

    fn every() -> impl Iterator<Item = Self> {
        let payments = Outcome::ALL.into_iter().map(Self::Of);
        payments.chain([Self::Fenced, Self::NotReached])
    }

    fn name(self) -> &'static str {
        match self {
            Self::Of(outcome) => outcome.name(),
            Self::Fenced => "fenced",
            Self::NotReached => "not_reached",
        }
    }
}

by_name!(CellOutcome);

impl From<Outcome> for CellOutcome {
    fn from(outcome: Outcome) -> Self {
        Self::Of(outcome)
    }
}

impl Ord for CellOutcome {
    fn cmp(&self, other: &Self) -> Ordering {
        self.severity().cmp(&other.severity())
    }
}

impl PartialOrd for CellOutcome {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Counts;

    fn worst(exceptions: &[(&str, Outcome)], fenced: Option<bool>) -> (CellOutcome, String, usize) {
        let exceptions = exceptions.iter().map(|(p, o)| ((*p).to_owned(), *o));
        let judgement = Judgement {
            verdict: Verdict::Unknown,
            reasons: Vec::new(),
            counts: Counts::default(),
            exceptions: exceptions.collect(),
        };
        let Worst {
            outcome,
            payment,
            hit,
        } = Worst::of(&judgement, "msg-0002", fenced);
        (outcome, payment, hit)
    }

    #[test]
    fn the_worst_is_told_of_the_struck_payment_or_else_of_the_first() {
        let struck = || "msg-0002".to_owned();
        let (lost, twice) = (Outcome::Lost, Outcome::Duplicated);
        let both = [("msg-0001", lost), ("msg-0002", lost)];
        assert_eq!(worst(&both, Some(false)), (lost.into(), struck(), 2));
        let other = [("msg-0002", twice), ("msg-0003", lost), ("msg-0004", lost)];
        let of_another = (lost.into(), "msg-0003".to_owned(), 2);
        assert_eq!(worst(&other, None), of_another);
        for (fenced, outcome) in [
            (None, CellOutcome::NotReached),
            (Some(true), CellOutcome::Fenced),
            (Some(false), Outcome::Once.into()),
        ] {
            assert_eq!(worst(&[], fenced), (outcome, struck(), 0));
        }
    }

    #[test]
    fn from_what_is_wished_to_what_is_worst() {
        let mut all: Vec<CellOutcome> = CellOutcome::every().collect();
        all.sort();
        let names: Vec<&str> = all.into_iter().map(CellOutcome::name).collect();
        let expected = [
            "once",
            "fenced",
            "not_reached",
            "parked",
            "unfinished",
            "half_done",
            "duplicated",
            "lost",
        ];
        assert_eq!(names, expected);
    }
}
