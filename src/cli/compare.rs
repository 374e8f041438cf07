//! `compare`: all consumers of a lab under one schedule, lab by lab.

use std::process::ExitCode;

use clap::Args;
use crashwindow::report::{RunReport, table, terminal};
use crashwindow::run::Spec;
use crashwindow::run::manifest::Manifest;
use crashwindow::stack::StackOptions;
use crashwindow::verdict::Verdict;

use super::execute::CommandRunner;
use super::run::{Labs, Settle, What, earlier};
use super::stack_args::StackArgs;

/// Run every consumer of a lab under the same schedule and print them side by side
///
/// The schedule is planned once for a lab, or taken from a recorded run, and executed for each
/// consumer, so that what differs is the consumer: what became of the payments, and what that costs.
/// Exit code: 0 when every verdict is the one that the lab's manifest expects, 1 when
/// one is not, 2 when a run ended without a verdict.
///
/// Example: crashwindow compare 01 --fault kill
///
/// Example: crashwindow compare 01 02 03
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Compare {
    /// The labs: their numbers or names
    #[arg(required = true)]
    lab: Vec<String>,

    #[command(flatten)]
    what: What,

    /// Execute the schedule of an earlier run instead of planning one
    #[arg(long, value_name = "RUN", conflicts_with_all = ["scenario", "fault", "at", "edge", "strikes", "payments", "seed"])]
    replay: Option<String>,

    /// Print the reports as a JSON array (docs/run.schema.json)
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    settle: Settle,

    #[command(flatten)]
    labs: Labs,

    #[command(flatten)]
    stack: StackArgs,
}

impl Compare {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let options = self.stack.clone().options()?;
        // All of them first: a lab that cannot be compared is told before minutes have gone.
        let mut labs = Vec::new();
        for name in &self.lab {
            labs.push(self.specs(&self.labs.find(name)?, &options)?);
        }
        let session = CommandRunner::open(&options).await?;
        let mut all = Vec::new();
        for specs in labs {
            let mut reports = Vec::new();
            for spec in specs {
                reports.push(session.run(spec).await?);
            }
            if !self.json {
                show(&reports, !all.is_empty());
            }
            all.extend(reports);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&all)?);
        } else if let Some(first) = all.first() {
            println!("\nnext: crashwindow replay runs/{}", first.run);
        }
        let surprised = all
            .iter()
            .any(|r| r.expected.is_some_and(|e| e != r.verdict));
        Ok(ExitCode::from(u8::from(surprised)))
    }

    /// All with one schedule.
    fn specs(&self, lab: &Manifest, options: &StackOptions) -> anyhow::Result<Vec<Spec>> {
        let mut changes = self.what.clone().changes(&self.settle);
        if let Some(run) = &self.replay {
            changes.take(&earlier(options, run)?);
        }
        let mut specs = Vec::new();
        for consumer in lab.lineup() {
            let spec = Spec::decide(lab, consumer, &changes)?;
            changes.schedule = Some(spec.schedule.clone());
            specs.push(spec);
        }
        Ok(specs)
    }
}

fn show(reports: &[RunReport], is_further: bool) {
    if is_further {
        println!();
    }
    print!("{}", table::render(reports));
    let worst = reports.iter().find(|r| r.verdict != Verdict::Held);
    if let Some((report, witness)) = worst.and_then(|r| Some((r, r.witnesses.first()?))) {
        let text = format!("{}: {}", report.consumer, witness.text);
        print!("\n{}", terminal::wrap(&text));
    }
}
