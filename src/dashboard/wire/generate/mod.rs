//! Generated from the types on the wire, and checked in: a client reads it without this program.

mod openapi;
mod operation;
mod references;
mod schema;
mod typescript;

use std::path::{Path, PathBuf};

use schemars::SchemaGenerator;
use serde_json::Value;

use super::jobs::{Accepted, Diagnosis, Job, Reveal};
use super::labs::{Lab, LabPage};
use super::live::events;
use super::quiz::{Question, QuizAnswer};
use super::runs::{Biography, RunLine};
use super::server::{Health, Target};
use crate::dashboard::jobs::JobRequest;
use crate::dashboard::problem::Problem;
use crate::report::RunReport;
use crate::report::explore::ExploreReport;
use crate::report::storm::StormReport;
use crate::storm::ManualCommand;

const WRITE: &str = "WIRE";
const COMMAND: &str = "make wire";

type EventType = (&'static str, String);

fn bodies(types: &mut SchemaGenerator) {
    types.subschema_for::<(
        Health,
        Lab,
        LabPage,
        Question,
        QuizAnswer,
        JobRequest,
        Accepted,
        Job,
    )>();
    types.subschema_for::<(
        ManualCommand,
        Diagnosis,
        Reveal,
        RunLine,
        Biography,
        Problem,
        Target,
    )>();
}

fn typescript() -> String {
    let mut types = schema::types("/$defs");
    let events = events(&mut types);
    bodies(&mut types);
    let mut types = Value::Object(types.take_definitions(true));
    schema::tidy(&mut types);
    typescript::file(types.as_object().expect("it was one"), &events)
}

const REPORTS: [(&str, &str); 3] = [
    ("run", "RunReport"),
    ("explore", "ExploreReport"),
    ("storm", "StormReport"),
];

fn report(name: &str) -> Value {
    let title = format!("The report of `crashwindow {name} --json`");
    match name {
        "run" => schema::whole::<RunReport>(&title),
        "explore" => schema::whole::<ExploreReport>(&title),
        "storm" => schema::whole::<StormReport>(&title),
        other => panic!("{other} has no report"),
    }
}

fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = root.join("docs");
    let json = |value: &Value| format!("{value:#}\n");
    let mut files = vec![
        (
            root.join("src/dashboard/web/src/lib/types.ts"),
            typescript(),
        ),
        (docs.join("openapi.json"), json(&openapi::document())),
    ];
    files.extend(REPORTS.map(|(name, _)| {
        let path = docs.join(format!("{name}.schema.json"));
        (path, json(&report(name)))
    }));
    files
}

fn is_current(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|there| there == text)
}

#[test]
fn what_is_checked_in_is_what_the_types_say() {
    let write = std::env::var_os(WRITE).is_some();
    for (path, text) in files() {
        if write && !is_current(&path, &text) {
            std::fs::write(&path, &text).unwrap();
        }
        let name = path.display();
        assert!(
            is_current(&path, &text),
            "{name} is not what the types in Rust say: `{COMMAND}` writes it"
        );
    }
}

#[test]
fn a_file_that_was_changed_by_hand_is_found_out() {
    let home = tempfile::tempdir().unwrap();
    for (number, (path, text)) in files().into_iter().enumerate() {
        let copy = home.path().join(number.to_string());
        assert!(!is_current(&copy, &text), "there is none yet");
        std::fs::write(&copy, &text).unwrap();
        assert!(is_current(&copy, &text));
        std::fs::write(&copy, text.clone() + "\n").unwrap();
        assert!(!is_current(&copy, &text), "{}", path.display());
    }
}
