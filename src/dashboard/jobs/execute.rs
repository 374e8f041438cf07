//! Does what a job asks for, as the commands do.

use std::sync::Arc;

use anyhow::anyhow;
use tokio::sync::oneshot;

use super::request::decide_drill;
use super::{JobRequest, RunningJob};
use crate::chaos::storm::Cause;
use crate::dashboard::App;
use crate::dashboard::logs;
use crate::dashboard::problem::Problem;
use crate::dashboard::watch::JobWatcher;
use crate::dashboard::wire::jobs::{Diagnosis, Done, JobState, Report, Reveal};
use crate::dashboard::wire::live::{ActionChoice, CauseChoice, Diagnose, Phase};
use crate::drill::{Action, DrillReport, correction, diagnosis};
use crate::explore::{self, Exploration};
use crate::report::RunReport;
use crate::report::storm::StormReport;
use crate::run::Spec;
use crate::run::manifest::Manifest;
use crate::session::RunError;
use crate::stack::{self, StackProgress};
use crate::usecase::{Drill, EndedIncident, Executor, Judged};

pub(super) async fn execute(job: &RunningJob, app: &App) -> anyhow::Result<Done> {
    let told = StackLines(job);
    told.line("looking for Kafka and Postgres");
    let endpoints = tokio::select! {
        endpoints = stack::ensure(&app.settings.stack, &told) => endpoints?,
        () = job.cancel.cancelled() => return Err(stopped()),
    };
    app.let_prometheus_watch(&told).await;
    let (runs, cancel) = (app.runs.clone(), job.cancel.clone());
    let (executor, _) = Executor::open(endpoints, runs, cancel).await?;
    let work = Work { job, app, executor };
    match &job.request {
        JobRequest::Run { .. } | JobRequest::Replay { .. } => {
            let (lab, specs) = job.request.specs(app).map_err(said)?;
            let spec = specs.into_iter().next().ok_or_else(stopped)?;
            let report = work.run(spec, lab).await?;
            Ok(work.judged(Report::Run(Box::new(report))))
        }
        JobRequest::Compare { .. } => {
            let (lab, specs) = job.request.specs(app).map_err(said)?;
            let mut reports = Vec::new();
            for spec in specs {
                reports.push(work.run(spec, lab.clone()).await?);
            }
            Ok(Done::Compared {
                runs: work.finished_runs(),
                reports,
            })
        }
        JobRequest::Explore { .. } => work.explore().await,
        JobRequest::Storm { .. } => work.storm().await,
        JobRequest::Drill { seed, seconds } => {
            let drill = decide_drill(app, *seed, *seconds).map_err(said)?;
            work.drill(drill).await
        }
    }
}

struct Work<'a> {
    job: &'a RunningJob,
    app: &'a App,
    executor: Executor,
}

