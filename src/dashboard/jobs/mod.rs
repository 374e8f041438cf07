//! Jobs: what a page can start, one at a time, each with its events and its end.

mod execute;
mod request;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use futures::FutureExt;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::App;
use super::live::Live;
use super::problem::{Body, Problem, split};
use super::watch::StormDesk;
use super::wire::jobs::{self as wire, Accepted, Diagnosis, Done, JobState, Reveal};
use crate::storm::ManualCommand;

pub(super) use request::JobRequest;

/// Their runs are kept in any case.
const REMEMBERED: usize = 20;

pub(super) struct RunningJob {
    pub id: String,
    pub request: JobRequest,
    pub live: Arc<Live>,
    pub storm: Arc<Mutex<StormDesk>>,
    cancel: CancellationToken,
    progress: Mutex<JobProgress>,
    ended: watch::Sender<bool>,
}

#[derive(Default)]
struct JobProgress {
    state: JobState,
    runs: Vec<String>,
    error: Option<Problem>,
    diagnosis: Option<oneshot::Sender<(Diagnosis, oneshot::Sender<Reveal>)>>,
}

#[derive(Default)]
pub(super) struct Jobs(Mutex<Vec<Arc<RunningJob>>>);

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<RunningJob>>> {
        self.0.lock().expect("no holder panics")
    }

    pub fn running(&self) -> Option<Arc<RunningJob>> {
        let jobs = self.lock();
        jobs.last().filter(|job| !job.is_over()).cloned()
    }

    pub fn find(&self, id: &str) -> Result<Arc<RunningJob>, Problem> {
        let job = self.lock().iter().find(|job| job.id == id).cloned();
        job.ok_or_else(|| {
            Problem::new(
                StatusCode::NOT_FOUND,
                format!("there is no job {id:?}"),
                "start one, or look at the runs",
            )
        })
    }

    pub async fn ended(&self) {
        if let Some(job) = self.running() {
            // Fails only when the job is gone, which is an end as well.
            let _ = job.ended.subscribe().wait_for(|ended| *ended).await;
        }
    }

    fn add(&self, app: &App, request: JobRequest) -> Result<Arc<RunningJob>, Problem> {
        let mut jobs = self.lock();
        if let Some(busy) = jobs.last().filter(|job| !job.is_over()) {
            let mut problem = Problem::new(
                StatusCode::CONFLICT,
                "another job goes on, and only one does at a time",
                "wait for it, or stop it",
            );
            problem.job = Some(busy.id.clone());
            return Err(problem);
        }
        let job = Arc::new(RunningJob {
            // Not a number: a page that was open before a restart must not find another's job.
            id: format!("{:08x}", rand::random::<u32>()),
            request,
            live: Arc::default(),
            storm: Arc::default(),
            cancel: app.over.child_token(),
            progress: Mutex::default(),
            ended: watch::Sender::new(false),
        });
        jobs.push(Arc::clone(&job));
        let old = jobs.len().saturating_sub(REMEMBERED);
        jobs.drain(..old);
        Ok(job)
    }
}

impl RunningJob {
    fn progress(&self) -> MutexGuard<'_, JobProgress> {
        self.progress.lock().expect("no holder panics")
    }

    fn is_over(&self) -> bool {
        !matches!(self.progress().state, JobState::Running | JobState::Waiting)
    }

    fn tell(&self) -> wire::Job {
        let progress = self.progress();
        wire::Job {
            id: self.id.clone(),
            kind: self.request.kind(),
            request: self.request.clone(),
            state: progress.state,
            runs: progress.runs.clone(),
            error: progress.error.clone(),
            last_event: self.live.last(),
        }
    }

    fn finished_run(&self, run: &str) {
        self.progress().runs.push(run.to_owned());
    }

    async fn work(self: Arc<Self>, app: Arc<App>) {
        // A task of its own: the run does not wait while what it has recorded is read.
        let live = Arc::clone(&self.live);
        let ticking = async move { live.tick_for_ever().await };
        let ticking = AbortOnDropHandle::new(tokio::spawn(ticking));
        let result = survived(execute::execute(&self, &app)).await;
        drop(ticking);
        self.storm.lock().expect("no holder panics").control = None;
        self.storm.lock().expect("no holder panics").targets.clear();
        match result {
            Ok(done) => {
                self.progress().state = JobState::Done;
                self.live.end(&done);
            }
            Err(error) => {
                let (error, next) = split(&error.to_string());
                let problem = Problem::new(StatusCode::BAD_REQUEST, error, next);
                let stopped = self.cancel.is_cancelled();
                let mut progress = self.progress();
                progress.state = if stopped {
                    JobState::Stopped
                } else {
                    JobState::Failed
                };
                progress.error = Some(problem.clone());
                drop(progress);
                self.live.end(&Done::Failed(problem));
            }
        }
        self.ended.send_replace(true);
    }
}

