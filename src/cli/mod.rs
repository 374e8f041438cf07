//! The commands: one file each, with its flags and what it prints.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod compare;
mod drill;
mod execute;
mod explore;
mod faults;
mod guard;
mod metrics;
mod provider;
mod quiz;
mod replay;
mod run;
mod serve;
mod stack;
mod stack_args;
mod storm;

/// A live lab for delivery guarantees.
///
/// It runs a real consumer against a real Kafka and a real Postgres, strikes it in an exact crash
/// window, and counts from the outside what happened to every payment.
#[derive(Debug, Parser)]
#[command(name = "crashwindow", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Lab(quiz::Lab),
    Run(run::Run),
    Explore(Box<explore::Explore>),
    Replay(replay::Replay),
    Compare(compare::Compare),
    Quiz(quiz::QuizCommand),
    Provider(provider::Provider),
    Storm(storm::Storm),
    Drill(drill::Drill),
    Serve(Box<serve::Serve>),
    Up(Box<stack::Up>),
    Down(stack::Down),
    Status(stack::Status),
    Doctor(stack::Doctor),
    Metrics(metrics::Metrics),
    #[command(hide = true)]
    Supervise(stack::Supervise),
    #[command(hide = true)]
    Guard(guard::Guard),
}

impl Cli {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Lab(command) => wait_for(command.run()),
            Command::Quiz(command) => wait_for(command.run()),
            Command::Run(command) => wait_for(command.run()),
            Command::Explore(command) => wait_for(command.run()),
            Command::Replay(command) => wait_for(command.run()),
            Command::Compare(command) => wait_for(command.run()),
            Command::Provider(command) => wait_for(command.run()),
            Command::Storm(command) => wait_for(command.run()),
            Command::Drill(command) => wait_for(command.run()),
            Command::Serve(command) => wait_for(command.run()),
            Command::Up(command) => wait_for(command.run()),
            Command::Down(command) => wait_for(command.run()),
            Command::Status(command) => wait_for(command.run()),
            Command::Doctor(command) => wait_for(command.run()),
            Command::Metrics(command) => Ok(command.run()),
            // Not on a runtime with several threads: see there.
            Command::Supervise(command) => command.run(),
            Command::Guard(command) => command.run(),
        }
    }
}

fn wait_for(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(command)
}
