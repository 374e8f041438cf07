//! The claim of every lab, repeated: each consumer gets the verdict of the manifest, under one and
//! the same schedule for all consumers of a lab, planned anew from a seed for each repetition.
//!
//! `make proof` runs every scenario 20 times (`PROOF_RUNS`), of one lab alone where `PROOF_LAB` names
//! it. Without either, as in `make test`, each lab's first scenario is run once: `tests/labs.rs` has
//! the others.

mod support;

use std::collections::BTreeMap;

use crashwindow::report::RunReport;
use crashwindow::run::manifest::{self, Manifest, Scenario};
use crashwindow::verdict::Verdict;

#[test]
fn every_consumer_gets_its_verdict_again_and_again() {
    let runs = std::env::var("PROOF_RUNS").ok();
    let runs = runs.map(|n| n.parse::<u64>().expect("PROOF_RUNS is a number"));
    let only = std::env::var("PROOF_LAB").ok();
    let labs = manifest::all(&support::labs()).expect("every lab's manifest can be used");
    // tests/storm has the labs whose lesson is a storm.
    let wanted =
        |lab: &&Manifest| lab.storm.is_none() && only.as_ref().is_none_or(|id| *id == lab.id);
    let mut failures = Vec::new();
    let mut proven = 0;
    for lab in labs.iter().filter(wanted) {
        let scenarios = if runs.is_some() {
            &lab.scenarios[..]
        } else {
            &lab.scenarios[..1]
        };
        for scenario in scenarios {
            failures.extend(prove(lab, scenario, runs.unwrap_or(1)));
            proven += 1;
        }
    }
    assert!(proven > 0, "there is no lab {only:?}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Runs every consumer under the same schedules and prints how often each got its verdict.
fn prove(lab: &Manifest, scenario: &Scenario, runs: u64) -> Vec<String> {
    let mut failures = Vec::new();
    let mut proven: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 1..=runs {
        let seed = seed.to_string();
        let mut recorded: Option<RunReport> = None;
        for consumer in lab.lineup() {
            let how = match &recorded {
                None => ["--scenario", &scenario.name, "--seed", &seed]
                    .map(str::to_owned)
                    .to_vec(),
                Some(first) => ["--replay", &first.run].map(str::to_owned).to_vec(),
            };
            let mut arguments = vec!["run", &lab.id, "--consumer", consumer];
            arguments.extend(how.iter().map(String::as_str));
            let report = support::report(&arguments).unwrap();
            match doubt(&report, scenario.expect[consumer], recorded.as_ref()) {
                None => *proven.entry(consumer).or_default() += 1,
                Some(why) => failures.push(format!(
                    "lab {} {consumer}, {}, seed {seed}: {why}: {} ({})",
                    lab.id,
                    scenario.name,
                    report.sentence(),
                    report.run_dir.display()
                )),
            }
            recorded.get_or_insert(report);
        }
    }
    for consumer in lab.lineup() {
        println!(
            "lab {} {:<12} {:<12} {:<9} in {} of {runs} runs",
            lab.id,
            scenario.name,
            consumer,
            scenario.expect[consumer].name(),
            proven.get(consumer).copied().unwrap_or_default(),
        );
    }
    failures
}

/// What is missing for a proof.
fn doubt(report: &RunReport, expected: Verdict, recorded: Option<&RunReport>) -> Option<String> {
    let struck: Vec<&str> = report.faults.iter().map(|f| f.payment.as_str()).collect();
    let is_struck = |payment: &str| struck.contains(&payment);
    let broken = report.exceptions.iter().map(|e| e.payment.as_str());
    let told = |w: &crashwindow::report::Witness| is_struck(&w.payment) && w.biography.len() > 3;
    if report.verdict != expected {
        Some(format!("expected {}", expected.name()))
    } else if recorded.is_some_and(|first| schedule(first) != schedule(report)) {
        Some("it was another schedule".to_owned())
    } else if report.faults.iter().any(|f| !f.fired || !f.redelivered) {
        Some("a fault did not fire, or its payment was not delivered again".to_owned())
    } else if broken.clone().any(|payment| !is_struck(payment)) {
        Some("a payment is broken that nothing struck".to_owned())
    } else if expected == Verdict::Violated && broken.count() != struck.len() {
        Some("a struck payment is whole".to_owned())
    } else if !report.witnesses.iter().all(told) {
        Some("a witness tells nothing".to_owned())
    } else {
        None
    }
}

fn schedule(report: &RunReport) -> Vec<(&str, String)> {
    let faults = report.faults.iter();
    faults
        .map(|f| (f.payment.as_str(), f.window.to_string()))
        .collect()
}
