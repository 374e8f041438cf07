//! The claim of lab 1, repeated: broken always charges twice, fixed never does, under the same
//! schedules, each planned from a seed of its own. `make proof` runs 20 of each.

mod support;

use crashwindow::report::RunReport;
use crashwindow::verdict::Verdict;

/// How often each is run where nobody says: enough to notice a coin that falls on both sides.
const DEFAULT_RUNS: u64 = 2;

#[test]
fn broken_always_charges_twice_and_fixed_never_does() {
    let runs = std::env::var("PROOF_RUNS").map_or(DEFAULT_RUNS, |n| n.parse().expect("a number"));
    let mut failures = Vec::new();
    for scenario in ["zombie", "kill"] {
        let (mut broken_ok, mut fixed_ok) = (0, 0);
        for seed in 1..=runs {
            let seed = seed.to_string();
            let broken = support::report(&["run", "01", "--scenario", scenario, "--seed", &seed]);
            let broken = broken.unwrap();
            let replay = ["run", "01", "--consumer", "fixed", "--replay", &broken.run];
            let fixed = support::report(&replay).unwrap();
            assert_eq!(
                schedule(&broken),
                schedule(&fixed),
                "both ran the same schedule"
            );
            if charged_twice_with_witness(&broken) {
                broken_ok += 1;
            } else {
                failures.push(format!(
                    "broken, {scenario}, seed {seed}: {}",
                    broken.sentence()
                ));
            }
            if kept_and_nothing_lost(&fixed) {
                fixed_ok += 1;
            } else {
                failures.push(format!(
                    "fixed, {scenario}, seed {seed}: {}",
                    fixed.sentence()
                ));
            }
        }
        println!(
            "broken, {scenario}: charged twice, with a witness, in {broken_ok} of {runs} runs"
        );
        println!("fixed,  {scenario}: no duplicate and no loss in {fixed_ok} of {runs} runs");
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn schedule(report: &RunReport) -> Vec<(&str, String)> {
    report
        .faults
        .iter()
        .map(|f| (f.payment.as_str(), f.window.to_string()))
        .collect()
}

fn charged_twice_with_witness(report: &RunReport) -> bool {
    let struck: Vec<&str> = report.faults.iter().map(|f| f.payment.as_str()).collect();
    report.verdict == Verdict::Violated
        && report.counts.duplicated == struck.len()
        && report.counts.lost == 0
        && report
            .exceptions
            .iter()
            .all(|e| struck.contains(&e.payment.as_str()) && e.charges.len() == 2)
        && report
            .witnesses
            .iter()
            .any(|w| w.outcome == "duplicated" && w.biography.len() > 3)
}

fn kept_and_nothing_lost(report: &RunReport) -> bool {
    report.verdict == Verdict::Held
        && report.counts.once == report.counts.payments
        && report.counts.redeliveries == report.faults.len()
}
