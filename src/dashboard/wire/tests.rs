//! What is sent has the form that `docs/openapi.json` describes.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::jobs::{Accepted, Done, Job, JobState, Reveal};
use super::labs::{Consumer, Lab, LabPage, QuizProgress, Scenario, Source, Storm, StormScenario};
use super::live::{
    ActionChoice, CauseChoice, CellProgress, Diagnose, Effects, FaultEvent, InstanceChange,
    LiveEvent, LogLine, PaymentChange, Payments, Phase, Plan, PlannedFault, Rates, Rebalance,
};
use super::quiz::{Choice, Given, Question, Shown, Solution};
use super::runs::{Biography, RunKind, RunLine, RunState};
use super::server::{Health, Labels, StackHealth, StackState, Target};
use crate::chaos::storm::Cause;
use crate::chaos::{Edge, Fault};
use crate::dashboard::jobs::Request;
use crate::dashboard::lines::EventLine;
use crate::dashboard::problem::Problem;
use crate::dashboard::wall::{Counts, Known};
use crate::drill::Action;
use crate::quiz::Fate;
use crate::report::explore::steps;
use crate::run::storm::Ownership;
use crate::verdict::{Guarantee, Verdict};

/// Why a body has not the form of that name.
fn problems(name: &str, body: &Value) -> Vec<String> {
    let mut api: Value = serde_json::from_str(include_str!("../../../docs/openapi.json")).unwrap();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{name}"),
    });
    schema["components"] = api["components"].take();
    // No report is held to its schema here: report::fixture and report::explore::schema do that.
    for report in ["run", "explore", "storm"] {
        schema["$defs"][report] = json!({ "$id": format!("json-schema:///{report}.schema.json") });
    }
    schema["$id"] = json!("json-schema:///openapi.json");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors = validator.iter_errors(body);
    errors
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

#[track_caller]
fn holds(name: &str, body: &impl Serialize) {
    let body = serde_json::to_value(body).unwrap();
    assert_eq!(
        problems(name, &body),
        Vec::<String>::new(),
        "{name}: {body}"
    );
}

#[track_caller]
fn is_told<E: LiveEvent>(event: &E) {
    holds(&format!("Event_{}", E::NAME), event);
}

fn lab() -> Lab {
    Lab {
        id: "01".into(),
        name: "select-then-act".into(),
        title: "Look".into(),
        question: "Who pays twice?".into(),
        guarantee: Guarantee::ExactlyOncePerRecord,
        done: "charged".into(),
        consumers: vec![Consumer {
            name: "broken".into(),
            about: "looks first".into(),
        }],
        scenarios: vec![Scenario {
            name: "kill".into(),
            fault: Fault::LostResponse,
            at: "POST /v1/charges".into(),
            edge: Edge::After,
            strikes: 3,
            expect: BTreeMap::from([("broken".into(), Verdict::Violated)]),
            why: "it looked".into(),
        }],
        storm: Some(Storm {
            consumer: "dedup".into(),
            seconds: 60,
            scenarios: vec![StormScenario {
                cause: Cause::Slow,
                expect: Verdict::Held,
                why: "it is slow".into(),
            }],
        }),
        quiz: QuizProgress {
            questions: 3,
            answered: 2,
            right: 1,
        },
    }
}

fn problem(job: Option<&str>) -> Problem {
    let mut problem = Problem::new(StatusCode::CONFLICT, "another goes on", "wait");
    problem.job = job.map(str::to_owned);
    problem
}

fn reveal() -> Reveal {
    Reveal {
        right: false,
        cause: Cause::Slow,
        answer: Cause::Release,
        action: Action::RollBack,
        right_action: Action::FewerPerPoll,
        cause_text: "slow",
        action_text: "take fewer",
        evidence: vec!["late polls".into()],
        correction: vec!["no build changed"],
        run: "0007".into(),
        seed: 7,
    }
}

