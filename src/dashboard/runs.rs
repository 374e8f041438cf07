//! The runs that were kept, and what became of a payment in one.

use std::io::ErrorKind;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{Html, IntoResponse};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::App;
use super::problem::Problem;
use super::wire::runs::{Biography, RunKind, RunLine, RunState};
use crate::report::explore::{ExploreReport, html, steps};
use crate::report::{RunReport, lines, prose, storm, terminal};
use crate::run::Spec;
use crate::session::folder::{
    self, EXPLORATION, FolderError, REPORT, SPEC, STATE, STORM, State as Reached,
};
use crate::timeline::{Entry, biography};
use crate::verdict::{History, Verdict, outcome_of};

const PAGE: usize = 50;

#[derive(Deserialize)]
pub(super) struct Before {
    before: Option<String>,
}

pub(super) fn newest_first(runs: &FilePath) -> Vec<String> {
    let mut ids = folder::ids(runs).unwrap_or_default();
    ids.reverse();
    ids
}

/// By numbers alone: a request names no path.
pub(super) fn folder_of(app: &App, run: &str) -> Result<PathBuf, Problem> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = run.split('/').collect();
    let path = match parts[..] {
        [run] if is_number(run) => app.runs.join(format!("{run:0>4}")),
        [run, "cells", cell] if is_number(run) && is_number(cell) => {
            let run = app.runs.join(format!("{run:0>4}"));
            run.join("cells").join(format!("{cell:0>4}"))
        }
        _ => PathBuf::new(),
    };
    if path.join(STATE).is_file() {
        return Ok(path);
    }
    let error = format!("there is no run {run:?}");
    let next = "choose one of /api/runs";
    Err(Problem::new(StatusCode::NOT_FOUND, error, next))
}

pub(super) async fn list(
    State(app): State<Arc<App>>,
    Query(Before { before }): Query<Before>,
) -> Result<Json<Vec<RunLine>>, Problem> {
    aside(move || {
        let ids = newest_first(&app.runs).into_iter();
        let older = ids.skip_while(|id| before.as_ref().is_some_and(|b| !is_before(id, b)));
        let page = older.take(PAGE);
        Ok(Json(
            page.map(|id| line(&app.runs.join(&id), &id)).collect(),
        ))
    })
    .await
}

/// Where no task of a run waits: folders are large, and may be many.
async fn aside<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|e| Err(Problem::told(StatusCode::INTERNAL_SERVER_ERROR, &e)))
}

fn is_before(id: &str, other: &str) -> bool {
    (id.len(), id) < (other.len(), other)
}

/// Of a run, an exploration or a storm; not all have all of it.
#[derive(Default, Deserialize)]
struct SavedReport {
    lab: Option<String>,
    consumer: Option<String>,
    scenario: Option<String>,
    cause: Option<String>,
    verdict: Option<Verdict>,
    counts: Option<Box<RawValue>>,
    seconds: Option<Took>,
}

/// Of a storm, how long payments were produced.
#[derive(Deserialize)]
#[serde(untagged)]
enum Took {
    Phases { total: f64 },
    Whole(f64),
}

/// The cause of a storm is not looked at: it may be a drill's, and nobody is to know it yet.
#[derive(Default, Deserialize)]
struct SavedPlan {
    lab: Option<String>,
    consumer: Option<String>,
    scenario: Option<String>,
}

fn line(path: &FilePath, id: &str) -> RunLine {
    let state = folder::read::<Reached>(path, STATE).ok();
    let report: SavedReport = saved_report(path).unwrap_or_default();
    let spec: SavedPlan = folder::read(path, SPEC)
        .or_else(|_| folder::read(path, STORM))
        .unwrap_or_default();
    let started = path
        .join("lock")
        .metadata()
        .and_then(|meta| meta.modified());
    let started = started.ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    RunLine {
        run: id.to_owned(),
        kind: kind_of(path),
        lab: report.lab.or(spec.lab),
        consumer: report.consumer.or(spec.consumer),
        scenario: report.scenario.or(spec.scenario).or(report.cause),
        state: match state {
            Some(Reached::Judged) => RunState::Judged,
            Some(Reached::Inconclusive { .. }) => RunState::Inconclusive,
            Some(Reached::Running) | None => RunState::Running,
        },
        verdict: report.verdict,
        counts: report.counts,
        started: started.map_or(0, |t| t.as_secs()),
        seconds: report.seconds.map(|took| match took {
            Took::Phases { total } | Took::Whole(total) => total,
        }),
    }
}

fn kind_of(path: &FilePath) -> RunKind {
    if path.join(STORM).is_file() {
        RunKind::Storm
    } else if path.join("cells").is_dir() {
        RunKind::Explore
    } else {
        RunKind::Run
    }
}

/// Whatever version wrote it.
fn saved_report<T: DeserializeOwned>(path: &FilePath) -> Result<T, Problem> {
    let name = match kind_of(path) {
        RunKind::Explore => EXPLORATION,
        RunKind::Run | RunKind::Storm => REPORT,
    };
    folder::read(path, name).map_err(|error| match error {
        FolderError::Unread { source, .. } if source.kind() == ErrorKind::NotFound => Problem::new(
            StatusCode::NOT_FOUND,
            "the run has no report: it goes on, or it ended without a verdict",
            "wait for its end, or choose another",
        ),
        damaged => Problem::missing(&damaged),
    })
}

pub(super) async fn report(
    State(app): State<Arc<App>>,
    Path(run): Path<String>,
) -> Result<Json<Box<RawValue>>, Problem> {
    aside(move || Ok(Json(saved_report(&folder_of(&app, &run)?)?))).await
}

