//! The events.

use std::collections::BTreeMap;

use super::{holds, problem};
use crate::chaos::Fault;
use crate::chaos::storm::Cause;
use crate::dashboard::instance::InstanceState;
use crate::dashboard::payment_grid::{LiveCounts, PaymentState};
use crate::dashboard::wire::jobs::Done;
use crate::dashboard::wire::live::{
    ActionChoice, CauseChoice, CellProgress, Diagnose, Effects, FaultEvent, InstanceChange,
    LiveEvent, LogLine, PaymentChange, Payments, Phase, Plan, PlannedFault, Rates, Rebalance,
};
use crate::drill::Action;
use crate::storm::Ownership;
use crate::verdict::Outcome;
use crate::window::Edge;

#[track_caller]
fn is_told<E: LiveEvent>(event: &E) {
    holds(&format!("Event_{}", E::NAME), event);
}

#[test]
fn events_have_the_form_that_is_described() {
    is_told(&Phase { text: "strike" });
    is_told(&Plan {
        run: "0007".into(),
        instances: vec!["a".into()],
        faults: vec![PlannedFault {
            fault: Fault::StallKill,
            at: "COMMIT".into(),
            edge: Edge::Before,
            payment: "msg-0001".into(),
        }],
        effects: Effects::AtTheEnd,
        ..Plan::default()
    });
    is_told(&Payments {
        at_ms: 1.5,
        changed: vec![PaymentChange(1, PaymentState::Of(Outcome::HalfDone), 2)],
        counts: LiveCounts::default(),
    });
    for state in InstanceState::ALL {
        is_told(&InstanceChange {
            at_ms: 1.5,
            name: "a".into(),
            state,
            payment: None,
            event: Some("COMMIT".into()),
            line: Some(3),
        });
    }
    is_told(&FaultEvent {
        at_ms: 1.5,
        fault: "kill",
        payment: Some("msg-0001"),
        instance: None,
        text: "kill after COMMIT at a",
        problem: None,
    });
    let partitions = BTreeMap::from([("a".to_owned(), vec![0, 1])]);
    is_told(&Rebalance {
        at_ms: 1.5,
        generation: None,
        partitions: &partitions,
    });
    is_told(&Ownership {
        at_ms: 1,
        generation: Some(3),
        partitions,
    });
    is_told(&CellProgress { done: 1, of: 2 });
    is_told(&LogLine {
        at_ms: 1,
        instance: "a".into(),
        line: "rebalance".into(),
    });
    is_told(&Rates {
        at_ms: 1,
        hit_rate: 0.5,
        hit_rate_redelivery: 0.5,
        hit_rate_republish: 0.0,
        redeliveries: 1,
        effects_per_payment: None,
        lag: 1,
        rebalances: 1,
        generation: None,
        produced_per_s: 1.0,
        checks_per_s: 1.0,
    });
    is_told(&Diagnose {
        causes: vec![CauseChoice {
            cause: Cause::Slow,
            text: "slow",
        }],
        actions: vec![ActionChoice {
            action: Action::AskTheProducer,
            text: "ask",
        }],
        logs: "nothing".into(),
    });
    is_told(&Done::Failed(problem(None)));
    is_told(&Done::Compared {
        runs: vec!["0007".into()],
        reports: Vec::new(),
    });
}
