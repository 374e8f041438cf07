//! The drill: four incidents, each told from its numbers, and nothing told too early.

use std::io::Write;
use std::process::{Output, Stdio};

use crashwindow::chaos::storm::Cause;
use crashwindow::drill::{Action, DrillReport, evidence, hidden};
use crashwindow::report::storm::{Bucket, StormReport};
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
        shows_its_signature(&report);
    }
}

/// What holds of every storm of the cause, however fast the machine is.
fn shows_its_signature(report: &StormReport) {
    let (cause, counts, twice) = (report.cause, &report.counts, report.redeliveries);
    let context = format!("{cause}: {counts:#?} {twice:#?} {:#?}", report.reasons);
    let total = |of: fn(&Bucket) -> u64| report.series.iter().map(of).sum::<u64>();
    assert_eq!(
        total(|b| b.republish_hits) > 0,
        cause == Cause::Republish,
        "{context}"
    );
    assert_eq!(
        counts.republished > 0,
        cause == Cause::Republish,
        "{context}"
    );
    if cause != Cause::Release {
        assert!(twice.agree, "nothing lies: {context}");
        assert_eq!(counts.effects, counts.paid, "{context}");
    }
    let incident = counts
        .incident
        .expect("every planned storm promises something");
    if !incident.is_kept() {
        // What it could not do on this machine, it says.
        let clause = incident.clause();
        assert!(
            report.reasons.contains(&clause) || report.verdict == Verdict::Violated,
            "{context}"
        );
        assert!(
            evidence(report).iter().any(|line| line.contains(&clause)),
            "{context}"
        );
        assert_ne!(report.verdict, Verdict::Held, "{context}");
        return;
    }
    assert_eq!(Some(report.verdict), report.expected, "{context}");
    match cause {
        Cause::Rebalances => assert!(total(|b| b.assigned + b.lost) > 0, "{context}"),
        Cause::Slow => assert!(total(|b| b.late_polls) > 0, "{context}"),
        Cause::Republish => {}
        Cause::Release => {
            assert!(counts.effects > counts.paid, "{context}");
            // What comes again to another process is new to it, and the metric says so.
            assert!(!twice.agree && twice.metric < twice.outside, "{context}");
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
    assert!(
        after.contains("held: ") || after.contains("not kept"),
        "{after}"
    );
}
