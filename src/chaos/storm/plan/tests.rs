use std::ops::Range;

use super::planner::{OUTAGE_INTERVALS, REACTION_S, STOPPED_MS, UNTOLD_S, ms};
use super::*;
use crate::chaos::storm::StormStrike;

fn parameters(cause: Cause) -> StormParameters {
    StormParameters {
        cause,
        seconds: 90,
        rate: 2_000,
        partitions: 16,
        instances: 4,
        commit_interval_ms: 2_000,
        brokers: 0,
    }
}

fn share(plan: &StormPlan, time: Range<u64>) -> f64 {
    let (rate, instances) = (f64::from(plan.rate), f64::from(plan.instances));
    let struck = plan.strikes.iter().filter(|s| time.contains(&s.at_ms));
    let again: f64 = struck
        .map(|strike| match (strike.action, strike.uncommitted) {
            (StormAction::DatabaseOutage, _) => OUTAGE_INTERVALS * 2.0 * rate,
            (StormAction::Evict, Some(records)) => ms(records) + UNTOLD_S * rate / instances,
            (_, Some(records)) => ms(records) + REACTION_S * rate / instances,
            (_, None) => 0.0,
        })
        .sum();
    again / (again + rate * ms(length(&time)) / 1_000.0)
}

#[test]
fn the_schedule_adds_up_to_the_shares_that_it_is_to_make() {
    for seed in 0..20 {
        let plan = parameters(Cause::Rebalances).plan(seed).unwrap();
        let (from, to) = plan.incident_ms;
        let calm = to + plan.length_ms / 18..plan.length_ms;
        let shares = [0..from, from..to, calm].map(|time| share(&plan, time));
        assert!((0.0004..0.0006).contains(&shares[0]), "{shares:?}");
        assert!((0.07..0.09).contains(&shares[1]), "{shares:?}");
        assert!((0.0004..0.0006).contains(&shares[2]), "{shares:?}");
    }
}

#[test]
fn no_strike_waits_for_more_than_a_commit_interval_can_bring() {
    for seconds in [18, 30, 90, 1_080] {
        let parameters = StormParameters {
            seconds,
            ..parameters(Cause::Rebalances)
        };
        let most = 2_000 / 4 * 2;
        let strikes = parameters.plan(3).unwrap().strikes;
        for strike in strikes.into_iter().filter(|s| s.slot.is_some()) {
            assert!(
                strike.uncommitted.is_none_or(|records| records < most),
                "{strike:?}"
            );
        }
    }
}

#[test]
fn the_same_seed_plans_the_same_storm_and_another_does_not() {
    let plan = |seed| parameters(Cause::Rebalances).plan(seed).unwrap();
    assert_eq!(plan(7), plan(7));
    assert_ne!(plan(7).strikes, plan(8).strikes);
}

#[test]
fn a_broker_is_stopped_in_the_incident_where_one_can_be_and_nothing_else_changes() {
    let mut stopped = std::collections::BTreeSet::new();
    for seed in 0..20 {
        let one = parameters(Cause::Rebalances).plan(seed).unwrap();
        let three = StormParameters {
            brokers: 3,
            ..parameters(Cause::Rebalances)
        };
        let mut three = three.plan(seed).unwrap();
        let is_stop = |strike: &StormStrike| strike.action == StormAction::BrokerStop;
        assert!(!one.strikes.iter().any(is_stop));
        let stops: Vec<_> = three
            .strikes
            .extract_if(.., |strike| is_stop(strike))
            .collect();
        assert_eq!(three, one);
        let [stop] = &stops[..] else {
            panic!("{stops:?}")
        };
        let (from, to) = three.incident_ms;
        assert!((from..to - STOPPED_MS).contains(&stop.at_ms), "{stop:?}");
        stopped.insert(stop.slot.expect("one of them"));
    }
    assert_eq!(stopped, (0..3).collect());
}

#[test]
fn every_instance_is_struck_before_anybody_is_struck_again() {
    let plan = parameters(Cause::Release).plan(1).unwrap();
    let released: Vec<_> = plan
        .strikes
        .iter()
        .filter(|s| s.action == StormAction::Release)
        .collect();
    assert_eq!(released.len(), 4);
    let slots: std::collections::BTreeSet<_> = released.iter().map(|s| s.slot).collect();
    assert_eq!(slots.len(), 4);
}

#[test]
fn what_cannot_be_planned_is_told() {
    let short = StormParameters {
        seconds: 5,
        ..parameters(Cause::Slow)
    };
    let alone = StormParameters {
        instances: 1,
        ..parameters(Cause::Slow)
    };
    let idle = StormParameters {
        partitions: 3,
        ..parameters(Cause::Slow)
    };
    for (parameters, text) in [
        (short, "of 5 s"),
        (alone, "1 instance"),
        (idle, "3 partitions"),
    ] {
        let error = parameters.plan(1).unwrap_err().to_string();
        assert!(error.contains(text) && error.contains("next: "), "{error}");
    }
}
