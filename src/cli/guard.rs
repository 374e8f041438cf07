//! `crashwindow guard`: not for people. See [`crashwindow::session::guard`].

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

/// Run a consumer on behalf of a run
#[derive(Debug, Args)]
pub struct Guard {
    /// Where the consumer's output goes
    #[arg(long, value_name = "FILE")]
    log: PathBuf,

    /// The consumer
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

impl Guard {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        crashwindow::session::guard(&self.log, &self.command)?;
        Ok(ExitCode::SUCCESS)
    }
}