pub(super) async fn start(
    State(app): State<Arc<App>>,
    Body(request): Body<JobRequest>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    request.check(&app)?;
    let job = app.jobs.add(&app, request)?;
    tokio::spawn(Arc::clone(&job).work(app));
    Ok((StatusCode::ACCEPTED, accepted(&job)))
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Path(job): Path<String>,
) -> Result<Json<wire::Job>, Problem> {
    Ok(Json(app.jobs.find(&job)?.tell()))
}

/// Answers when the job has cleared up after itself.
pub(super) async fn stop(
    State(app): State<Arc<App>>,
    Path(job): Path<String>,
) -> Result<Json<wire::Job>, Problem> {
    let job = app.jobs.find(&job)?;
    if job.is_over() {
        return Err(conflict("the job is over", "start another"));
    }
    job.cancel.cancel();
    let _ = job.ended.subscribe().wait_for(|ended| *ended).await;
    Ok(Json(job.tell()))
}

pub(super) async fn strike(
    State(app): State<Arc<App>>,
    Path(job): Path<String>,
    Body(manual): Body<ManualCommand>,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let job = app.jobs.find(&job)?;
    if manual.what.needs_instance() && manual.instance.is_none() {
        let error = "this is done to one instance, and none is named";
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            error,
            "add \"instance\"",
        ));
    }
    let control = job.storm.lock().expect("no holder panics").control.clone();
    let control =
        control.ok_or_else(|| conflict("no storm goes on in this job", "start a storm"))?;
    if !control.strike(manual) {
        return Err(conflict(
            "the storm takes no strike now: it is over, or too many wait",
            "try again in a second",
        ));
    }
    Ok((StatusCode::ACCEPTED, accepted(&job)))
}

pub(super) async fn diagnosis(
    State(app): State<Arc<App>>,
    Path(job): Path<String>,
    Body(diagnosis): Body<Diagnosis>,
) -> Result<Json<Reveal>, Problem> {
    let job = app.jobs.find(&job)?;
    let waiting = job.progress().diagnosis.take();
    let none = || conflict("no incident waits for a diagnosis", "wait until it is over");
    let (reply, reveal) = oneshot::channel();
    waiting
        .ok_or_else(none)?
        .send((diagnosis, reply))
        .map_err(|_| none())?;
    Ok(Json(reveal.await.map_err(|_| none())?))
}

/// Also where it panics: whoever waits for its end gets one.
async fn survived<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let caught = AssertUnwindSafe(work).catch_unwind().await;
    caught.unwrap_or_else(|_| {
        anyhow::bail!(
            "this job met a defect of the dashboard\nnext: report what its terminal says, and start it again"
        )
    })
}

fn accepted(job: &RunningJob) -> Json<Accepted> {
    Json(Accepted {
        job: job.id.clone(),
    })
}

fn conflict(error: &str, next: &str) -> Problem {
    Problem::new(StatusCode::CONFLICT, error, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_ends_and_says_so() {
        let planted = async { panic!("planted") };
        let error = survived::<()>(planted).await.expect_err("it panicked");
        let (error, next) = split(&error.to_string());
        assert!(error.contains("a defect of the dashboard"), "{error}");
        assert!(next.contains("start it again"), "{next}");
        let done = survived(async { Ok(1) }).await;
        assert_eq!(done.expect("it did not"), 1);
    }
}