#[test]
fn bodies_have_the_form_that_is_described() {
    let health = Health {
        version: "0.1.0",
        stack: StackHealth {
            state: StackState::Up,
            kind: Some("native".into()),
            kafka: None,
            postgres: None,
            error: None,
        },
        job: None,
    };
    holds("Health", &health);
    holds("Lab", &lab());
    let source = Source {
        file: "broken.rs".into(),
        text: "fn main() {}".into(),
        lines: vec![EventLine {
            event: "COMMIT".into(),
            line: 1,
        }],
    };
    let page = LabPage {
        lab: lab(),
        guide: "# Lab".into(),
        sources: BTreeMap::from([("broken".into(), source)]),
    };
    holds("LabPage", &page);
    let question = Question {
        id: "zombie".into(),
        ask: "What?".into(),
        run: Some(Shown {
            consumer: "broken".into(),
            scenario: "zombie".into(),
        }),
        options: vec![Choice {
            letter: "a".into(),
            text: "nothing".into(),
        }],
        answer: Some(Given {
            chosen: "a".into(),
            run: None,
        }),
        reveal: Some(Solution {
            right: "b".into(),
            explain: vec!["no".into()],
            fates: BTreeMap::from([(Fate::HalfDone, 2)]),
        }),
    };
    holds("Quiz", &[question]);
    holds("Accepted", &Accepted { job: "1".into() });
    let job = Job {
        id: "1".into(),
        kind: Request::kind(&request(json!({ "kind": "replay", "run": "0007" }))),
        request: request(json!({
            "kind": "run", "lab": "01", "consumer": "broken", "fault": "none", "seed": 7
        })),
        state: JobState::Failed,
        runs: vec!["0007".into()],
        error: Some(problem(None)),
        last_event: 9,
    };
    holds("Job", &job);
    holds("Busy", &problem(Some("1")));
    holds("Error", &problem(None));
    holds("Reveal", &reveal());
    let line = RunLine {
        run: "0007".into(),
        kind: RunKind::Explore,
        lab: None,
        consumer: Some("broken".into()),
        scenario: None,
        state: RunState::Inconclusive,
        verdict: Some(Verdict::Unknown),
        counts: Some(serde_json::value::to_raw_value(&json!({ "payments": 3 })).unwrap()),
        started: 1,
        seconds: Some(2.5),
    };
    holds("RunLine", &line);
    let told = [crate::report::Line {
        at_ms: 1.5,
        who: "a".into(),
        what: "was killed".into(),
    }];
    let (lanes, lines) = steps::steps(&told);
    let biography = Biography {
        payment: "msg-0001".into(),
        outcome: "half_done",
        text: "a was killed".into(),
        effects: vec!["ch_1".into()],
        lanes,
        lines,
    };
    holds("Payment", &biography);
    let target = Target {
        targets: vec!["127.0.0.1:9000".into()],
        labels: Labels {
            lab: "04".into(),
            run: "0007".into(),
            instance: "a".into(),
            consumer: "dedup".into(),
        },
    };
    holds("Targets", &[target]);
}

fn request(body: Value) -> Request {
    holds("JobRequest", &body);
    serde_json::from_value(body).unwrap()
}

#[test]
fn a_request_that_is_described_is_taken_and_told_as_it_was() {
    for body in [
        json!({ "kind": "run", "lab": "01", "consumer": "broken", "scenario": "kill",
            "fault": "stall-kill", "payments": 3, "seed": 1, "replay": "0007" }),
        json!({ "kind": "run", "lab": "01", "consumer": "broken", "fault": "none" }),
        json!({ "kind": "compare", "lab": "01", "scenario": "kill", "seed": 1 }),
        json!({ "kind": "explore", "lab": "01", "consumer": "broken" }),
        json!({ "kind": "replay", "run": "0007/cells/12" }),
        json!({ "kind": "storm", "lab": "04", "scenario": "slow", "seed": 1, "seconds": 60,
            "free": true }),
        json!({ "kind": "drill", "seed": 1, "seconds": 60 }),
    ] {
        let told = serde_json::to_value(request(body.clone())).unwrap();
        assert_eq!(told, body);
        assert_eq!(told["kind"], json!(request(body).kind()));
    }
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
        changed: vec![PaymentChange(1, Known::HalfDone, 2)],
        counts: Counts::default(),
    });
    for state in crate::dashboard::instance::STATES {
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

#[test]
fn a_body_of_another_form_is_found_out() {
    assert!(!problems("Accepted", &json!({ "job": 1 })).is_empty());
    assert!(!problems("Accepted", &json!({ "job": "1", "more": 1 })).is_empty());
    assert!(!problems("Event_phase", &json!({})).is_empty());
    assert!(!problems("JobRequest", &json!({ "kind": "run" })).is_empty());
    let change =
        json!({ "at_ms": 1.0, "changed": [[1, "vanished", 0]], "counts": Counts::default() });
    assert!(!problems("Event_payments", &change).is_empty());
}