pub(super) async fn cell(
    app: State<Arc<App>>,
    Path((run, cell)): Path<(String, String)>,
) -> Result<Json<Box<RawValue>>, Problem> {
    report(app, Path(format!("{run}/cells/{cell}"))).await
}

pub(super) async fn download_json(
    app: State<Arc<App>>,
    run: Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let report = report(app, run).await?;
    Ok(([(CONTENT_DISPOSITION, "attachment")], report))
}

pub(super) async fn download_html(
    State(app): State<Arc<App>>,
    Path(run): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let page = aside(move || page(&app, &run)).await?;
    Ok(([(CONTENT_DISPOSITION, "attachment")], Html(page)))
}

fn page(app: &App, run: &str) -> Result<String, Problem> {
    let path = folder_of(app, run)?;
    Ok(match kind_of(&path) {
        RunKind::Explore => html::render(&saved_report::<ExploreReport>(&path)?),
        RunKind::Storm => {
            let report: storm::StormReport = saved_report(&path)?;
            as_page(run, &storm::render(&report, "crashwindow drill"))
        }
        RunKind::Run => {
            let report: RunReport = saved_report(&path)?;
            let next = format!("crashwindow replay {run}");
            as_page(run, &terminal::render(&report, &next))
        }
    })
}

fn as_page(run: &str, text: &str) -> String {
    let plain = anstream::adapter::strip_str(text).to_string();
    let plain = plain.replace('&', "&amp;").replace('<', "&lt;");
    format!("<!doctype html><meta charset=utf-8><title>run {run}</title><pre>{plain}</pre>\n")
}

pub(super) async fn payment(
    State(app): State<Arc<App>>,
    Path((run, payment)): Path<(String, String)>,
) -> Result<Json<Biography>, Problem> {
    aside(move || sequence(&app, &run, &payment).map(Json)).await
}

fn sequence(app: &App, run: &str, payment: &str) -> Result<Biography, Problem> {
    let path = folder_of(app, run)?;
    let missing = |what: &dyn std::fmt::Display| {
        let next = "choose a payment of a run that has a verdict";
        Problem::new(StatusCode::NOT_FOUND, what.to_string(), next)
    };
    let history: History = folder::read(&path, "history.json").map_err(|e| missing(&e))?;
    let spec: Spec = folder::read(&path, SPEC).map_err(|e| missing(&e))?;
    if !history.produced.iter().any(|p| p.payment == payment) {
        return Err(missing(&format!("run {run} has no payment {payment:?}")));
    }
    let events = std::fs::read_to_string(path.join("events.jsonl")).map_err(|e| missing(&e))?;
    let entries = events.lines();
    let entries = entries.filter_map(|line| serde_json::from_str::<Entry>(line).ok());
    let entries: Vec<Entry> = entries.collect();
    let entries = biography(&entries, payment, &history.places_of(payment));
    let lines = lines(&entries, payment);
    let outcome = outcome_of(&history, payment);
    let text = format!(
        "{payment}: {}: {}.",
        prose(&entries, payment),
        outcome.told(&spec.effect_verb, history.effects_of(payment).len())
    );
    let (lanes, steps) = steps::steps(&lines);
    Ok(Biography {
        payment: payment.to_owned(),
        outcome,
        text,
        effects: history.effects_of(payment),
        lanes,
        lines: steps,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[(&str, &str)]) -> serde_json::Value {
        let home = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(home.path().join(name), text).unwrap();
        }
        serde_json::to_value(line(home.path(), "0007")).unwrap()
    }

    #[test]
    fn a_line_tells_what_its_report_says_and_its_counts_as_they_were_saved() {
        let run = r#"{ "schema": 1, "lab": "01", "consumer": "broken", "scenario": "kill",
            "verdict": "violated", "counts": { "payments": 3, "of an older version": 1 },
            "seconds": { "total": 2.5, "phases": [] } }"#;
        let told = told(&[(REPORT, run), (STATE, r#"{ "state": "judged" }"#)]);
        assert_eq!(told["kind"], "run");
        assert_eq!(told["lab"], "01");
        assert_eq!(told["scenario"], "kill");
        assert_eq!(told["verdict"], "violated");
        assert_eq!(
            told["counts"].to_string(),
            r#"{"of an older version":1,"payments":3}"#
        );
        assert_eq!(told["seconds"], 2.5);
    }

    #[test]
    fn a_storm_that_goes_on_does_not_say_what_it_is() {
        let plan = r#"{ "lab": "04", "consumer": "dedup", "cause": "slow", "seconds": 60 }"#;
        let going_on = told(&[(STORM, plan)]);
        assert_eq!(
            (&going_on["kind"], &going_on["state"]),
            (&"storm".into(), &"running".into())
        );
        assert_eq!(going_on["consumer"], "dedup");
        assert!(going_on["scenario"].is_null(), "{going_on}");
        assert!(going_on["seconds"].is_null(), "{going_on}");
        let report = r#"{ "cause": "slow", "verdict": "held", "seconds": 60 }"#;
        let over = told(&[(STORM, plan), (REPORT, report)]);
        assert_eq!(over["scenario"], "slow");
        assert_eq!(over["seconds"], 60.0);
    }

    #[test]
    fn a_damaged_report_is_not_called_a_run_that_goes_on() {
        let run = tempfile::tempdir().unwrap();
        let told = || {
            let report = saved_report::<RunReport>(run.path());
            report.expect_err("it is no report").error
        };
        assert!(told().contains("it goes on"), "{}", told());
        for text in ["{", "{}"] {
            std::fs::write(run.path().join(REPORT), text).unwrap();
            assert!(told().contains("report.json cannot be read"), "{}", told());
        }
    }
}
