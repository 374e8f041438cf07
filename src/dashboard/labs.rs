//! The labs, as a page shows them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::{App, lines, quiz};
use crate::run::manifest::{self, Manifest};

pub(super) async fn all(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    let labs = manifest::all(&app.settings.labs).map_err(|e| Problem::missing(&e))?;
    let told: Result<Vec<Value>, Problem> = labs.iter().map(|lab| tell(&app, lab)).collect();
    Ok(Json(Value::Array(told?)))
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(lab): Path<String>,
) -> Result<Json<Value>, Problem> {
    let lab = app.lab(&lab).map_err(|e| Problem::missing(&e))?;
    let mut told = tell(&app, &lab)?;
    let mut sources = Map::new();
    for (name, consumer) in &lab.consumers {
        let text = read(&lab.folder.join(&consumer.source))?;
        let lines = lines::lines(&lab, name, &text);
        let file = consumer.source.display().to_string();
        let source = json!({ "file": file, "text": text, "lines": lines });
        sources.insert(name.clone(), source);
    }
    told["guide"] = json!(read(&lab.folder.join("README.md"))?);
    told["sources"] = Value::Object(sources);
    Ok(Json(told))
}

fn read(path: &std::path::Path) -> Result<String, Problem> {
    let problem = |e| Problem::missing(&format!("{}: {e}", path.display()));
    std::fs::read_to_string(path).map_err(problem)
}

fn tell(app: &App, lab: &Manifest) -> Result<Value, Problem> {
    let consumers = lab.lineup();
    let consumers = consumers
        .iter()
        .map(|name| json!({ "name": name, "about": lab.consumers[*name].about }));
    let scenarios = lab.scenarios.iter().map(|s| {
        json!({
            "name": s.name, "fault": s.fault, "at": s.at, "edge": s.edge,
            "strikes": s.strikes, "expect": s.expect, "why": s.why,
        })
    });
    let storm = lab.storm.as_ref().map(|storm| {
        let scenarios = storm
            .scenarios
            .iter()
            .map(|s| json!({ "cause": s.cause, "expect": s.expect, "why": s.why }));
        json!({
            "consumer": storm.consumer,
            "seconds": storm.seconds,
            "scenarios": scenarios.collect::<Vec<_>>(),
        })
    });
    Ok(json!({
        "id": lab.id,
        "name": lab.name,
        "title": lab.title,
        "question": lab.question,
        "guarantee": lab.guarantee,
        "done": lab.effects.done,
        "consumers": consumers.collect::<Vec<_>>(),
        "scenarios": scenarios.collect::<Vec<_>>(),
        "storm": storm,
        "quiz": quiz::progress(app, lab)?,
    }))
}
