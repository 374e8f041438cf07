//! Which metrics an expression asks for, and which of them anybody has described.

use std::collections::BTreeSet;

use crashwindow::metrics::{CONSUMER, Kind, LAB};

/// Before a list of labels.
const OF_LABELS: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];

/// Between two expressions.
const OPERATORS: [&str; 5] = ["and", "or", "unless", "bool", "offset"];

/// The names of the time series that an expression asks for. Whatever is not known to be something else
/// is taken for a name: it may find too many, which a test shows, and never too few.
#[must_use]
pub fn series(expr: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut rest = expr;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c == '_' || c == ':' || c.is_ascii_alphanumeric();
        if !is_word(first) {
            // Braces without a name before them are a selector of their own.
            if first == '{' {
                names.insert("{".to_owned());
            }
            let after = first.len_utf8();
            rest = match first {
                '"' => after_string(rest),
                '[' => &rest[rest.find(']').map_or(rest.len(), |at| at + 1)..],
                _ => &rest[after..],
            };
            continue;
        }
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = rest[end..].trim_start();
        let is_function = ["(", "by ", "without "]
            .iter()
            .any(|next| rest.starts_with(next));
        if OF_LABELS.contains(&word) {
            rest = &rest[rest.find(')').map_or(rest.len(), |at| at + 1)..];
        } else if !OPERATORS.contains(&word) && !first.is_ascii_digit() && !is_function {
            names.insert(word.to_owned());
            if rest.starts_with('{') {
                rest = after_matchers(rest);
            }
        }
    }
    names
}

/// After the string that it begins with.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    let end = text[1..].find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    });
    &text[end.map_or(text.len(), |at| at + 2)..]
}

/// After the braces that it begins with.
fn after_matchers(text: &str) -> &str {
    let mut rest = &text[1..];
    loop {
        match rest.chars().next() {
            None => return rest,
            Some('}') => return &rest[1..],
            Some('"') => rest = after_string(rest),
            Some(other) => rest = &rest[other.len_utf8()..],
        }
    }
}

/// The series of the metrics that are described in `src/metrics/` and `contract/`.
#[must_use]
pub fn described() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for metric in CONSUMER.iter().chain(LAB) {
        if metric.kind == Kind::Histogram {
            names.extend(["bucket", "sum", "count"].map(|part| format!("{}_{part}", metric.name)));
        } else {
            names.insert(metric.name.to_owned());
        }
    }
    names
}

/// What is served under `/metrics` and described nowhere.
#[must_use]
pub fn undescribed(served: &str) -> Vec<String> {
    let families = served.lines().filter_map(|line| {
        let mut words = line.strip_prefix("# TYPE ")?.split(' ');
        Some((words.next()?, words.next()?))
    });
    let known = |name: &str, kind: &str| {
        CONSUMER.iter().chain(LAB).any(|metric| {
            let of_kind = format!("{:?}", metric.kind).to_lowercase();
            metric.name == name && of_kind == kind
        })
    };
    families
        .filter(|(name, kind)| !known(name, kind))
        .map(|(name, kind)| format!("{kind} {name}"))
        .collect()
}
