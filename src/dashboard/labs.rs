//! The labs, as a page shows them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};

use super::problem::Problem;
use super::wire::labs::{Consumer, Lab, LabPage, Scenario, Source, Storm, StormScenario};
use super::{App, lines, quiz};
use crate::run::manifest::{self, Manifest};

pub(super) async fn all(State(app): State<Arc<App>>) -> Result<Json<Vec<Lab>>, Problem> {
    let labs = manifest::all(&app.settings.labs).map_err(|e| Problem::missing(&e))?;
    let told: Result<Vec<Lab>, Problem> = labs.iter().map(|lab| tell(&app, lab)).collect();
    Ok(Json(told?))
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    Path(lab): Path<String>,
) -> Result<Json<LabPage>, Problem> {
    let lab = app.lab(&lab).map_err(|e| Problem::missing(&e))?;
    let mut sources = BTreeMap::new();
    for (name, consumer) in &lab.consumers {
        let text = read(&lab.folder.join(&consumer.source))?;
        let lines = lines::lines(&lab, name, &text);
        let file = consumer.source.display().to_string();
        sources.insert(name.clone(), Source { file, text, lines });
    }
    Ok(Json(LabPage {
        lab: tell(&app, &lab)?,
        guide: read(&lab.folder.join("README.md"))?,
        sources,
    }))
}

fn read(path: &std::path::Path) -> Result<String, Problem> {
    let problem = |e| Problem::missing(&format!("{}: {e}", path.display()));
    std::fs::read_to_string(path).map_err(problem)
}

fn tell(app: &App, lab: &Manifest) -> Result<Lab, Problem> {
    let consumers = lab.lineup().into_iter().map(|name| Consumer {
        name: name.to_owned(),
        about: lab.consumers[name].about.clone(),
    });
    let scenarios = lab.scenarios.iter().map(|s| Scenario {
        name: s.name.clone(),
        fault: s.fault,
        at: s.at.clone(),
        edge: s.edge,
        strikes: s.strikes,
        expect: s.expect.clone(),
        why: s.why.clone(),
    });
    let storm = lab.storm.as_ref().map(|storm| {
        let scenarios = storm.scenarios.iter().map(|s| StormScenario {
            cause: s.cause,
            expect: s.expect,
            why: s.why.clone(),
        });
        Storm {
            consumer: storm.consumer.clone(),
            seconds: storm.seconds,
            scenarios: scenarios.collect(),
        }
    });
    Ok(Lab {
        id: lab.id.clone(),
        name: lab.name.clone(),
        title: lab.title.clone(),
        question: lab.question.clone(),
        guarantee: lab.guarantee,
        done: lab.effects.effect_verb.clone(),
        consumers: consumers.collect(),
        scenarios: scenarios.collect(),
        storm,
        quiz: quiz::progress(app, lab)?,
    })
}
