//! A report of a run in which one payment was charged twice and one was parked, for the tests of the
//! renderers, which is held to `docs/run.schema.json` itself.

use serde_json::{Value, json};

use super::RunReport;
use crate::timeline::Kind;

const SCHEMA: &str = include_str!("../../docs/run.schema.json");

pub(crate) fn data() -> Value {
    json!({
        "schema": 2,
        "lab": "01",
        "lab_name": "select-then-act",
        "consumer": "broken",
        "scenario": "kill",
        "seed": 7,
        "instances": 2,
        "stack": { "kind": "native", "kafka": "4.4.0", "postgres": null },
        "verdict": "violated",
        "expected": "violated",
        "guarantee": "exactly-once-per-record",
        "reasons": ["1 customer paid more than once"],
        "counts": {
            "payments": 20, "once": 18, "duplicated": 1, "lost": 0, "unfinished": 0, "half_done": 0,
            "parked": 1, "redeliveries": 1
        },
        "done": "charged",
        "exceptions": [
            { "payment": "msg-0003", "outcome": "duplicated", "charges": ["ch_1", "ch_2"] },
            { "payment": "msg-0009", "outcome": "parked", "charges": [] }
        ],
        "faults": [{
            "fault": "kill",
            "window": { "at": "POST /v1/charges", "edge": "after", "occurrence": 1 },
            "payment": "msg-0003",
            "instance": "a",
            "fired": true,
            "redelivered": true,
            "problem": null
        }],
        "witnesses": [{
            "payment": "msg-0009",
            "outcome": "parked",
            "biography": [{
                "at_ms": 1.5, "who": "a", "what": "was given the payment",
                "kind": "move", "party": "kafka", "towards": true
            }],
            "text": "msg-0009: a was given the payment: parked.",
            "effects": []
        }],
        "cost": {
            "payments_per_second": 90.0, "p50_ms": 9.0, "p99_ms": 12.0,
            "database_commits": 1.0, "offset_commits": 1.0
        },
        "seconds": { "total": 2.0, "phases": [{ "name": "start", "seconds": 2.0 }] },
        "run": "0007",
        "run_dir": "runs/0007"
    })
}

pub(super) fn report() -> RunReport {
    serde_json::from_value(data()).expect("it is a report")
}

fn is_valid(spoil: impl FnOnce(&mut Value)) -> bool {
    let schema: Value = serde_json::from_str(SCHEMA).expect("it is JSON");
    let mut report = serde_json::to_value(report()).expect("it can be written");
    spoil(&mut report);
    jsonschema::is_valid(&schema, &report)
}

#[test]
fn the_schema_knows_what_is_parked_and_older_reports_that_do_not() {
    assert!(is_valid(|_| ()));
    assert!(is_valid(|r| {
        r["counts"].as_object_mut().unwrap().remove("parked");
    }));
    let mut old = data();
    old["schema"] = json!(1);
    let line = &mut old["witnesses"][0]["biography"][0];
    *line = json!({ "at_ms": 1.5, "who": "a", "what": "was given the payment" });
    old["counts"].as_object_mut().unwrap().remove("parked");
    let read: RunReport = serde_json::from_value(old).unwrap();
    assert_eq!(read.counts.parked, 0);
    assert_eq!(read.witnesses[0].biography[0].kind, Kind::default());
}

#[test]
fn the_schema_can_say_no() {
    assert!(!is_valid(|r| r["counts"]["parked"] = json!(-1)));
    assert!(!is_valid(|r| r["counts"]["vanished"] = json!(1)));
    assert!(!is_valid(
        |r| r["exceptions"][1]["outcome"] = json!("vanished")
    ));
    assert!(!is_valid(|r| r["guarantee"] = json!("exactly-once")));
    assert!(!is_valid(|r| r["schema"] = json!(1)));
    assert!(!is_valid(|r| {
        r["witnesses"][0]["biography"][0]["kind"] = json!("mark")
    }));
}

#[test]
fn what_is_parked_has_a_line_where_there_is_any() {
    let mut report = report();
    let shown = |report: &RunReport| {
        let text = super::terminal::render(report, "-");
        let table = super::table::render(std::slice::from_ref(report));
        (text, table)
    };
    let (text, table) = shown(&report);
    assert!(
        text.contains("  parked             1   msg-0009\n"),
        "{text}"
    );
    assert!(
        table.contains("  parked                                   1\n"),
        "{table}"
    );
    report.counts.parked = 0;
    let (text, table) = shown(&report);
    assert!(!text.contains("  parked"), "{text}");
    assert!(!table.contains("parked"), "{table}");
}
