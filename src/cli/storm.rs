//! `storm`: many faults over a loaded group.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use crashwindow::chaos::storm::{Cause, LONGEST_S, MOST_INSTANCES, MOST_PARTITIONS, MOST_RATE};
use crashwindow::report::storm::{StormReport, render};
use crashwindow::session::folder;
use crashwindow::stack;
use crashwindow::storm::{StormChanges, StormSpec};
use crashwindow::usecase::saved;
use crashwindow::verdict::Verdict;

use super::execute::CommandRunner;
use super::run::Labs;
use super::stack_args::StackArgs;

/// Strike a loaded group again and again, and see what its metrics say
///
/// Payments come at their rate, whatever the consumers do, while kills, pauses, evictions and
/// outages move the partitions. The report shows the metrics over time with everything that was
/// done, counts the effects in the ledger, and says whether the hit rate told the truth: the
/// redeliveries are counted once more, at the Postgres tap.
///
/// Ten minutes are compressed to fifty seconds, and the windows of the rates with them.
///
/// It aims by what it counts: strikes are added and left out until the incident has what it promises.
///
/// Exit code: 0 held, 1 violated, 2 unknown (no strike carried out, nothing redelivered, or not as much
/// as was promised) or an error.
///
/// Example: crashwindow storm 04
///
/// Example: crashwindow storm 04 --scenario release --seed 7
///
/// Example: crashwindow storm 04 --real-time
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Storm {
    /// The lab: its number or its name
    lab: String,

    /// What makes the numbers move [default: the first in the lab's manifest]
    #[arg(long, value_enum, value_name = "CAUSE")]
    scenario: Option<Cause>,

    #[command(flatten)]
    size: Size,

    /// Execute the schedule of an earlier storm instead of planning one
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scenario", "seconds", "real_time", "rate", "instances", "partitions", "seed"])]
    replay: Option<String>,

    /// Print the report as JSON (docs/storm.schema.json)
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    labs: Labs,

    #[command(flatten)]
    stack: StackArgs,
}

/// How long and how large a storm is.
#[derive(Debug, Clone, Args)]
pub struct Size {
    /// The incident takes its ten minutes
    #[arg(long)]
    real_time: bool,

    /// For how long payments are produced [default: the lab's]
    #[arg(long, value_name = "S", conflicts_with = "real_time", value_parser = clap::value_parser!(u64).range(1..=LONGEST_S))]
    seconds: Option<u64>,

    /// Payments per second [default: the lab's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_RATE)))]
    rate: Option<u32>,

    /// Instances in the group [default: the lab's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_INSTANCES)))]
    instances: Option<u32>,

    /// Partitions of the topic [default: the lab's]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_PARTITIONS)))]
    partitions: Option<u32>,

    /// Plans the same storm again [default: drawn, and printed]
    #[arg(long)]
    pub seed: Option<u64>,
}

impl Size {
    pub fn changes(&self) -> StormChanges {
        StormChanges {
            cause: None,
            real_time: self.real_time,
            seconds: self.seconds,
            rate: self.rate,
            instances: self.instances,
            partitions: self.partitions,
            seed: self.seed,
            brokers: Vec::new(),
            plan: None,
        }
    }
}

impl Storm {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let lab = self.labs.find(&self.lab)?;
        let options = self.stack.options()?;
        let mut changes = StormChanges {
            cause: self.scenario,
            brokers: stack::switches(&options),
            ..self.size.changes()
        };
        if let Some(run) = &self.replay {
            let runs = stack::runs_folder(&options)?;
            let found = folder::find(&runs, run)?;
            if !found.join(folder::STORM).is_file() {
                bail!("run {run:?} is no storm\nnext: crashwindow replay {run}");
            }
            changes.plan = Some(saved::storm(&found)?.plan);
        }
        let spec = StormSpec::decide(&lab, &changes)?;
        let session = CommandRunner::open(&options).await?;
        let report = session.storm(spec).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&report)?);
        } else {
            anstream::print!("{}", render(&report, &next(&report)));
        }
        Ok(ExitCode::from(report.verdict.exit_code()))
    }
}

fn next(report: &StormReport) -> String {
    match report.verdict {
        Verdict::Held if report.cause == Cause::Rebalances => {
            format!("crashwindow storm {} --scenario release", report.lab)
        }
        Verdict::Held => "crashwindow drill".to_owned(),
        _ => format!(
            "crashwindow storm {} --replay runs/{}",
            report.lab, report.run
        ),
    }
}
