//! The bodies.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{holds, problem};
use crate::chaos::Fault;
use crate::chaos::storm::Cause;
use crate::dashboard::jobs::JobRequest;
use crate::dashboard::lines::EventLine;
use crate::dashboard::wire::jobs::{Accepted, Job, JobState, Reveal};
use crate::dashboard::wire::labs::{
    Consumer, Lab, LabPage, QuizProgress, Scenario, Source, Storm, StormScenario,
};
use crate::dashboard::wire::quiz::{Choice, Given, Question, Shown, Solution};
use crate::dashboard::wire::runs::{Biography, RunKind, RunLine, RunState};
use crate::dashboard::wire::server::{Health, Labels, StackHealth, StackState, Target};
use crate::drill::Action;
use crate::report::explore::steps;
use crate::timeline::{Kind, Mark};
use crate::verdict::{Guarantee, Outcome, Verdict};
use crate::window::Edge;

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
            kind: Some(crate::stack::StackKind::Native),
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
            fates: BTreeMap::from([(Outcome::HalfDone, 2)]),
        }),
    };
    holds("Question", &question);
    holds("Accepted", &Accepted { job: "1".into() });
    let job = Job {
        id: "1".into(),
        kind: JobRequest::kind(&request(json!({ "kind": "replay", "run": "0007" }))),
        request: request(json!({
            "kind": "run", "lab": "01", "consumer": "broken", "fault": "none", "seed": 7
        })),
        state: JobState::Failed,
        runs: vec!["0007".into()],
        error: Some(problem(None)),
        last_event: 9,
    };
    holds("Job", &job);
    holds("Problem", &problem(Some("1")));
    holds("Problem", &problem(None));
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
        kind: Kind::of(Mark::Dead),
        window_ends: None,
    }];
    let (lanes, lines) = steps::steps(&told);
    let biography = Biography {
        payment: "msg-0001".into(),
        outcome: Outcome::HalfDone,
        text: "a was killed".into(),
        effects: vec!["ch_1".into()],
        lanes,
        lines,
    };
    holds("Biography", &biography);
    let target = Target {
        targets: vec!["127.0.0.1:9000".into()],
        labels: Labels {
            lab: "04".into(),
            run: "0007".into(),
            instance: "a".into(),
            consumer: "dedup".into(),
        },
    };
    holds("Target", &target);
}

fn request(body: Value) -> JobRequest {
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
