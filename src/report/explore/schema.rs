//! Holds the JSON form to `docs/explore.schema.json`.

use std::collections::BTreeSet;

use clap::ValueEnum;
use serde_json::{Value, json};

use super::{CellOutcome, fixture};
use crate::chaos::Fault;
use crate::named::Named;
use crate::timeline::Kind;
use crate::verdict::Guarantee;

const SCHEMA: &str = include_str!("../../../docs/explore.schema.json");

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
    for outcome in CellOutcome::every() {
        let cells = fixture::report().cells;
        let shown = cells.iter().any(|cell| cell.outcome == outcome);
        assert!(shown, "the fixture has no cell that is {outcome}");
    }
    for report in [
        fixture::report(),
        fixture::every_fault(),
        fixture::unattributed(),
        fixture::report_of(Vec::new()),
    ] {
        let mut report = serde_json::to_value(report).unwrap();
        assert_eq!(problems(&report), Vec::<String>::new());
        for fault in Fault::ALL {
            for cell in report["cells"].as_array_mut().unwrap() {
                cell["fault"] = json!(fault.name());
            }
            assert_eq!(problems(&report), Vec::<String>::new(), "{fault}");
        }
    }
}

#[test]
fn every_promise_is_in_the_schema_and_nothing_else() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let names = |values: &Value| -> BTreeSet<String> {
        let values = values["enum"].as_array().expect("an enum").iter();
        values.map(|v| v.as_str().unwrap().to_owned()).collect()
    };
    let types = &schema["$defs"];
    let promises = Guarantee::value_variants().iter().map(ToString::to_string);
    assert_eq!(names(&types["Guarantee"]), promises.collect());
}

#[test]
fn a_report_of_a_version_that_knew_less_still_reads() {
    let mut old = serde_json::to_value(fixture::report()).unwrap();
    old["schema"] = json!(1);
    for name in ["merged", "unattributed"] {
        old.as_object_mut().unwrap().remove(name);
    }
    for cell in old["cells"].as_array_mut().unwrap() {
        for name in ["hit", "log"] {
            cell.as_object_mut().unwrap().remove(name);
        }
        for name in ["after_event", "before_event"] {
            cell["window"].as_object_mut().unwrap().remove(name);
        }
        for line in cell["biography"].as_array_mut().unwrap() {
            let line = line.as_object_mut().unwrap();
            line.retain(|name, _| ["at_ms", "who", "what"].contains(&name.as_str()));
        }
    }
    assert!(!problems(&old).is_empty(), "it is of schema 1");
    let read: super::ExploreReport = serde_json::from_value(old).unwrap();
    assert_eq!(read.cells.len(), fixture::report().cells.len());
    assert!(read.merged.is_empty() && read.cells[0].window.after_event.is_none());
    assert_eq!(read.cells[0].biography[0].kind, Kind::default());
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
    assert!(spoilt(|r| r["schema"] = json!(1)));
    assert!(spoilt(|r| r["more"] = json!(true)));
    assert!(spoilt(|r| r["cells"][0]["outcome"] = json!("twice")));
    assert!(spoilt(|r| r["cells"][0]["fault"] = json!("meteor")));
    assert!(spoilt(|r| r["cells"][0]["window"]["occurrence"] = json!(0)));
    assert!(spoilt(|r| r["cells"][0]["window"]["after_event"] = json!(0)));
    assert!(spoilt(|r| r["cells"][0]["hit"] = json!("all")));
    assert!(spoilt(
        |r| r["cells"][8]["log"][0]["finding"] = json!("meteor")
    ));
    assert!(spoilt(
        |r| r["cells"][8]["log"][0]["position"] = json!("far")
    ));
    assert!(spoilt(|r| r["merged"][0]["cell"] = json!(0)));
    assert!(spoilt(|r| r["merged"][0]["fault"] = json!("meteor")));
    assert!(spoilt(|r| r["unattributed"] = json!("INSERT")));
    assert!(spoilt(|r| r["guarantee"] = json!("exactly-once")));
    assert!(spoilt(|r| {
        r.as_object_mut().unwrap().remove("unreached");
    }));
    let line = |spoil: fn(&mut Value)| {
        let mut report = good.clone();
        spoil(&mut report["cells"][1]["biography"]);
        !problems(&report).is_empty()
    };
    assert!(line(|lines| lines[0]["more"] = json!(1)));
    assert!(line(|lines| lines[0]["kind"] = json!("meteor")));
    assert!(line(|lines| lines[0]["party"] = json!("meteor")));
    assert!(line(|lines| lines[1]["result"]["came"] = json!("meteor")));
    assert!(line(|lines| lines[3]["mark"] = json!("meteor")));
    assert!(line(|lines| lines[3]["window_ends"] = json!(0)));
    assert!(line(|lines| {
        lines[0].as_object_mut().unwrap().remove("kind");
    }));
}
