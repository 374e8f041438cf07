//! `run`: one scenario of one lab against one of its consumers.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::bail;
use clap::Args;
use crashwindow::run::manifest::{self, Manifest};
use crashwindow::run::{Changes, FaultChoice, Spec, WindowChange};
use crashwindow::session::folder;
use crashwindow::stack::StackOptions;
use crashwindow::usecase::saved;
use crashwindow::window::Edge;

use super::execute::{CommandRunner, show};
use super::stack_args::StackArgs;

/// Run a lab's consumer, strike it in a crash window, and count what happened to every payment
///
/// Real instances consume real payments. In the chosen window the fault strikes, Kafka delivers
/// the payment again, and the provider's own ledger says how often each customer was charged.
///
/// Exit code: 0 held, 1 violated, 2 unknown (no fault fired, nothing redelivered) or an error.
///
/// Example: crashwindow run 01
///
/// Example: crashwindow run 01 --consumer fixed --fault kill --seed 7
///
/// Example: crashwindow run 01 --consumer fixed --replay runs/0007
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Run {
    /// The lab: its number or its name
    lab: String,

    /// Which of the lab's consumers
    #[arg(long, default_value = "broken")]
    consumer: String,

    #[command(flatten)]
    what: What,

    /// Execute the schedule of an earlier run instead of planning one
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scenario", "fault", "at", "edge", "strikes", "payments", "seed"])]
    replay: Option<String>,

    /// Print the report as JSON (docs/run.schema.json)
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    settle: Settle,

    #[command(flatten)]
    labs: Labs,

    #[command(flatten)]
    stack: StackArgs,
}

/// What is done to the consumer.
#[derive(Debug, Clone, Args)]
pub struct What {
    /// A scenario of the lab's manifest [default: its first]
    #[arg(long)]
    scenario: Option<String>,

    /// The fault [default: the scenario's]; with none the verdict can only be unknown or violated
    #[arg(long, value_enum)]
    fault: Option<FaultChoice>,

    /// The boundary event at the window's edge [default: the scenario's]
    #[arg(long, value_name = "SIGNATURE")]
    at: Option<String>,

    /// On which side of that event the window lies [default: the scenario's]
    #[arg(long, value_enum)]
    edge: Option<Edge>,

    /// How many payments are struck [default: the scenario's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    strikes: Option<u32>,

    /// How many payments are produced [default: the lab's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    payments: Option<u32>,

    /// Plans the same schedule again [default: drawn, and printed]
    #[arg(long)]
    seed: Option<u64>,
}

/// When a run is over.
#[derive(Debug, Clone, Args)]
pub struct Settle {
    /// Milliseconds without any boundary event before the run is over [default: 500]
    #[arg(long, value_name = "MS")]
    quiet: Option<u64>,

    /// Seconds that a payment gets before it is called lost, half-done or unfinished [default: 20]
    #[arg(long, value_name = "S")]
    patience: Option<u64>,

    /// Seconds that the instances get to join the group [default: 30]
    #[arg(long, value_name = "S")]
    join: Option<u64>,
}

/// Where the labs are.
#[derive(Debug, Clone, Args)]
pub struct Labs {
    /// The folder of labs [default: `labs` here, above here, or above this program]
    #[arg(long, value_name = "DIR", env = "CRASHWINDOW_LABS")]
    labs: Option<PathBuf>,
}

impl Labs {
    pub fn find(&self, lab: &str) -> anyhow::Result<Manifest> {
        Ok(manifest::find(&self.folder()?, lab)?)
    }

    pub fn folder(&self) -> anyhow::Result<PathBuf> {
        Ok(match &self.labs {
            Some(folder) => folder.clone(),
            None => manifest::labs_folder()?,
        })
    }
}

impl Settle {
    pub fn quiet(&self) -> Option<Duration> {
        self.quiet.map(Duration::from_millis)
    }

    pub fn patience(&self) -> Option<Duration> {
        self.patience.map(Duration::from_secs)
    }

    pub fn join(&self) -> Option<Duration> {
        self.join.map(Duration::from_secs)
    }
}

impl What {
    pub fn changes(self, settle: &Settle) -> Changes {
        Changes {
            scenario: self.scenario,
            fault: self.fault,
            window: WindowChange {
                at: self.at,
                edge: self.edge,
            },
            strikes: self.strikes,
            payments: self.payments,
            seed: self.seed,
            schedule: None,
            quiet: settle.quiet(),
            patience: settle.patience(),
            join: settle.join(),
        }
    }
}

pub fn earlier(options: &StackOptions, run: &str) -> anyhow::Result<Spec> {
    let runs = crashwindow::stack::runs_folder(options)?;
    let found = folder::find(&runs, run)?;
    if found.join(folder::STORM).is_file() {
        let lab = saved::storm(&found)?.lab;
        bail!("run {run:?} is a storm\nnext: crashwindow storm {lab} --replay {run}");
    }
    Ok(saved::run(&found)?)
}

impl Run {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let lab = self.labs.find(&self.lab)?;
        let options = self.stack.options()?;
        let mut changes = self.what.changes(&self.settle);
        if let Some(run) = &self.replay {
            changes.take(&earlier(&options, run)?);
        }
        let spec = Spec::decide(&lab, &self.consumer, &changes)?;
        let session = CommandRunner::open(&options).await?;
        let report = session.run(spec).await?;
        show(&report, Some(&lab), self.json)?;
        Ok(ExitCode::from(report.verdict.exit_code()))
    }
}
