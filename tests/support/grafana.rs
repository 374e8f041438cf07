//! The dashboards of `docker/grafana/`, as data.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One dashboard.
pub struct Dashboard {
    /// The name of its file.
    pub file: String,
    pub json: Value,
}

/// The folder that Grafana is given.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docker/grafana")
}

/// All of them.
///
/// # Panics
/// When one is no JSON.
#[must_use]
pub fn dashboards() -> Vec<Dashboard> {
    let files = std::fs::read_dir(folder().join("dashboards")).expect("a folder");
    let read = |path: PathBuf| Dashboard {
        file: path.file_name().unwrap().to_string_lossy().into_owned(),
        json: serde_json::from_slice(&std::fs::read(&path).unwrap()).expect("it is JSON"),
    };
    files.map(|entry| read(entry.unwrap().path())).collect()
}

impl Dashboard {
    fn list(&self, pointer: &str) -> &[Value] {
        let list = self.json.pointer(pointer).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }

    /// Every expression that Grafana would ask for, by what it is for, with everything chosen in the
    /// variables and the shortest rate interval that the data source allows: four scrapes.
    #[must_use]
    pub fn expressions(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut add = |what: String, expr: &Value| {
            let expr = expr.as_str().unwrap_or_default();
            let expr = expr.replace("$__rate_interval", "4s");
            let expr = ["$lab", "$consumer", "$instance"]
                .iter()
                .fold(expr, |expr, variable| expr.replace(variable, ".+"));
            found.push((format!("{}: {what}", self.file), expr));
        };
        for panel in self.list("/panels") {
            for target in panel["targets"].as_array().into_iter().flatten() {
                add(panel["title"].to_string(), &target["expr"]);
            }
        }
        for annotation in self.list("/annotations/list") {
            add(annotation["name"].to_string(), &annotation["expr"]);
        }
        for variable in self.list("/templating/list") {
            let query = variable["query"].as_str().unwrap_or_default();
            let inside = query.strip_prefix("label_values(");
            if let Some((series, label)) = inside.and_then(|rest| rest.rsplit_once(", ")) {
                let label = label.trim_end_matches(')');
                let expr = format!("count by ({label}) ({series})");
                add(format!("variable {label}"), &Value::String(expr));
            }
        }
        found
    }

    /// What is wrong with it: what Grafana's own linter asks of a dashboard, as far as it is a
    /// question about a lab's.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut need = |holds: bool, what: String| {
            if !holds {
                problems.push(format!("{}: {what}", self.file));
            }
        };
        let told = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
        let of_variable = |value: &Value| value["datasource"]["uid"] == "${datasource}";
        for field in ["uid", "title", "description"] {
            need(told(&self.json[field]), format!("no {field}"));
        }
        need(self.json["editable"] == false, "it can be edited".into());
        let variables: BTreeSet<&str> = self
            .list("/templating/list")
            .iter()
            .filter_map(|variable| variable["name"].as_str())
            .collect();
        need(variables.contains("datasource"), "no data source".into());
        let panels = self.list("/panels");
        need(!panels.is_empty(), "no panel".into());
        let mut ids = BTreeSet::new();
        let mut cells = BTreeSet::new();
        for panel in panels {
            let title = &panel["title"];
            let has_unit = told(&panel["fieldConfig"]["defaults"]["unit"]);
            need(told(title), format!("a panel without a title: {panel}"));
            need(
                told(&panel["description"]),
                format!("{title} is not described"),
            );
            need(has_unit, format!("{title} has no unit"));
            need(
                ids.insert(panel["id"].to_string()),
                format!("the id of {title} is used twice"),
            );
            need(
                of_variable(panel),
                format!("{title} has a data source of its own"),
            );
            let at = |field: &str| panel["gridPos"][field].as_u64().unwrap_or_default();
            need(
                at("x") + at("w") <= 24,
                format!("{title} is wider than the page"),
            );
            for x in at("x")..at("x") + at("w") {
                for y in at("y")..at("y") + at("h") {
                    need(
                        cells.insert((x, y)),
                        format!("{title} lies on another panel"),
                    );
                }
            }
            let targets = panel["targets"].as_array().map_or(&[][..], Vec::as_slice);
            need(!targets.is_empty(), format!("{title} asks for nothing"));
            for target in targets {
                let expr = target["expr"].as_str().unwrap_or_default();
                need(
                    of_variable(target),
                    format!("{title} asks another data source"),
                );
                // A window of the panel's own would be too short for some zoom; a recorded one is
                // named in its rule.
                let windows = expr.matches('[').count();
                let right = expr.matches("[$__rate_interval]").count();
                need(
                    windows == right,
                    format!("{title} has a window of its own: {expr}"),
                );
                let bare = expr.contains("_total{") && windows == 0 && !expr.starts_with("sum");
                need(!bare, format!("{title} shows a bare counter: {expr}"));
                for word in expr.split('$').skip(1) {
                    let end = word.find(|c: char| c != '_' && !c.is_ascii_alphanumeric());
                    let name = &word[..end.unwrap_or(word.len())];
                    let known = variables.contains(name) || name == "__rate_interval";
                    need(
                        known,
                        format!("{title} asks for ${name}, which is no variable"),
                    );
                }
            }
        }
        for annotation in self.list("/annotations/list") {
            need(
                of_variable(annotation),
                "an annotation of another data source".into(),
            );
        }
        problems
    }
}
