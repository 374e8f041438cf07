//! `up`, `down`, `status`, `doctor`: the servers that every run needs.

use std::process::ExitCode;

use clap::Args;
use crashwindow::stack;

use super::stack_args::{NameArgs, StackArgs, Stderr};

/// Start Kafka and Postgres, or check that they run
///
/// The first time, Maven brings both servers into the cache; after that no network is needed. A
/// stack that already runs is left alone, one that is half there is started anew.
///
/// Example: crashwindow up
///
/// Example: crashwindow up --kafka broker.example:9092 --postgres postgres://lab@db.example/postgres
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Up {
    #[command(flatten)]
    stack: StackArgs,

    /// Print the addresses as JSON, passwords included
    #[arg(long)]
    json: bool,
}

/// Stop the stack and remove everything it stored; the cache keeps the servers' programs
///
/// Example: crashwindow down --name second
#[derive(Debug, Args)]
pub struct Down {
    #[command(flatten)]
    name: NameArgs,
}

/// Say what runs, where and since when, or why it does not; exit code 0 if it runs, else 1
///
/// Example: crashwindow status --json
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    name: NameArgs,

    /// As JSON, passwords included
    #[arg(long)]
    json: bool,
}

/// Say what this machine needs to run the native stack; exit code 0 if it can, else 2
///
/// Example: crashwindow doctor
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    name: NameArgs,

    /// As JSON
    #[arg(long)]
    json: bool,
}

/// The process that owns a native stack; `up` starts it
#[derive(Debug, Args)]
pub struct Supervise {
    /// Shown by `ps`; the plan itself comes on standard input
    _name: String,
}

impl Up {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let name = self.stack.name.name.clone();
        let up = stack::up(&self.stack.options()?, &Stderr).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&up.endpoints)?);
        } else {
            let what = match (up.endpoints.kind, up.changed) {
                (stack::StackKind::External, _) => "answers",
                (_, true) => "is up",
                (_, false) => "was up already",
            };
            println!("stack {name} {what} ({})", up.endpoints.kind);
            print_addresses(&up.endpoints);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print_addresses(endpoints: &stack::Endpoints) {
    let version = |version: &Option<String>| version.clone().unwrap_or_default();
    let versions = &endpoints.versions;
    println!(
        "  Kafka {:8} {}",
        version(&versions.kafka),
        endpoints.kafka.bootstrap
    );
    println!(
        "  Postgres {:5} {}",
        version(&versions.postgres),
        stack::postgres::address(&endpoints.postgres.admin_url)
    );
    if let Some(prometheus) = &endpoints.prometheus {
        println!("  Prometheus     {prometheus}");
    }
}

impl Down {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let name = self.name.name.clone();
        let was_there = stack::down(&self.name.options(), &Stderr).await?;
        let what = if was_there {
            "is down, and its data is gone"
        } else {
            "was not there"
        };
        println!("stack {name} {what}");
        Ok(ExitCode::SUCCESS)
    }
}

impl Status {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let status = stack::status(&self.name.options()).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&status)?);
        } else {
            print_status(&status);
        }
        Ok(ExitCode::from(u8::from(!status.running)))
    }
}

fn print_status(status: &stack::Status) {
    let ago = status.seconds.map(ago).unwrap_or_default();
    match (&status.endpoints, &status.reason) {
        (Some(endpoints), _) => {
            println!("stack {} is up ({}){}", status.name, endpoints.kind, ago);
            print_addresses(endpoints);
            for (what, pid) in &status.processes {
                println!("  {what}: process {pid}");
            }
        }
        (None, Some(reason)) => {
            println!("stack {} is down{}: {reason}", status.name, ago);
            for line in &status.log {
                println!("  {line}");
            }
        }
        (None, None) => println!("stack {} is not there", status.name),
    }
    println!("next: {}", status.next);
}

/// `, since 3 min 20 s`.
fn ago(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!(", for {s} s"),
        (0, m, s) => format!(", for {m} min {s} s"),
        (h, m, _) => format!(", for {h} h {m} min"),
    }
}

impl Doctor {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let health = stack::doctor(&self.name.options()).await;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&health)?);
        } else {
            print_health(&health);
        }
        Ok(if health.native {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        })
    }
}

fn print_health(health: &stack::Health) {
    for check in &health.checks {
        let mark = match (check.present, check.needed) {
            (true, _) => "present",
            (false, true) => "MISSING",
            (false, false) => "absent ",
        };
        println!("{mark}  {}: {}", check.what, check.detail);
        if let Some(fix) = &check.fix {
            println!("         {fix}");
        }
    }
    let next = if health.native {
        "crashwindow up"
    } else {
        "install what is MISSING above"
    };
    let can = if health.native { "can" } else { "cannot" };
    println!("the native stack {can} run here\nnext: {next}");
}

impl Supervise {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        stack::supervise()?;
        Ok(ExitCode::SUCCESS)
    }
}
