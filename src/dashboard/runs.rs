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
use serde_json::{Value, json};

use super::App;
use super::problem::Problem;
use crate::report::explore::{ExploreReport, html, steps};
use crate::report::{RunReport, lines, prose, storm, terminal};
use crate::run::Spec;
use crate::run::folder::{self, FolderError, SPEC, STATE, STORM, State as Reached};
use crate::timeline::{Entry, biography};
use crate::verdict::{History, outcome_of};

/// How many runs are listed at once.
const PAGE: usize = 50;

#[derive(Deserialize)]
pub(super) struct Before {
    before: Option<String>,
}

/// The numbers of all runs, the newest first.
pub(super) fn newest_first(runs: &FilePath) -> Vec<String> {
    let mut ids = folder::ids(runs).unwrap_or_default();
    ids.reverse();
    ids
}

/// The folder of a run or of a cell, by numbers alone: a request names no path.
///
/// # Errors
/// When there is none.
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
) -> Result<Json<Value>, Problem> {
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

/// Reads where no task of a run waits: folders are large, and may be many.
async fn aside<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let read = tokio::task::spawn_blocking(read).await;
    read.unwrap_or_else(|e| Err(Problem::told(StatusCode::INTERNAL_SERVER_ERROR, &e)))
}

/// Whether a run's number is smaller than another's.
fn is_before(id: &str, other: &str) -> bool {
    (id.len(), id) < (other.len(), other)
}

fn line(path: &FilePath, id: &str) -> Value {
    let state = folder::read::<Reached>(path, STATE).ok();
    let report: Value = saved_report(path).unwrap_or_default();
    let spec = folder::read::<Value>(path, SPEC)
        .or_else(|_| folder::read(path, STORM))
        .unwrap_or_default();
    let kind = kind_of(path);
    let of = |name: &str| {
        let text = report.get(name).or_else(|| spec.get(name));
        text.and_then(Value::as_str)
    };
    let started = path
        .join("lock")
        .metadata()
        .and_then(|meta| meta.modified());
    let started = started.ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    let scenario = of("scenario").or_else(|| report["cause"].as_str());
    let seconds = report["seconds"]["total"].as_f64();
    json!({
        "run": id,
        "kind": kind,
        "lab": of("lab"),
        "consumer": of("consumer"),
        "scenario": scenario,
        "state": match state {
            Some(Reached::Judged) => "judged",
            Some(Reached::Inconclusive { .. }) => "inconclusive",
            Some(Reached::Running) | None => "running",
        },
        "verdict": of("verdict"),
        "counts": report.get("counts"),
        "started": started.map_or(0, |t| t.as_secs()),
        "seconds": seconds.or_else(|| report["seconds"].as_f64()),
    })
}

fn kind_of(path: &FilePath) -> &'static str {
    if path.join(STORM).is_file() {
        "storm"
    } else if path.join("cells").is_dir() {
        "explore"
    } else {
        "run"
    }
}

fn saved_report<T: DeserializeOwned>(path: &FilePath) -> Result<T, Problem> {
    let name = match kind_of(path) {
        "explore" => "explore.json",
        _ => "report.json",
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
) -> Result<Json<Value>, Problem> {
    aside(move || Ok(Json(saved_report::<Value>(&folder_of(&app, &run)?)?))).await
}

pub(super) async fn cell(
    app: State<Arc<App>>,
    Path((run, cell)): Path<(String, String)>,
) -> Result<Json<Value>, Problem> {
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

/// An exploration as its own page; what the terminal shows of anything else.
fn page(app: &App, run: &str) -> Result<String, Problem> {
    let path = folder_of(app, run)?;
    Ok(match kind_of(&path) {
        "explore" => html::render(&saved_report::<ExploreReport>(&path)?),
        "storm" => {
            let report: storm::StormReport = saved_report(&path)?;
            as_page(run, &storm::render(&report, "crashwindow drill"))
        }
        _ => {
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
) -> Result<Json<Value>, Problem> {
    aside(move || sequence(&app, &run, &payment).map(Json)).await
}

/// One payment's biography, as a sequence: from the run's own events and its verdict's history.
fn sequence(app: &App, run: &str, payment: &str) -> Result<Value, Problem> {
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
        outcome.told(&spec.done, history.effects_of(payment).len())
    );
    let (lanes, steps) = steps::steps(&lines);
    Ok(json!({
        "payment": payment,
        "outcome": outcome.name(),
        "text": text,
        "effects": history.effects_of(payment),
        "lanes": lanes,
        "lines": steps,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_report_is_not_called_a_run_that_goes_on() {
        let run = tempfile::tempdir().unwrap();
        let told = || {
            let report = saved_report::<RunReport>(run.path());
            let problem = report.expect_err("it is no report").json();
            problem["error"].as_str().unwrap().to_owned()
        };
        assert!(told().contains("it goes on"), "{}", told());
        for text in ["{", "{}"] {
            std::fs::write(run.path().join("report.json"), text).unwrap();
            assert!(told().contains("report.json cannot be read"), "{}", told());
        }
    }
}
