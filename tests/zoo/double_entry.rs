//! Two windows of one name are two rows, and every view names them alike: terminal, HTML, dashboard.

use std::path::Path;
use std::process::Command;

use crashwindow::report::explore::{ExploreReport, html, terminal};
use serde_json::json;

use crate::support::{consumers, explore};

const INSERT: &str = "INSERT INTO entries VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

/// The rows, each by the edges of its window, with statements in few words.
const ROWS: [[&str; 2]; 6] = [
    ["after Fetch", "before INSERT entries"],
    ["after INSERT entries", "before INSERT entries"],
    ["after 2nd INSERT entries", "before POST /v1/charges"],
    ["after POST /v1/charges", "before COMMIT"],
    ["after COMMIT", "before OffsetCommit"],
    ["after OffsetCommit", ""],
];

fn explored() -> ExploreReport {
    let program = consumers::program("zoo-double-entry");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/zoo/schema.sql");
    explore(&[
        "--schema",
        schema.to_str().unwrap(),
        "--",
        program.to_str().unwrap(),
    ])
}

/// The rows that the terminal does not show, line under line, under their numbers.
fn missing_in_terminal(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_there = |number: usize, [after, before]: &[&str; 2]| {
        let mut rows = lines.windows(2);
        rows.any(|two| {
            two[0].starts_with(&format!("{number}  {after}")) && two[1].starts_with(before)
        })
    };
    let rows = (1..).zip(&ROWS);
    rows.filter(|(number, row)| !is_there(*number, row))
        .map(|(number, row)| format!("{number}  {}", row.join(", ")))
        .collect()
}

#[test]
fn two_windows_of_one_name_are_two_rows_in_every_view() {
    let report = explored();
    let text = terminal::render(&report, "next");
    let text = anstream::adapter::strip_str(&text).to_string();
    assert_eq!(missing_in_terminal(&text), [""; 0], "{text}");
    let swapped = text.replace("after 2nd INSERT", "after INSERT");
    assert_eq!(missing_in_terminal(&swapped).len(), 1, "the check can fail");

    let page = html::render(&report);
    for name in [format!("after {INSERT}"), format!("after 2nd {INSERT}")] {
        assert!(page.contains(&name), "{name}");
    }

    // The dashboard's own code is given the report, and must name the same rows.
    let rows = ROWS.map(|edges| edges.join(", ").trim_end_matches(", ").to_owned());
    let cells = report.cells.iter().map(|cell| {
        json!({ "cell": cell.cell, "window": cell.window, "fault": cell.fault, "replay": cell.replay })
    });
    let told = json!({ "cells": cells.collect::<Vec<_>>(), "merged": report.merged });
    let vitest = Command::new("npx")
        .args(["vitest", "run", "src/lib/explored.test.ts"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/dashboard/web"))
        .env("VITE_EXPLORED", told.to_string())
        .env("VITE_ROWS", json!(rows).to_string())
        .output()
        .expect("npx starts: make setup-pages");
    let said = String::from_utf8_lossy(&vitest.stdout);
    assert!(vitest.status.success(), "{said}");
    assert!(said.contains("2 passed"), "{said}");
}
