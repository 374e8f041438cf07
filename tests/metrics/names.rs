//! Whatever is asked for or served is described in `src/metrics/` or `contract/`, and so on the page of metrics.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::support::grafana::dashboards;
use crate::support::promql::{described, series, undescribed};

/// What Prometheus makes of its own accord.
const OF_PROMETHEUS: [&str; 2] = ["up", "ALERTS"];

/// The expressions of a file of rules, by what is made of each.
fn rules(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut lines = text.lines().peekable();
    let mut name = String::new();
    while let Some(line) = lines.next() {
        let word = line.trim_start();
        let depth = line.len() - word.len();
        let named = word.strip_prefix("- record: ");
        if let Some(made) = named.or_else(|| word.strip_prefix("- alert: ")) {
            name = made.to_owned();
        }
        if let Some(expr) = word.strip_prefix("expr: ") {
            let mut expr = expr.trim_start_matches(">-").to_owned();
            let deeper = |line: &&str| line.len() - line.trim_start().len() > depth;
            while let Some(more) = lines.next_if(deeper) {
                expr.push_str(more);
            }
            found.insert(name.clone(), expr);
        }
    }
    found
}

fn all_rules() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/prometheus");
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).expect("it is there");
    rules(&format!("{}\n{}", read("rules.yml"), read("alerts.yml")))
}

/// The expressions that ask for something which nobody describes and no rule records.
fn unknown(asked: &[(String, String)], rules: &BTreeMap<String, String>) -> Vec<String> {
    let mut known = described();
    known.extend(rules.keys().cloned());
    known.extend(OF_PROMETHEUS.map(str::to_owned));
    let problem = |(what, expr): &(String, String)| {
        let strangers: Vec<_> = series(expr).difference(&known).cloned().collect();
        (!strangers.is_empty()).then(|| format!("{what}: {strangers:?}"))
    };
    asked.iter().filter_map(problem).collect()
}

#[test]
fn every_rule_alert_and_panel_asks_for_metrics_that_are_described() {
    let rules = all_rules();
    assert!(rules.len() > 15, "{rules:?}");
    let mut asked: Vec<_> = rules.clone().into_iter().collect();
    for dashboard in dashboards() {
        asked.extend(dashboard.expressions());
    }
    let names: BTreeSet<_> = asked.iter().flat_map(|(_, expr)| series(expr)).collect();
    assert!(names.len() > 20, "{names:?}");
    assert_eq!(unknown(&asked, &rules), Vec::<String>::new());
}

#[test]
fn a_rule_or_a_panel_that_asks_for_something_else_is_found_out() {
    let rules = all_rules();
    for wrong in [
        "sum by (lab) (rate(dedup_check_total{result=\"hit\"}[30s]))",
        "consumer:effects:rate5m / consumer:effects:rate30s",
        "poll_gap_seconds > 4",
        "{__name__=~\"dedup.*\"}",
    ] {
        let asked = [("planted".to_owned(), wrong.to_owned())];
        assert_eq!(unknown(&asked, &rules).len(), 1, "{wrong}");
    }
}

#[test]
fn the_names_in_an_expression_are_found_and_nothing_else() {
    let found = |expr: &str| series(expr).into_iter().collect::<Vec<_>>();
    let expr =
        "histogram_quantile(0.99, sum by (le, lab) (rate(a_bucket{x=\"b{c}\\\"d\",y=~\".+\"}[4s])))
        / on (lab) group_left () e:f:g > bool 1e3 unless ignoring (h) i offset 5m or vector(0)";
    assert_eq!(found(expr), ["a_bucket", "e:f:g", "i"]);
    assert_eq!(found("\"a\" == b"), ["b"]);
}

#[test]
fn a_metric_that_is_served_and_not_described_is_found_out() {
    let served = "# HELP effects_total x\n# TYPE effects_total counter\neffects_total 1\n";
    assert_eq!(undescribed(served), Vec::<String>::new());
    for planted in ["effect_total counter", "effects_total gauge"] {
        let served = format!("{served}# TYPE {planted}\n");
        let (name, kind) = planted.split_once(' ').unwrap();
        assert_eq!(undescribed(&served), [format!("{kind} {name}")]);
    }
}
