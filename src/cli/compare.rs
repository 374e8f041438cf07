//! `compare`: all consumers of a lab under one schedule.

use std::process::ExitCode;

use clap::Args;
use crashwindow::report::{table, terminal};
use crashwindow::run::Spec;

use super::execute::Session;
use super::run::{Labs, Settle, What};
use super::stack_args::StackArgs;

/// Run every consumer of a lab under the same schedule and print them side by side
///
/// The schedule is planned once and executed for each consumer, so that what differs is the
/// consumer. Exit code: 0 when every verdict is the one that the lab's manifest expects, 1 when
/// one is not, 2 when a run ended without a verdict.
///
/// Example: crashwindow compare 01 --fault kill
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Compare {
    /// The lab: its number or its name
    lab: String,

    #[command(flatten)]
    what: What,

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
    /// Runs the command.
    ///
    /// # Errors
    /// When one of the runs ends without a verdict.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let lab = self.labs.find(&self.lab)?;
        let mut changes = self.what.changes(&self.settle);
        let options = self.stack.options()?;
        let mut specs = Vec::new();
        for consumer in lab.consumers.keys() {
            let spec = Spec::decide(&lab, consumer, &changes)?;
            changes.schedule = Some(spec.schedule.clone());
            specs.push(spec);
        }
        let session = Session::open(&options).await?;
        let mut reports = Vec::new();
        for spec in specs {
            reports.push(session.run(spec).await?);
        }
        if self.json {
            println!("{}", serde_json::to_string_pretty(&reports)?);
        } else {
            print!("{}", table::render(&reports));
            let worst = reports
                .iter()
                .find(|r| r.verdict != crashwindow::verdict::Verdict::Held);
            if let Some(witness) = worst.and_then(|r| r.witnesses.first()) {
                print!("\n{}", terminal::wrap(&witness.text));
            }
            if let Some(first) = reports.first() {
                println!("\nnext: crashwindow replay runs/{}", first.run);
            }
        }
        let surprised = reports
            .iter()
            .any(|r| r.expected.is_some_and(|e| e != r.verdict));
        Ok(ExitCode::from(u8::from(surprised)))
    }
}
