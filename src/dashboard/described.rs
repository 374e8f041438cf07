//! Holds what is written about faults and outcomes by hand, schemas and documents, to the registries.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::wall::PaymentState;
use crate::chaos::Fault;
use crate::metrics::PAYMENTS;
use crate::named::Named;
use crate::report::explore::CellOutcome;
use crate::run::FaultChoice;
use crate::verdict::{Counts, Outcome};

/// Where a schema lists names.
struct List {
    file: &'static str,
    /// A JSON pointer to an `enum`, or to the `properties` of an object with a field for each name.
    at: &'static str,
    names: fn() -> BTreeSet<&'static str>,
    /// Whether other names may stand beside these.
    among_others: bool,
}

const fn list(file: &'static str, at: &'static str, names: fn() -> BTreeSet<&'static str>) -> List {
    List {
        file,
        at,
        names,
        among_others: false,
    }
}

const RUN: &str = "docs/run.schema.json";
const EXPLORE: &str = "docs/explore.schema.json";
const API: &str = "docs/openapi.json";

const LISTS: [List; 10] = [
    list(RUN, "/$defs/Fault/enum", names::<Fault>),
    list(RUN, "/$defs/Outcome/enum", names::<Outcome>),
    List {
        among_others: true,
        ..list(RUN, "/$defs/Counts/properties", names::<Outcome>)
    },
    list(EXPLORE, "/$defs/Fault/enum", names::<Fault>),
    list(EXPLORE, "/$defs/CellOutcome/enum", names::<CellOutcome>),
    list(API, "/components/schemas/Fault/enum", names::<Fault>),
    list(
        API,
        "/components/schemas/FaultChoice/enum",
        names::<FaultChoice>,
    ),
    list(
        API,
        "/components/schemas/PaymentState/enum",
        names::<PaymentState>,
    ),
    list(API, "/components/schemas/Outcome/enum", names::<Outcome>),
    List {
        among_others: true,
        ..list(
            API,
            "/components/schemas/LiveCounts/properties",
            names::<Outcome>,
        )
    },
];

fn names<T: Named>() -> BTreeSet<&'static str> {
    T::every().map(T::name).collect()
}

impl List {
    /// Every name that the document lacks here, and every one that there is not.
    fn problems(&self, document: &Value) -> Vec<String> {
        let told: BTreeSet<&str> = match document.pointer(self.at) {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(Value::Object(fields)) => fields.keys().map(String::as_str).collect(),
            _ => BTreeSet::new(),
        };
        let names = (self.names)();
        let place = format!("{} at {}", self.file, self.at);
        let lacks = names.difference(&told);
        let lacks = lacks.map(|name| format!("{place} lacks {name:?}"));
        let besides = told.difference(&names).filter(|_| !self.among_others);
        let besides = besides.map(|name| format!("{place} has {name:?}, which there is not"));
        lacks.chain(besides).collect()
    }
}

/// The pointers of all enums that hold two names of a registry: those are lists of it.
fn lists_in(document: &Value, at: &str, found: &mut BTreeSet<String>) {
    match document {
        Value::Object(fields) => {
            for (name, field) in fields {
                lists_in(field, &format!("{at}/{}", name.replace('/', "~1")), found);
            }
        }
        Value::Array(items) => {
            let told: BTreeSet<&str> = items.iter().filter_map(Value::as_str).collect();
            let is_of = |names: BTreeSet<&str>| names.intersection(&told).count() > 1;
            if at.ends_with("/enum") && (is_of(names::<Fault>()) || is_of(names::<Outcome>())) {
                found.insert(at.to_owned());
            }
            for (place, item) in items.iter().enumerate() {
                lists_in(item, &format!("{at}/{place}"), found);
            }
        }
        _ => {}
    }
}

fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{file}: {e}"))
}

fn document(file: &str) -> Value {
    serde_json::from_str(&text(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// The rows that a text lacks.
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
fn described_lists_hold_every_name_and_no_other() {
    let problems = LISTS
        .iter()
        .flat_map(|list| list.problems(&document(list.file)));
    let problems: Vec<String> = problems.collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn described_lists_are_all_compared() {
    for file in [RUN, EXPLORE, API] {
        let mut found = BTreeSet::new();
        lists_in(&document(file), "", &mut found);
        let compared = LISTS.iter().filter(|list| list.file == file);
        let compared: BTreeSet<String> = compared.map(|list| list.at.to_owned()).collect();
        let stray: Vec<&String> = found.difference(&compared).collect();
        assert!(
            stray.is_empty(),
            "{file} lists names once more at {stray:?}: refer to the one list"
        );
        assert!(!found.is_empty(), "{file} lists nothing");
    }
}

#[test]
fn described_lists_that_lack_a_name_or_have_one_too_many_are_told_with_it() {
    for list in &LISTS {
        let good = document(list.file);
        for name in (list.names)() {
            let mut spoilt = good.clone();
            match spoilt.pointer_mut(list.at).expect("the list is there") {
                Value::Array(names) => names.retain(|n| n != name),
                Value::Object(fields) => drop(fields.remove(name)),
                other => panic!("{other} is no list"),
            }
            let told = list.problems(&spoilt).join("\n");
            assert!(told.contains(&format!("lacks {name:?}")), "{told}");
        }
        let mut spoilt = good.clone();
        if let Some(Value::Array(names)) = spoilt.pointer_mut(list.at) {
            names.push(json!("gremlin"));
            assert!(
                list.problems(&spoilt)
                    .join("\n")
                    .contains("has \"gremlin\"")
            );
        }
    }
    let mut second = document(RUN);
    second["more"] = json!({ "enum": ["once", "lost"] });
    let mut found = BTreeSet::new();
    lists_in(&second, "", &mut found);
    assert!(found.contains("/more/enum"), "{found:?}");
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
