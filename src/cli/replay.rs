//! `replay`: a saved run, once more.

use std::process::ExitCode;

use clap::Args;
use crashwindow::run::Spec;

use super::execute::{CommandRunner, show};
use super::run::{Labs, earlier};
use super::stack_args::StackArgs;

/// Execute the schedule of a saved run again, with the same consumer
///
/// The schedule says which fault struck in which window of which payment; it is executed as it
/// was, whatever the seed would plan today. Exit codes are those of `run`.
///
/// Example: crashwindow replay runs/0007
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Replay {
    /// The run: its number, runs/NUMBER, runs/NUMBER/cells/NUMBER, or its folder
    run: String,

    /// Print the report as JSON (docs/run.schema.json)
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    labs: Labs,

    #[command(flatten)]
    stack: StackArgs,
}

impl Replay {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let options = self.stack.options()?;
        let spec = earlier(&options, &self.run)?;
        let lab = match &spec.lab {
            lab if lab == Spec::NO_LAB => None,
            lab => Some(self.labs.find(lab)?),
        };
        let session = CommandRunner::open(&options).await?;
        let report = session.run(spec).await?;
        show(&report, lab.as_ref(), self.json)?;
        Ok(ExitCode::from(report.verdict.exit_code()))
    }
}
