//! What is right is told only to who has answered, and where a run tells it, only after that run.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::problem::{Body, Problem};
use super::wire::labs::QuizProgress;
use super::wire::quiz as wire;
use super::{App, runs};
use crate::quiz::{Answer, Question, Quiz, Shown, outcomes};
use crate::report::RunReport;
use crate::run::manifest::Manifest;
use crate::session::folder::REPORT;

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(lab): Path<String>,
) -> Result<Json<Vec<wire::Question>>, Problem> {
    let lab = app.lab(&lab).map_err(|e| Problem::missing(&e))?;
    Ok(Json(tell(&app, &lab)?))
}

pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Path(lab): Path<String>,
    Body(given): Body<wire::QuizAnswer>,
) -> Result<Json<Vec<wire::Question>>, Problem> {
    let lab = app.lab(&lab).map_err(|e| Problem::missing(&e))?;
    let quiz = load(&lab)?;
    let none = |what: &str| {
        let error = format!("there is no {what}");
        Problem::new(StatusCode::BAD_REQUEST, error, "choose one that is shown")
    };
    let question = quiz.questions.iter().find(|q| q.id == given.question);
    let question = question.ok_or_else(|| none(&format!("question {:?}", given.question)))?;
    let place = question.place(&given.option);
    let place = place.ok_or_else(|| none(&format!("option {:?}", given.option)))?;
    let answer = Answer::now(&app.settings.attendee, &lab.id, question, place);
    let kept = app.settings.answers.add(&answer);
    kept.map_err(|e| Problem::told(StatusCode::INTERNAL_SERVER_ERROR, &e))?;
    Ok(Json(tell(&app, &lab)?))
}

pub(super) fn progress(app: &App, lab: &Manifest) -> Result<QuizProgress, Problem> {
    let quiz = load(lab)?;
    let last = |question: &Question| last_answer(app, lab, question);
    let answers = quiz.questions.iter().map(last);
    let answers: Vec<_> = answers.collect::<Result<Vec<_>, _>>()?;
    let given = answers.iter().flatten();
    Ok(QuizProgress {
        questions: quiz.questions.len(),
        answered: given.clone().count(),
        right: given.filter(|answer| answer.right).count(),
    })
}

fn load(lab: &Manifest) -> Result<Quiz, Problem> {
    Quiz::load(lab).map_err(|e| Problem::missing(&e))
}

fn last_answer(app: &App, lab: &Manifest, question: &Question) -> Result<Option<Answer>, Problem> {
    let all = app.settings.answers.all();
    let all = all.map_err(|e| Problem::told(StatusCode::INTERNAL_SERVER_ERROR, &e))?;
    let mine = all.into_iter().filter(|answer| {
        answer.attendee == app.settings.attendee
            && answer.lab == lab.id
            && answer.question == question.id
    });
    Ok(mine.last())
}

fn tell(app: &App, lab: &Manifest) -> Result<Vec<wire::Question>, Problem> {
    let quiz = load(lab)?;
    let mut told = Vec::new();
    for question in &quiz.questions {
        let answer = last_answer(app, lab, question)?;
        let shown = question.run.as_ref();
        let run = match (&answer, shown) {
            (Some(answer), Some(shown)) => run_after(app, lab, shown, answer.at_unix),
            _ => None,
        };
        let may_know = answer.is_some() && (shown.is_none() || run.is_some());
        let options = question.options.iter().enumerate();
        let options = options.map(|(place, option)| wire::Choice {
            letter: Question::letter(place).to_string(),
            text: option.text.trim().to_owned(),
        });
        let explain = question.options.iter().map(|option| option.explain.trim());
        let reveal = may_know.then(|| wire::Solution {
            right: Question::letter(question.right()).to_string(),
            explain: explain.map(str::to_owned).collect(),
            fates: run.as_ref().map(outcomes).unwrap_or_default(),
        });
        told.push(wire::Question {
            id: question.id.clone(),
            ask: question.ask.trim().to_owned(),
            run: shown.map(|s| wire::Shown {
                consumer: s.consumer.clone(),
                scenario: s.scenario.clone(),
            }),
            options: options.collect(),
            answer: answer.map(|answer| wire::Given {
                chosen: answer.chosen.to_string(),
                run: run.as_ref().map(|run| run.run.clone()).or(answer.run),
            }),
            reveal,
        });
    }
    Ok(told)
}

fn run_after(app: &App, lab: &Manifest, shown: &Shown, at_unix: u64) -> Option<RunReport> {
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(at_unix);
    let mut found = None;
    for id in runs::newest_first(&app.runs) {
        let path = app.runs.join(&id).join(REPORT);
        let Ok(changed) = path.metadata().and_then(|meta| meta.modified()) else {
            continue;
        };
        if changed < since {
            break;
        }
        let report = std::fs::read(&path).ok();
        let report: Option<RunReport> = report.and_then(|r| serde_json::from_slice(&r).ok());
        found = report
            .filter(|r| {
                r.lab == lab.id && r.consumer == shown.consumer && r.scenario == shown.scenario
            })
            .or(found);
    }
    found
}
