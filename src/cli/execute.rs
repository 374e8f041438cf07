//! What `run`, `replay` and `compare` share: a stack to run on, Ctrl-C, progress, and the report.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crashwindow::report::storm::StormReport;
use crashwindow::report::{RunReport, terminal};
use crashwindow::run::manifest::Manifest;
use crashwindow::run::storm::StormSpec;
use crashwindow::run::{self, Spec, Watcher, folder};
use crashwindow::stack::{self, Endpoints, Options};
use crashwindow::verdict::Verdict;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::stack_args::Stderr;

/// How often the spinner turns: often enough to show that the program is alive.
const TICK: Duration = Duration::from_millis(100);

/// A stack to run on, and the wish to stop.
pub struct Session {
    endpoints: Endpoints,
    runs: PathBuf,
    cancel: CancellationToken,
}

impl Session {
    /// Finds or starts the stack, and begins to listen for Ctrl-C and SIGTERM.
    ///
    /// # Errors
    /// When there is no stack to be had.
    pub async fn open(options: &Options) -> anyhow::Result<Self> {
        let runs = stack::runs_folder(options)?;
        let endpoints = stack::ensure(options, &Stderr).await?;
        let swept = run::sweep(&runs, &endpoints).await?;
        if swept > 0 {
            eprintln!("cleared what {swept} killed runs had left");
        }
        let cancel = CancellationToken::new();
        let (mut interrupt, mut terminate) = (
            signal(SignalKind::interrupt())?,
            signal(SignalKind::terminate())?,
        );
        let cancelled = cancel.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            cancelled.cancel();
        });
        Ok(Self {
            endpoints,
            runs,
            cancel,
        })
    }

    /// The servers.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// Where run folders are kept.
    pub fn runs(&self) -> &Path {
        &self.runs
    }

    /// The wish to stop.
    pub fn cancel(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Executes a run and saves its report in the run folder.
    ///
    /// # Errors
    /// When it ends without a verdict.
    pub async fn run(&self, spec: Spec) -> anyhow::Result<RunReport> {
        let progress = Progress::new(&who(&spec));
        let run = run::execute(spec, &self.endpoints, &self.runs, &progress, &self.cancel);
        let finished = run.await;
        progress.finish();
        let finished = finished?;
        let report = RunReport::new(&finished, &self.endpoints);
        folder::write(&finished.run_dir, "report.json", &report)?;
        Ok(report)
    }

    /// Executes a storm and saves its report in the run folder.
    ///
    /// # Errors
    /// When it ends without a verdict.
    pub async fn storm(&self, spec: StormSpec) -> anyhow::Result<StormReport> {
        let progress = Progress::new(&format!("lab {} storm", spec.lab));
        self.watched_storm(spec, &progress, &progress).await
    }

    /// The same, telling nothing of what is done.
    ///
    /// # Errors
    /// When it ends without a verdict.
    pub async fn incident(&self, spec: StormSpec) -> anyhow::Result<StormReport> {
        let progress = Progress::new("on call");
        self.watched_storm(spec, &progress, &Discreet(&progress))
            .await
    }

    async fn watched_storm(
        &self,
        spec: StormSpec,
        progress: &Progress,
        watcher: &dyn Watcher,
    ) -> anyhow::Result<StormReport> {
        let storm = run::storm::execute(spec, &self.endpoints, &self.runs, watcher, &self.cancel);
        let finished = storm.await;
        progress.finish();
        let finished = finished?;
        let report = StormReport::new(&finished);
        folder::write(&finished.run_dir, "report.json", &report)?;
        Ok(report)
    }
}

/// Who is run, as it is told beside the progress.
fn who(spec: &Spec) -> String {
    if spec.lab == Spec::NO_LAB {
        spec.consumer.clone()
    } else {
        format!("lab {} {}", spec.lab, spec.consumer)
    }
}

/// Prints a report, for a person or for a machine.
///
/// # Errors
/// When standard output is closed.
pub fn show(report: &RunReport, lab: Option<&Manifest>, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        anstream::print!("{}", terminal::render(report, &next(report, lab)));
    }
    Ok(())
}

/// The one command to type next.
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

/// A path as one would type it here.
pub fn relative(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(here)
        .unwrap_or(path)
        .display()
        .to_string()
}

/// The phases of a run: a line that changes on a terminal, a line each elsewhere.
pub struct Progress {
    bar: ProgressBar,
    live: bool,
    what: String,
}

impl Progress {
    /// Begins to tell how `what` gets on.
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

impl Progress {
    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl crashwindow::explore::Progress for Progress {
    fn cells(&self, done: usize, of: usize) {
        if self.live {
            self.bar.set_message(format!("{done} of {of} cells"));
        } else if done == of {
            eprintln!("{}: {done} cells done", self.what);
        }
    }
}

/// Shows that time passes, and not what is done.
struct Discreet<'a>(&'a Progress);

impl Watcher for Discreet<'_> {
    fn phase(&self, _text: &str) {}

    fn status(&self, text: &str) {
        Watcher::status(self.0, text);
    }
}

impl Watcher for Progress {
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
