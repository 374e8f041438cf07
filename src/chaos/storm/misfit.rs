//! A saved plan may have been edited, cut short, or written by another version.

use std::ops::RangeInclusive;

use super::action::Victims;
use super::plan::SHORTEST_S;
use super::{StormAction, StormPlan, StormStrike};

/// A day.
pub const LONGEST_S: u64 = 86_400;

/// Per second; one producer does not send more.
pub const MOST_RATE: u32 = 100_000;

/// Each is a process on this machine.
pub const MOST_INSTANCES: u32 = 64;

/// A broker of the lab serves no more in time.
pub const MOST_PARTITIONS: u32 = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    #[error("its {what} is {value}, and can be {} to {}", .within.start(), .within.end())]
    Number {
        what: &'static str,
        value: u64,
        within: RangeInclusive<u64>,
    },
    #[error(
        "its incident, {begins} to {ends} ms, leaves nothing to count within its {length_ms} ms"
    )]
    Incident {
        begins: u64,
        ends: u64,
        length_ms: u64,
    },
    #[error("{} at {at_ms} ms comes by hand alone", .action.name())]
    ByHand { action: StormAction, at_ms: u64 },
    #[error("{} at {at_ms} ms strikes nobody", .action.name())]
    Nobody { action: StormAction, at_ms: u64 },
    #[error("{} at {at_ms} ms strikes place {slot} of {instances}", .action.name())]
    Place {
        action: StormAction,
        at_ms: u64,
        /// From 0.
        slot: u32,
        instances: u32,
    },
    #[error("{} at {at_ms} ms strikes all, and names place {slot}", .action.name())]
    OneOfAll {
        action: StormAction,
        at_ms: u64,
        slot: u32,
    },
    #[error("{} at {at_ms} ms waits for records, which a broker has not", .action.name())]
    Waits { action: StormAction, at_ms: u64 },
}

fn number(what: &'static str, value: u64, within: RangeInclusive<u64>) -> Result<(), Misfit> {
    if within.contains(&value) {
        return Ok(());
    }
    Err(Misfit::Number {
        what,
        value,
        within,
    })
}

impl StormPlan {
    pub fn checked(self) -> Result<Self, Misfit> {
        let (partitions, instances) = (u64::from(self.partitions), u64::from(self.instances));
        let most_instances = partitions.min(MOST_INSTANCES.into());
        number(
            "length in ms",
            self.length_ms,
            SHORTEST_S * 1_000..=LONGEST_S * 1_000,
        )?;
        number("rate", self.rate.into(), 1..=MOST_RATE.into())?;
        number(
            "number of partitions",
            partitions,
            2..=MOST_PARTITIONS.into(),
        )?;
        number("number of instances", instances, 2..=most_instances)?;
        number(
            "republished_per_mille",
            self.republished_per_mille.into(),
            0..=1_000,
        )?;
        let (begins, ends) = self.incident_ms;
        let shows = begins.saturating_add(self.bucket_ms());
        if shows >= ends || ends > self.length_ms {
            return Err(Misfit::Incident {
                begins,
                ends,
                length_ms: self.length_ms,
            });
        }
        let check = |strike: &StormStrike| strike.check(self.instances);
        self.strikes.iter().try_for_each(check)?;
        Ok(self)
    }
}

