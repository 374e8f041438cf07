//! Holds the JSON form to `docs/explore.schema.json`.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::fixture;
use crate::chaos::Fault;
use crate::verdict::Guarantee;

const SCHEMA: &str = include_str!("../../../docs/explore.schema.json");

/// The faults of the design; the schema promises all of them to its readers from the first day.
const FAULTS: [&str; 7] = [
    "kill",
    "terminate",
    "zombie",
    "lost-response",
    "unavailable",
    "stall-kill",
    "duplicate",
];

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(SCHEMA).expect("it is JSON");
    jsonschema::validator_for(&schema).expect("it is a JSON Schema")
}

fn problems(report: &Value) -> Vec<String> {
    let validator = validator();
    let errors = validator.iter_errors(report);
    errors
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

#[test]
fn a_report_of_every_outcome_and_fault_has_the_form_that_is_promised() {
    for report in [
        fixture::report(),
        fixture::every_fault(),
        fixture::unattributed(),
        fixture::report_of(Vec::new()),
    ] {
        let mut report = serde_json::to_value(report).unwrap();
        assert_eq!(problems(&report), Vec::<String>::new());
        for fault in FAULTS {
            for cell in report["cells"].as_array_mut().unwrap() {
                cell["fault"] = json!(fault);
            }
            assert_eq!(problems(&report), Vec::<String>::new(), "{fault}");
        }
    }
    for fault in Fault::value_variants() {
        assert!(
            FAULTS.contains(&fault.to_string().as_str()),
            "{fault} is not in the schema"
        );
    }
}

#[test]
fn every_outcome_and_promise_is_in_the_schema_and_nothing_else() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let names = |values: &Value| -> BTreeSet<String> {
        let values = values["enum"].as_array().expect("an enum").iter();
        values.map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let types = &schema["$defs"];
    let mut outcomes: BTreeSet<String> = BTreeSet::new();
    for cell in fixture::report().cells {
        outcomes.insert(cell.outcome.name().to_owned());
    }
    assert_eq!(names(&types["CellOutcome"]), outcomes);
    let promises = Guarantee::value_variants().iter().map(ToString::to_string);
    assert_eq!(names(&types["Guarantee"]), promises.collect());
}

#[test]
fn a_report_of_a_version_that_knew_less_still_reads() {
    let mut old = serde_json::to_value(fixture::report()).unwrap();
    for name in ["merged", "unattributed"] {
        old.as_object_mut().unwrap().remove(name);
    }
    for cell in old["cells"].as_array_mut().unwrap() {
        cell.as_object_mut().unwrap().remove("hit");
        for name in ["after_event", "before_event"] {
            cell["window"].as_object_mut().unwrap().remove(name);
        }
    }
    assert_eq!(problems(&old), Vec::<String>::new());
    let read: super::ExploreReport = serde_json::from_value(old).unwrap();
    assert_eq!(read.cells.len(), fixture::report().cells.len());
    assert!(read.merged.is_empty() && read.cells[0].window.after_event.is_none());
}

#[test]
fn what_is_stored_reads_back_as_it_was() {
    let report = fixture::report();
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(
        serde_json::from_str::<super::ExploreReport>(&text).unwrap(),
        report
    );
}

#[test]
fn the_schema_can_say_no() {
    let good = serde_json::to_value(fixture::report()).unwrap();
    let spoilt = |spoil: fn(&mut Value)| {
        let mut report = good.clone();
        spoil(&mut report);
        !problems(&report).is_empty()
    };
    assert!(spoilt(|r| r["schema"] = json!(2)));
    assert!(spoilt(|r| r["more"] = json!(true)));
    assert!(spoilt(|r| r["cells"][0]["outcome"] = json!("twice")));
    assert!(spoilt(|r| r["cells"][0]["fault"] = json!("meteor")));
    assert!(spoilt(|r| r["cells"][0]["window"]["occurrence"] = json!(0)));
    assert!(spoilt(|r| r["cells"][0]["window"]["after_event"] = json!(0)));
    assert!(spoilt(|r| r["cells"][0]["hit"] = json!("all")));
    assert!(spoilt(|r| r["merged"][0]["cell"] = json!(0)));
    assert!(spoilt(|r| r["merged"][0]["fault"] = json!("meteor")));
    assert!(spoilt(|r| r["unattributed"] = json!("INSERT")));
    assert!(spoilt(|r| r["guarantee"] = json!("exactly-once")));
    assert!(spoilt(|r| {
        r.as_object_mut().unwrap().remove("unreached");
    }));
    assert!(spoilt(|r| r["cells"][1]["biography"][0]["more"] = json!(1)));
}