impl Work<'_> {
    fn judged(&self, report: Report) -> Done {
        Done::Judged {
            runs: self.finished_runs(),
            report,
        }
    }

    fn finished_runs(&self) -> Vec<String> {
        self.job.progress().runs.clone()
    }

    fn watch(&self, lab: Option<Manifest>, secret: bool) -> JobWatcher {
        JobWatcher {
            live: Arc::clone(&self.job.live),
            secret,
            metrics: self.app.metrics.clone(),
            lab,
            storm: Arc::clone(&self.job.storm),
        }
    }

    async fn run(&self, spec: Spec, lab: Option<Manifest>) -> anyhow::Result<RunReport> {
        let watch = self.watch(lab, false);
        let Judged { finished, report } = self.executor.run(spec, &watch).await?;
        // From here on the wall is the verdict's.
        self.job.live.change(|feed| feed.grid.judged(&finished));
        self.job.live.tick();
        self.job.finished_run(&report.run);
        self.app.metrics.judged(&report);
        Ok(report)
    }

    async fn explore(&self) -> anyhow::Result<Done> {
        let (lab, specs) = self.job.request.specs(self.app).map_err(said)?;
        let spec = specs.into_iter().next().ok_or_else(stopped)?;
        let exploration = Exploration::of(spec, explore::PAYMENTS, explore::PARTITIONS);
        let watch = self.watch(lab, false);
        let report = self.executor.explore(&exploration, &watch).await?;
        self.job.finished_run(&report.run);
        Ok(self.judged(Report::Explore(Box::new(report))))
    }

    async fn storm(&self) -> anyhow::Result<Done> {
        let spec = self.job.request.storm_spec(self.app).map_err(said)?;
        let watch = self.watch(None, false);
        let report = self.beside_logs(&watch, self.executor.storm(spec, &watch));
        let report = report.await?;
        self.finished_storm(&report);
        Ok(self.judged(Report::Storm(Box::new(report))))
    }

    async fn drill(&self, drill: Drill) -> anyhow::Result<Done> {
        let watch = self.watch(None, true);
        let incident = self.beside_logs(&watch, self.executor.incident(drill, &watch));
        let incident = incident.await?;
        let (answer, reply) = match self.ask(&incident).await {
            Ok((given, reply)) => (Ok((given.cause, given.action)), Some(reply)),
            Err(error) => (Err(error), None),
        };
        let (came_of, report) = incident.reveal(answer)?;
        let reveal = revealed(came_of);
        if let Some(reply) = reply {
            // The page may be gone; the events tell it as well.
            let _ = reply.send(reveal.clone());
        }
        self.finished_storm(&report);
        for mark in &report.marks {
            let who = [report.lab.as_str(), report.consumer.as_str()];
            self.app.metrics.struck(who, mark);
        }
        Ok(Done::Revealed {
            runs: self.finished_runs(),
            reveal,
            report: Box::new(report),
        })
    }

    async fn beside_logs<T>(
        &self,
        watch: &JobWatcher,
        storm: impl Future<Output = Result<T, RunError>>,
    ) -> Result<T, RunError> {
        tokio::select! {
            came_of = storm => came_of,
            never = logs::tell_for_ever(watch, &self.app.runs) => match never {},
        }
    }

    fn finished_storm(&self, report: &StormReport) {
        self.job.finished_run(&report.run);
        self.app.metrics.storm_judged(report);
    }

    async fn ask(
        &self,
        incident: &EndedIncident,
    ) -> anyhow::Result<(Diagnosis, oneshot::Sender<Reveal>)> {
        let causes = Cause::ALL.map(|cause| CauseChoice {
            cause,
            text: diagnosis(cause),
        });
        let actions = Action::ALL.map(|action| ActionChoice {
            action,
            text: action.text(),
        });
        let logs = incident.logs()?;
        let (sender, answer) = oneshot::channel();
        {
            let mut progress = self.job.progress();
            progress.state = JobState::Waiting;
            progress.diagnosis = Some(sender);
        }
        self.job.live.tell(&Diagnose {
            causes: causes.into(),
            actions: actions.into(),
            logs,
        });
        tokio::select! {
            answer = answer => Ok(answer?),
            () = self.job.cancel.cancelled() => Err(stopped()),
        }
    }
}

fn revealed(came_of: DrillReport) -> Reveal {
    let (cause, right_action) = (came_of.cause, came_of.right_action);
    Reveal {
        right: came_of.right,
        cause,
        answer: came_of.answer,
        action: came_of.action,
        right_action,
        cause_text: diagnosis(cause),
        action_text: right_action.text(),
        correction: correction(cause, came_of.answer, came_of.action),
        evidence: came_of.evidence,
        run: came_of.run,
        seed: came_of.seed,
    }
}

struct StackLines<'a>(&'a RunningJob);

impl StackProgress for StackLines<'_> {
    fn line(&self, line: &str) {
        self.0.live.tell(&Phase { text: line });
    }
}

fn said(problem: Problem) -> anyhow::Error {
    anyhow!("{}\nnext: {}", problem.error, problem.next)
}

fn stopped() -> anyhow::Error {
    anyhow!("the job was stopped\nnext: start it again")
}
