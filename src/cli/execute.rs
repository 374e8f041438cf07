//! What `run`, `replay` and `compare` share: a stack to run on, Ctrl-C, progress, and the report.

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use crashwindow::explore::{Exploration, Failed};
use crashwindow::report::explore::ExploreReport;
use crashwindow::report::storm::StormReport;
use crashwindow::report::{RunReport, terminal};
use crashwindow::run::manifest::Manifest;
use crashwindow::run::{RunWatcher, Spec};
use crashwindow::session::Watcher;
use crashwindow::stack::{self, StackOptions};
use crashwindow::storm::{StormSpec, StormWatcher};
use crashwindow::usecase::{Drill, EndedIncident, Executor};
use crashwindow::verdict::Verdict;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::stack_args::Stderr;

/// Often enough to show that the program is alive.
const TICK: Duration = Duration::from_millis(100);

/// Shown on a terminal, and stopped by Ctrl-C and SIGTERM.
pub struct CommandRunner(Executor);

impl CommandRunner {
    /// Finds or starts the stack, and begins to listen for Ctrl-C and SIGTERM.
    pub async fn open(options: &StackOptions) -> anyhow::Result<Self> {
        let runs = stack::runs_folder(options)?;
        let endpoints = stack::ensure(options, &Stderr).await?;
        let cancel = CancellationToken::new();
        let (executor, swept) = Executor::open(endpoints, runs, cancel.clone()).await?;
        if swept > 0 {
            eprintln!("cleared what {swept} killed runs had left");
        }
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            cancel.cancel();
        });
        Ok(Self(executor))
    }

    pub fn cancel(&self) -> &CancellationToken {
        &self.0.cancel
    }

    pub async fn run(&self, spec: Spec) -> anyhow::Result<RunReport> {
        let progress = TerminalProgress::new(&who(&spec));
        let judged = self.0.run(spec, &progress).await;
        progress.finish();
        Ok(judged?.report)
    }

    pub async fn storm(&self, spec: StormSpec) -> anyhow::Result<StormReport> {
        let progress = TerminalProgress::new(&format!("lab {} storm", spec.lab));
        let report = self.0.storm(spec, &progress).await;
        progress.finish();
        Ok(report?)
    }

    /// Tells nothing of what is done.
    pub async fn incident(&self, drill: Drill) -> anyhow::Result<EndedIncident> {
        let progress = TerminalProgress::new("on call");
        let incident = self.0.incident(drill, &Discreet(&progress)).await;
        progress.finish();
        Ok(incident?)
    }

    pub async fn explore(
        &self,
        exploration: &Exploration,
        what: &str,
    ) -> Result<ExploreReport, Failed> {
        let progress = TerminalProgress::new(&format!("explore {what}"));
        let report = self.0.explore(exploration, &progress).await;
        progress.finish();
        report
    }
}

fn who(spec: &Spec) -> String {
    if spec.lab == Spec::NO_LAB {
        spec.consumer.clone()
    } else {
        format!("lab {} {}", spec.lab, spec.consumer)
    }
}

pub fn show(report: &RunReport, lab: Option<&Manifest>, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        anstream::print!("{}", terminal::render(report, &next(report, lab)));
    }
    Ok(())
}

fn next(report: &RunReport, lab: Option<&Manifest>) -> String {
    let Some(lab) = lab else {
        return format!("crashwindow replay runs/{}", report.run);
    };
    let id = &lab.id;
    let other = |c: &&String| **c != report.consumer;
    match report.verdict {
        Verdict::Violated if lab.consumers.contains_key("fixed") && report.consumer != "fixed" => {
            format!(
                "crashwindow run {id} --consumer fixed --replay runs/{}",
                report.run
            )
        }
        Verdict::Violated => format!("crashwindow replay runs/{}", report.run),
        Verdict::Held => match lab.consumers.keys().find(other) {
            Some(other) => {
                let source = |c: &str| relative(&lab.folder.join(&lab.consumers[c].source));
                format!("diff {} {}", source(other), source(&report.consumer))
            }
            None => format!("crashwindow replay runs/{}", report.run),
        },
        Verdict::Unknown if report.faults.iter().all(|f| !f.fired) => {
            format!("crashwindow run {id} --scenario {}", lab.scenarios[0].name)
        }
        Verdict::Unknown => format!("crashwindow replay runs/{}", report.run),
    }
}

/// As one would type it here.
pub fn relative(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// A line that changes on a terminal, a line each elsewhere.
pub struct TerminalProgress {
    bar: ProgressBar,
    live: bool,
    what: String,
}

impl TerminalProgress {
    pub fn new(what: &str) -> Self {
        let live = std::io::stderr().is_terminal();
        let bar = if live {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        let style = "{spinner} {elapsed} {prefix}: {wide_msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("a literal that parses"));
        bar.set_prefix(what.to_owned());
        bar.enable_steady_tick(TICK);
        Self {
            bar,
            live,
            what: what.to_owned(),
        }
    }
}

impl TerminalProgress {
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl crashwindow::explore::ExploreWatcher for TerminalProgress {
    fn cells(&self, done: usize, of: usize) {
        if self.live {
            self.bar.set_message(format!("{done} of {of} cells"));
        } else if done == of {
            eprintln!("{}: {done} cells done", self.what);
        }
    }
}

struct Discreet<'a>(&'a TerminalProgress);

impl Watcher for Discreet<'_> {
    fn phase(&self, _text: &str) {}

    fn status(&self, text: &str) {
        Watcher::status(self.0, text);
    }
}

impl StormWatcher for Discreet<'_> {}

impl RunWatcher for TerminalProgress {}

impl StormWatcher for TerminalProgress {}

impl Watcher for TerminalProgress {
    fn phase(&self, text: &str) {
        if self.live {
            self.bar.set_message(text.to_owned());
        } else {
            eprintln!("{}: {text}", self.what);
        }
    }

    fn status(&self, text: &str) {
        // Elsewhere it would be a log of its own.
        if self.live {
            self.bar.set_message(text.to_owned());
        }
    }
}
