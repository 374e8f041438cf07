//! Holds what is written about faults and outcomes by hand to the registries.

use std::path::Path;

use crate::chaos::Fault;
use crate::metrics::PAYMENTS;
use crate::named::Named;
use crate::report::explore::CellOutcome;
use crate::verdict::{Counts, Outcome};

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{file}: {e}"))
}

fn lacking(text: &str, rows: impl Iterator<Item = String>) -> Vec<String> {
    let is_there = |row: &String| text.lines().any(|line| line.starts_with(row.as_str()));
    rows.filter(|row| !is_there(row)).collect()
}

fn fault_rows() -> impl Iterator<Item = String> {
    let row = |f: Fault| format!("| `{f}` | {} | {} |", f.help(), f.finds());
    Fault::ALL.into_iter().map(row)
}

fn matrix_rows() -> impl Iterator<Item = String> {
    CellOutcome::every().map(|outcome| format!("| `{}` | ", outcome.word()))
}

#[test]
fn described_tables_have_a_row_for_each() {
    let (readme, guide) = (text("README.md"), text("docs/explore.md"));
    let none: [String; 0] = [];
    assert_eq!(
        lacking(&readme, fault_rows()),
        none,
        "README.md lacks these rows"
    );
    assert_eq!(
        lacking(&guide, matrix_rows()),
        none,
        "docs/explore.md lacks these rows"
    );
    for row in fault_rows() {
        assert_eq!(lacking(&readme.replace(&row, ""), fault_rows()), [row]);
    }
    for row in matrix_rows() {
        assert_eq!(lacking(&guide.replace(&row, ""), matrix_rows()), [row]);
    }
}

#[test]
fn described_metrics_and_counts_have_every_outcome() {
    let label = PAYMENTS.labels.iter().find(|label| label.name == "outcome");
    let meaning = label.expect("payments are counted by outcome").meaning;
    let counts = serde_json::to_value(Counts::default()).expect("counts are plain data");
    let page = text("src/report/explore/page.html");
    for outcome in Outcome::ALL {
        assert!(
            meaning.contains(&format!("`{outcome}`")),
            "{outcome}: {meaning}"
        );
        assert!(counts.get(outcome.name()).is_some(), "{outcome}: {counts}");
    }
    for outcome in CellOutcome::every() {
        let sign = format!("id=\"sign-{outcome}\"");
        assert!(page.contains(&sign), "the page of a report has no {sign}");
    }
}
