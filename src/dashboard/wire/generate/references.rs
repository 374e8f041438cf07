//! What points to what in the description of the API.

use serde_json::{Value, json};

use super::{EventType, REPORTS};

pub(super) const COMPONENTS: &str = "/components/schemas";

/// They have files of their own, which are what the commands promise too.
pub(super) fn point_to_reports(value: &mut Value) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(point_to_reports),
        Value::Object(object) => {
            if let Some(Value::String(path)) = object.get_mut("$ref") {
                for (file, name) in REPORTS {
                    if *path == format!("#{COMPONENTS}/{name}") {
                        *path = format!("{file}.schema.json");
                    }
                }
            }
            object.values_mut().for_each(point_to_reports);
        }
        _ => {}
    }
}

pub(super) fn needed(paths: &Value, schemas: &Value, events: &[EventType]) -> Value {
    let mut needed = json!({});
    let mut open: Vec<String> = events
        .iter()
        .map(|(name, _)| format!("Event_{name}"))
        .collect();
    pointed(paths, &mut open);
    while let Some(name) = open.pop() {
        if needed.get(&name).is_none() {
            let schema = schemas
                .get(&name)
                .expect("every type that is named is described");
            pointed(schema, &mut open);
            needed[name] = schema.clone();
        }
    }
    needed
}

fn pointed(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| pointed(one, names)),
        Value::Object(object) => {
            let path = object.get("$ref").and_then(Value::as_str);
            let name = path.and_then(|path| name_in(path));
            names.extend(name.map(str::to_owned));
            object.values().for_each(|one| pointed(one, names));
        }
        _ => {}
    }
}

fn name_in(path: &str) -> Option<&str> {
    let path = path.strip_prefix('#')?.strip_prefix(COMPONENTS)?;
    path.strip_prefix('/')
}

#[test]
fn what_is_pointed_to_is_kept_with_what_that_points_to_and_nothing_else() {
    let to = |name: &str| json!({ "$ref": format!("#{COMPONENTS}/{name}") });
    let mut paths = json!({ "/": { "a": to("Job"), "b": to("RunReport") } });
    point_to_reports(&mut paths);
    assert_eq!(paths["/"]["b"]["$ref"], "run.schema.json");
    let schemas = json!({
        "Job": { "properties": { "error": to("Problem") } },
        "Problem": {},
        "RunReport": {},
        "Event_done": to("Problem"),
    });
    let events = [("done", "Problem".to_owned())];
    let kept = needed(&paths, &schemas, &events);
    let names: Vec<&String> = kept.as_object().unwrap().keys().collect();
    assert_eq!(names, ["Event_done", "Job", "Problem"]);
}
