//! The dashboards' form.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::grafana::{Dashboard, dashboards, folder};

#[test]
fn every_panel_says_what_it_shows_and_in_which_unit() {
    let all = dashboards();
    let uids: BTreeSet<_> = all.iter().map(|d| d.json["uid"].to_string()).collect();
    let expected = ["group", "incident", "lab"].map(|name| format!("\"crashwindow-{name}\""));
    assert_eq!(uids, expected.into());
    for dashboard in &all {
        assert_eq!(dashboard.problems(), Vec::<String>::new());
        assert!(dashboard.expressions().len() > 10, "{}", dashboard.file);
    }
}

#[test]
fn a_panel_that_lacks_something_is_found_out() {
    let broken = |pointer: &str, value: Value| {
        let mut dashboard = dashboards().swap_remove(0);
        *dashboard.json.pointer_mut(pointer).expect("it is there") = value;
        let problems = dashboard.problems();
        assert!(!problems.is_empty(), "{pointer} can be anything");
    };
    let second = dashboards()[0].json["panels"][1]["gridPos"].clone();
    broken("/panels/0/title", json!(""));
    broken("/panels/0/description", Value::Null);
    broken("/panels/0/fieldConfig/defaults/unit", json!(""));
    broken("/panels/0/datasource/uid", json!("prometheus"));
    broken("/panels/0/targets", json!([]));
    broken("/panels/0/gridPos", second);
    broken(
        "/panels/0/id",
        dashboards()[0].json["panels"][1]["id"].clone(),
    );
    broken("/panels/0/targets/0/expr", json!("rate(effects_total[1m])"));
    broken("/panels/0/targets/0/expr", json!("up{lab=\"$laboratory\"}"));
    broken(
        "/panels/0/targets/0/expr",
        json!("effects_total{lab=\"04\"}"),
    );
    broken("/editable", json!(true));
    broken("/templating/list", json!([]));
}

#[test]
fn variables_panels_and_annotations_are_all_asked_for() {
    let dashboard = Dashboard {
        file: "d".into(),
        json: json!({
            "panels": [{ "title": "p", "targets": [{ "expr": "rate(x{lab=~\"$lab\"}[$__rate_interval])" }] }],
            "annotations": { "list": [{ "name": "a", "expr": "y" }] },
            "templating": { "list": [{ "query": "label_values(z{a=\"b\"}, lab)" }] },
        }),
    };
    let found = dashboard.expressions();
    let expressions: Vec<&str> = found.iter().map(|(_, expr)| expr.as_str()).collect();
    let expected = [
        "rate(x{lab=~\".+\"}[4s])",
        "y",
        "count by (lab) (z{a=\"b\"})",
    ];
    assert_eq!(expressions, expected);
}

/// Grafana itself is not in Debian, so that no test here starts it. What can be held against
/// something is: the data source that the dashboards' variable finds, and the folder that they are in.
#[test]
fn the_provisioning_names_the_data_source_and_the_folder() {
    let read = |file: &str| {
        std::fs::read_to_string(folder().join("provisioning").join(file)).expect("it is there")
    };
    let source = read("datasources/prometheus.yaml");
    for dashboard in dashboards() {
        let variable = &dashboard.json["templating"]["list"][0]["current"]["value"];
        let uid = format!("uid: {}\n", variable.as_str().expect("a data source"));
        assert!(source.contains(&uid), "{}: no {uid}", dashboard.file);
    }
    let scrape = std::fs::read_to_string(folder().join("../prometheus/prometheus.yml")).unwrap();
    let interval = scrape
        .lines()
        .find_map(|line| line.trim().strip_prefix("scrape_interval: "));
    let interval = format!("timeInterval: {}\n", interval.expect("a scrape interval"));
    assert!(source.contains(&interval), "no {interval}");
    assert!(read("dashboards/crashwindow.yaml").contains("path: /etc/grafana/dashboards"));
}
