//! Does what a job asks for, as the commands do.

use std::sync::Arc;

use anyhow::anyhow;
use tokio::sync::oneshot;

use super::request::drill_spec;
use super::{Job, Request};
use crate::chaos::storm::Cause;
use crate::dashboard::App;
use crate::dashboard::logs;
use crate::dashboard::problem::Problem;
use crate::dashboard::watch::Watch;
use crate::dashboard::wire::jobs::{Done, JobState, Report, Reveal};
use crate::dashboard::wire::live::{ActionChoice, CauseChoice, Diagnose, Phase};
use crate::drill::{self, Action, DrillReport, correction, diagnosis, evidence, hidden};
use crate::explore::{self, Exploration};
use crate::report::RunReport;
use crate::report::storm::StormReport;
use crate::run::manifest::Manifest;
use crate::run::storm::StormSpec;
use crate::run::{self, Spec, folder};
use crate::stack::{self, Endpoints, Progress};

/// Returns what the event `done` says.
pub(super) async fn execute(job: &Job, app: &App) -> anyhow::Result<Done> {
    let told = Told(job);
    told.line("looking for Kafka and Postgres");
    let endpoints = tokio::select! {
        endpoints = stack::ensure(&app.settings.stack, &told) => endpoints?,
        () = job.cancel.cancelled() => return Err(stopped()),
    };
    app.let_prometheus_watch(&told).await;
    run::sweep(&app.runs, &endpoints).await?;
    let work = Work {
        job,
        app,
        endpoints: &endpoints,
    };
    match &job.request {
        Request::Run { .. } | Request::Replay { .. } => {
            let (lab, specs) = job.request.specs(app).map_err(said)?;
            let spec = specs.into_iter().next().ok_or_else(stopped)?;
            let report = work.run(spec, lab).await?;
            Ok(work.judged(Report::Run(Box::new(report))))
        }
        Request::Compare { .. } => {
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
        Request::Explore { .. } => work.explore().await,
        Request::Storm { .. } => {
            let spec = job.request.storm_spec(app).map_err(said)?;
            let report = work.storm(spec, false).await?;
            work.keep(&report)?;
            Ok(work.judged(Report::Storm(Box::new(report))))
        }
        Request::Drill { seed, seconds } => {
            let seed = seed.unwrap_or_else(|| rand::random_range(1..10_000));
            let cause = hidden(seed);
            let spec = drill_spec(app, *seconds, seed, cause).map_err(said)?;
            let report = work.storm(spec, true).await?;
            let reveal = work.ask(&report, seed, cause).await?;
            // Not before: the list of runs would say what it was.
            work.keep(&report)?;
            for mark in &report.marks {
                let who = [report.lab.as_str(), report.consumer.as_str()];
                app.metrics.struck(who, mark);
            }
            Ok(Done::Revealed {
                runs: work.finished_runs(),
                reveal,
                report: Box::new(report),
            })
        }
    }
}

/// What a job works with.
struct Work<'a> {
    job: &'a Job,
    app: &'a App,
    endpoints: &'a Endpoints,
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

    fn watch(&self, lab: Option<Manifest>, secret: bool) -> Watch {
        Watch {
            live: Arc::clone(&self.job.live),
            secret,
            metrics: self.app.metrics.clone(),
            lab,
            storm: Arc::clone(&self.job.storm),
        }
    }

    async fn run(&self, spec: Spec, lab: Option<Manifest>) -> anyhow::Result<RunReport> {
        let watch = self.watch(lab, false);
        let (runs, cancel) = (&self.app.runs, &self.job.cancel);
        let finished = run::execute(spec, self.endpoints, runs, &watch, cancel).await?;
        let report = RunReport::new(&finished, self.endpoints);
        folder::write(&finished.run_dir, "report.json", &report)?;
        // From here on the wall is the verdict's.
        self.job.live.change(|inner| inner.wall.judged(&finished));
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
        let (runs, cancel) = (&self.app.runs, &self.job.cancel);
        let report = explore::explore(&exploration, self.endpoints, runs, &watch, cancel).await?;
        self.job.finished_run(&report.run);
        Ok(self.judged(Report::Explore(Box::new(report))))
    }

    async fn storm(&self, spec: StormSpec, secret: bool) -> anyhow::Result<StormReport> {
        let watch = self.watch(None, secret);
        let (runs, cancel) = (&self.app.runs, &self.job.cancel);
        let storm = run::storm::execute(spec, self.endpoints, runs, &watch, cancel);
        let finished = tokio::select! {
            finished = storm => finished?,
            never = logs::tell_for_ever(&watch, runs) => match never {},
        };
        Ok(StormReport::new(&finished))
    }

    /// Lets everybody see what came of a storm.
    fn keep(&self, report: &StormReport) -> anyhow::Result<()> {
        folder::write(&report.run_dir, "report.json", report)?;
        self.job.finished_run(&report.run);
        self.app.metrics.storm_judged(report);
        Ok(())
    }

    /// Asks what it was, and says what it was.
    async fn ask(&self, report: &StormReport, seed: u64, cause: Cause) -> anyhow::Result<Reveal> {
        let causes = Cause::ALL.map(|cause| CauseChoice {
            cause,
            text: diagnosis(cause),
        });
        let actions = Action::ALL.map(|action| ActionChoice {
            action,
            text: action.text(),
        });
        let logs = drill::digest(&report.run_dir)?;
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
        let (given, reply) = tokio::select! {
            answer = answer => answer?,
            () = self.job.cancel.cancelled() => return Err(stopped()),
        };
        let right_action = Action::right_for(cause);
        let right = given.cause == cause && given.action == right_action;
        let came_of = DrillReport {
            schema: 1,
            seed,
            cause,
            answer: given.cause,
            right_action,
            action: given.action,
            right,
            evidence: evidence(report),
            run: report.run.clone(),
        };
        let reveal = Reveal {
            right,
            cause,
            answer: came_of.answer,
            action: came_of.action,
            right_action,
            cause_text: diagnosis(cause),
            action_text: right_action.text(),
            evidence: came_of.evidence,
            correction: correction(cause, given.cause, given.action),
            run: came_of.run,
            seed,
        };
        // The page may be gone; the events tell it as well.
        let _ = reply.send(reveal.clone());
        Ok(reveal)
    }
}

/// What is done to the stack, as phases.
struct Told<'a>(&'a Job);

impl Progress for Told<'_> {
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
