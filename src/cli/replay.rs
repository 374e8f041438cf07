//! `replay`: a saved run, once more.

use std::process::ExitCode;

use clap::Args;
use crashwindow::run::{Changes, Spec, folder};

use super::execute::{Session, show};
use super::run::Labs;
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
    /// The run: its number, runs/NUMBER, or its folder
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
    /// Runs the command.
    ///
    /// # Errors
    /// When there is no such run, or it ends without a verdict.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let options = self.stack.options()?;
        let runs = crashwindow::stack::runs_folder(&options)?;
        let saved: Spec = folder::read(&folder::find(&runs, &self.run)?, "spec.json")?;
        let lab = self.labs.find(&saved.lab)?;
        let changes = Changes {
            scenario: Some(saved.scenario),
            schedule: Some(saved.schedule.checked()?),
            ..Changes::default()
        };
        let spec = Spec::decide(&lab, &saved.consumer, &changes)?;
        let session = Session::open(&options).await?;
        let report = session.run(spec).await?;
        show(&report, &lab, self.json)?;
        Ok(ExitCode::from(report.verdict.exit_code()))
    }
}
