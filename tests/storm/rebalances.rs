//! The storm of lab 4: the hit rate rises and falls, it tells the truth, and nobody pays twice.

use crashwindow::chaos::storm::Blow;
use crashwindow::report::storm::StormReport;
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
fn the_hit_rate_rises_and_falls_and_tells_the_truth_and_nobody_pays_twice() {
    let _turn = alone();
    let output = crashwindow(&STORM);
    let said = String::from_utf8_lossy(&output.stderr);
    let json: Value = serde_json::from_slice(&output.stdout).expect(&said);
    let report: StormReport = serde_json::from_value(json.clone()).expect("the report reads back");

    assert_eq!(report.verdict, Verdict::Held, "{report:#?}");
    assert_eq!(output.status.code(), Some(0));
    let counts = report.counts;
    assert_eq!(counts.payments, 27_000);
    assert_eq!((counts.paid, counts.effects), (27_000, 27_000));
    for blow in [Blow::Kill, Blow::Pause, Blow::Evict, Blow::BrokerOutage] {
        assert!(report.marks.iter().any(|m| m.blow == blow), "no {blow:?}");
    }

    // Everybody owned something from the start, and the generations that were seen only grow.
    let owners = &report.owners;
    assert_eq!(owners[0].partitions.len(), 4, "{owners:?}");
    let generations: Vec<i32> = owners.iter().filter_map(|o| o.generation).collect();
    assert_eq!(generations.len(), owners.len(), "{owners:?}");
    assert!(
        generations.is_sorted() && generations.last() > generations.first(),
        "{owners:?}"
    );

    let twice = report.redeliveries;
    assert!(twice.outside > 300, "{twice:?}");
    assert!(twice.agree && twice.difference <= 0.05, "{twice:?}");

    let phase = |phase: &Option<crashwindow::report::storm::Bucket>| {
        phase.as_ref().expect("somebody looked").hit_rate
    };
    let [before, incident, after] = [
        &report.phases.before,
        &report.phases.incident,
        &report.phases.after,
    ]
    .map(phase);
    // Fewer strikes than in an attendee's storm make a plateau that is less even: 8 % is meant.
    assert!(
        (0.04..0.16).contains(&incident),
        "{before} {incident} {after}"
    );
    assert!(before < 0.01, "{before} {incident} {after}");
    assert!(after < 0.01, "{before} {incident} {after}");

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
