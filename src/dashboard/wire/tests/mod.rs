//! What is sent has the form that `docs/openapi.json` describes.

mod bodies;
mod events;

use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use crate::dashboard::payment_grid::LiveCounts;
use crate::dashboard::problem::Problem;

fn problems(name: &str, body: &Value) -> Vec<String> {
    let mut api: Value =
        serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/components/schemas/{name}"),
    });
    schema["components"] = api["components"].take();
    // No report is held to its schema here: report::fixture and report::explore::schema do that.
    for report in ["run", "explore", "storm"] {
        schema["$defs"][report] = json!({ "$id": format!("json-schema:///{report}.schema.json") });
    }
    schema["$id"] = json!("json-schema:///openapi.json");
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors = validator.iter_errors(body);
    errors
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

#[track_caller]
fn holds(name: &str, body: &impl Serialize) {
    let body = serde_json::to_value(body).unwrap();
    assert_eq!(
        problems(name, &body),
        Vec::<String>::new(),
        "{name}: {body}"
    );
}

fn problem(job: Option<&str>) -> Problem {
    let mut problem = Problem::new(StatusCode::CONFLICT, "another goes on", "wait");
    problem.job = job.map(str::to_owned);
    problem
}

#[test]
fn a_body_of_another_form_is_found_out() {
    assert!(!problems("Accepted", &json!({ "job": 1 })).is_empty());
    assert!(!problems("Accepted", &json!({ "job": "1", "more": 1 })).is_empty());
    assert!(!problems("Event_phase", &json!({})).is_empty());
    assert!(!problems("JobRequest", &json!({ "kind": "run" })).is_empty());
    let change =
        json!({ "at_ms": 1.0, "changed": [[1, "vanished", 0]], "counts": LiveCounts::default() });
    assert!(!problems("Event_payments", &change).is_empty());
}
