//! `metrics`: what can be seen in Prometheus.

use std::process::ExitCode;

use clap::Args;

/// Print what every metric and its labels mean (docs/metrics.md)
///
/// Example: crashwindow metrics
#[derive(Debug, Args)]
pub struct Metrics {}

impl Metrics {
    pub fn run(self) -> ExitCode {
        print!("{}", crashwindow::metrics::page());
        ExitCode::SUCCESS
    }
}