impl StormStrike {
    fn check(&self, instances: u32) -> Result<(), Misfit> {
        let (action, at_ms) = (self.action, self.at_ms);
        let latest = LONGEST_S * 1_000;
        number("time of a strike in ms", at_ms, 0..=latest)?;
        number("length of a strike in ms", self.for_ms, 0..=latest)?;
        // Payments are numbered so.
        let records = self.uncommitted.unwrap_or(0);
        number(
            "number of uncommitted records",
            records,
            0..=u32::MAX.into(),
        )?;
        // A schedule may be of a cluster with more brokers: they are counted round.
        let is_broker = action == StormAction::BrokerStop;
        if is_broker && self.uncommitted.is_some() {
            return Err(Misfit::Waits { action, at_ms });
        }
        match (action.victims(), self.slot) {
            (Victims::ByHand, _) => Err(Misfit::ByHand { action, at_ms }),
            (Victims::One, None) => Err(Misfit::Nobody { action, at_ms }),
            (Victims::One, Some(slot)) if slot >= instances && !is_broker => Err(Misfit::Place {
                action,
                at_ms,
                slot,
                instances,
            }),
            (Victims::All, Some(slot)) => Err(Misfit::OneOfAll {
                action,
                at_ms,
                slot,
            }),
            (Victims::One, Some(_)) | (Victims::All, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cause, StormParameters};
    use super::*;

    fn plan(cause: Cause) -> StormPlan {
        let parameters = StormParameters {
            cause,
            seconds: 50,
            rate: 100,
            partitions: 8,
            instances: 4,
            commit_interval_ms: 2_000,
            brokers: 3,
        };
        parameters.plan(4).expect("it can be planned")
    }

    fn refused(change: impl FnOnce(&mut StormPlan)) -> String {
        let mut edited = plan(Cause::Rebalances);
        change(&mut edited);
        let misfit = edited.checked().expect_err("it cannot be carried out");
        misfit.to_string()
    }

    fn struck(
        action: StormAction,
        slot: Option<u32>,
        change: impl FnOnce(&mut StormStrike),
    ) -> String {
        let mut strike = StormStrike {
            at_ms: 7_000,
            action,
            slot,
            uncommitted: None,
            for_ms: 0,
        };
        change(&mut strike);
        refused(|plan| plan.strikes = vec![strike])
    }

    #[test]
    fn whatever_is_planned_fits() {
        for cause in Cause::ALL {
            assert_eq!(plan(cause).checked(), Ok(plan(cause)));
        }
    }

    #[test]
    fn numbers_that_no_storm_has_are_refused() {
        assert_eq!(
            refused(|plan| plan.length_ms = 80),
            "its length in ms is 80, and can be 18000 to 86400000"
        );
        assert_eq!(
            refused(|plan| plan.instances = 9),
            "its number of instances is 9, and can be 2 to 8"
        );
        for edit in [
            |plan: &mut StormPlan| plan.rate = 0,
            |plan: &mut StormPlan| plan.partitions = u32::MAX,
            |plan: &mut StormPlan| plan.instances = 0,
            |plan: &mut StormPlan| plan.republished_per_mille = u32::MAX,
            |plan: &mut StormPlan| plan.incident_ms = (40_000, 20_000),
            |plan: &mut StormPlan| plan.incident_ms = (10_000, 10_001),
            |plan: &mut StormPlan| plan.incident_ms = (u64::MAX, u64::MAX),
            |plan: &mut StormPlan| plan.incident_ms.1 = plan.length_ms + 1,
        ] {
            refused(edit);
        }
    }

    #[test]
    fn a_strike_at_somebody_who_is_not_there_is_refused() {
        let as_it_is = |_: &mut StormStrike| {};
        for (told, said) in [
            (
                struck(StormAction::Kill, None, as_it_is),
                "kill at 7000 ms strikes nobody",
            ),
            (
                struck(StormAction::Kill, Some(4), as_it_is),
                "kill at 7000 ms strikes place 4 of 4",
            ),
            (
                struck(StormAction::Thaw, Some(0), as_it_is),
                "thaw at 7000 ms comes by hand alone",
            ),
            (
                struck(StormAction::BrokerOutage, Some(9), as_it_is),
                "broker-outage at 7000 ms strikes all, and names place 9",
            ),
            (
                struck(StormAction::BrokerStop, Some(9), |strike| {
                    strike.uncommitted = Some(5)
                }),
                "broker-stop at 7000 ms waits for records, which a broker has not",
            ),
        ] {
            assert_eq!(told, said);
        }
    }

    #[test]
    fn a_strike_that_never_comes_or_never_ends_is_refused() {
        for edit in [
            |strike: &mut StormStrike| strike.at_ms = u64::MAX,
            |strike: &mut StormStrike| strike.for_ms = u64::MAX,
            |strike: &mut StormStrike| strike.uncommitted = Some(u64::MAX),
        ] {
            struck(StormAction::Kill, Some(0), edit);
        }
    }
}
