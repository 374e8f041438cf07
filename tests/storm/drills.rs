//! The drill: four incidents, each told from its numbers, and nothing told too early.

use std::io::Write;
use std::process::{Output, Stdio};

use crashwindow::chaos::storm::Cause;
use crashwindow::drill::{Action, DrillReport, hidden};
use crashwindow::report::storm::StormReport;
use crashwindow::verdict::Verdict;

use crate::support::command;
use crate::{beside_others, runs_folder};

/// Small enough that four fit beside each other.
const SMALL: [&str; 6] = ["--seconds", "18", "--rate", "300", "--instances", "2"];

/// A seed that hides the cause.
fn seed_of(cause: Cause) -> String {
    let seed = (1..1_000).find(|seed| hidden(*seed) == cause);
    seed.expect("every cause has one").to_string()
}

fn drill(cause: Cause, answer: Cause, action: Action) -> std::process::Command {
    let seed = seed_of(cause);
    let answers = [
        "--answer",
        answer.name(),
        "--action",
        action.name(),
        "--json",
    ];
    command(&[&["drill", "--seed", &seed][..], &SMALL, &answers].concat())
}

/// What the drill says, and the report of the storm that it hid.
fn read(output: &Output) -> (DrillReport, StormReport) {
    let said = String::from_utf8_lossy(&output.stderr);
    let drill: DrillReport = serde_json::from_slice(&output.stdout).expect(&said);
    let runs = runs_folder();
    let report = std::fs::read(runs.join(&drill.run).join("report.json")).expect("it is kept");
    (
        drill,
        serde_json::from_slice(&report).expect("it reads back"),
    )
}

#[test]
fn each_of_the_four_causes_has_its_signature() {
    let _turn = beside_others();
    let children = Cause::ALL.map(|cause| {
        let mut drill = drill(cause, cause, Action::right_for(cause));
        drill.stdout(Stdio::piped()).stderr(Stdio::piped());
        (cause, drill.spawn().expect("the program starts"))
    });
    for (cause, child) in children {
        let output = child.wait_with_output().expect("it ends");
        let (drill, report) = read(&output);
        assert_eq!(output.status.code(), Some(0), "{drill:#?}");
        assert_eq!((drill.cause, drill.right), (cause, true), "{drill:#?}");
        assert_eq!(report.cause, cause);
        let incident = report.phases.incident.as_ref().expect("somebody looked");
        let context = format!("{cause}: {incident:#?}");
        let is_release = cause == Cause::Release;
        let expected = if is_release {
            Verdict::Violated
        } else {
            Verdict::Held
        };
        assert_eq!(
            (report.verdict, report.expected),
            (expected, Some(expected)),
            "{report:#?}"
        );
        assert_eq!(
            report.counts.effects > report.counts.paid,
            is_release,
            "{context}"
        );
        assert_eq!(
            report.redeliveries.agree, !is_release,
            "{:?}",
            report.redeliveries
        );
        assert_eq!(
            incident.republish_hits > 0,
            cause == Cause::Republish,
            "{context}"
        );
        assert_eq!(incident.late_polls > 0, cause == Cause::Slow, "{context}");
        match cause {
            Cause::Rebalances | Cause::Slow => {
                assert!(incident.redelivery_hits > 50, "{context}");
                assert!(incident.lost + incident.assigned > 0, "{context}");
            }
            Cause::Republish => assert!((0.06..0.1).contains(&incident.hit_rate), "{context}"),
            // While it is rolled out, instances of the old build still find what is redelivered.
            Cause::Release => {
                let after = report.phases.after.as_ref().expect("somebody looked");
                assert_eq!(after.redelivery_hits, 0, "{after:#?}");
            }
        }
    }
}

#[test]
fn the_cause_is_told_after_the_answer_and_a_wrong_one_is_explained() {
    let _turn = beside_others();
    let seed = seed_of(Cause::Republish);
    let mut drill = command(&[&["drill", "--seed", &seed][..], &SMALL].concat());
    drill
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = drill.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("it is piped");
    // The first line is none of the letters.
    stdin.write_all(b"what?\nb\na\n").expect("it is read");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("it is text");
    let (before, after) = text.split_once("What do you do first?").expect(&text);
    for hidden in ["republish 04", "origin of the hits", "pause", "seed"] {
        assert!(
            !before.contains(hidden),
            "{hidden:?} is told too early:\n{before}"
        );
    }
    assert!(before.contains("rebalance: assign"), "no logs:\n{before}");
    for told in [
        "\"what?\" is none of them",
        "not so: The producer sends payments again",
        "effects per payment above 1, with a hit rate that does not rise",
        "it mends nothing",
        "what was hidden:",
        "republish",
    ] {
        assert!(text.contains(told), "no {told:?} in:\n{text}");
    }
    assert!(after.contains("held: "), "{after}");
}
