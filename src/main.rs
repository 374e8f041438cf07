//! The `crashwindow` command: parse, delegate, print the one error.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            // Complete: what, where, why, and the next command.
            eprintln!("error: {error}");
            // 2 is "unknown": nothing was found out. 1 is a verdict.
            ExitCode::from(2)
        }
    }
}
