//! The storm of lab 4: it says what it was to do and what it did, the hit rate tells the truth, and
//! nobody pays twice. How well it aims is measured: `make bench-storms`.

use crashwindow::chaos::storm::StormAction;
use crashwindow::report::storm::StormReport;
use crashwindow::session::folder;
use crashwindow::storm::StormSpec;
use crashwindow::verdict::Verdict;
use serde_json::Value;

use crate::alone;
use crate::support::crashwindow;

const STORM: [&str; 9] = [
    "storm",
    "04",
    "--seconds",
    "27",
    "--rate",
    "1000",
    "--seed",
    "7",
    "--json",
];

#[test]
fn a_storm_tells_the_truth_about_itself_and_nobody_pays_twice() {
    let _turn = alone();
    let output = crashwindow(&STORM);
    let said = String::from_utf8_lossy(&output.stderr);
    let json: Value = serde_json::from_slice(&output.stdout).expect(&said);
    let report: StormReport = serde_json::from_value(json.clone()).expect("the report reads back");

    let counts = report.counts;
    assert_eq!(counts.payments, 27_000);
    assert_eq!((counts.paid, counts.effects), (27_000, 27_000));
    let twice = report.redeliveries;
    assert!(twice.agree, "{twice:?}");

    // What the incident had decides, and nothing else: held where it is what was promised, and told
    // where the machine was too slow for it.
    let incident = counts.incident.expect("a planned storm promises something");
    let verdict = match incident.is_kept() {
        true => Verdict::Held,
        false => Verdict::Unknown,
    };
    assert_eq!(report.verdict, verdict, "{report:#?}");
    assert_eq!(
        output.status.code(),
        Some(i32::from(verdict.exit_code())),
        "{report:#?}"
    );
    if !incident.is_kept() {
        assert!(report.reasons.contains(&incident.clause()), "{report:#?}");
    }
    let share = incident.records * 1_000 / incident.of.max(1);
    assert_eq!(
        (60..=100).contains(&share),
        incident.is_kept(),
        "{incident:?}"
    );
    assert!(incident.records <= counts.redelivered, "{incident:?}");

    // The schedule that is kept is the one that was carried out.
    assert_eq!(counts.planned, report.marks.len() as u64);
    let spec = folder::read::<StormSpec>(&report.run_dir, folder::STORM).expect("it is kept");
    let done = |action: &StormAction| {
        report
            .marks
            .iter()
            .filter(|mark| mark.action == *action)
            .count()
    };
    let kept = |action: &StormAction| {
        spec.plan
            .strikes
            .iter()
            .filter(|s| s.action == *action)
            .count()
    };
    for action in StormAction::ALL {
        assert_eq!(
            done(&action),
            kept(&action),
            "{action:?}: {:#?}",
            report.marks
        );
    }

    // Everybody owned something from the start, and the generations that were seen only grow.
    let owners = &report.owners;
    assert_eq!(owners[0].partitions.len(), 4, "{owners:?}");
    let generations: Vec<i32> = owners.iter().filter_map(|o| o.generation).collect();
    assert_eq!(generations.len(), owners.len(), "{owners:?}");
    assert!(generations.is_sorted(), "{owners:?}");

    let schema: Value = serde_json::from_str(include_str!("../../docs/storm.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).expect("it is a JSON Schema");
    let problems = validator.iter_errors(&json);
    let problems: Vec<String> = problems
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect();
    assert!(problems.is_empty(), "{problems:#?}");
    assert!(
        !validator.is_valid(&serde_json::json!({ "schema": 1 })),
        "it can say no"
    );
}
