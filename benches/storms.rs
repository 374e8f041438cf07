//! How well storms aim: `make bench-storms`, or `cargo bench --bench storms -- drill` for one size.
//!
//! Runs a storm for each seed and prints the hit rate of its incident, which is to be 6 to 10 %, and
//! what tap and metric counted. How often that is so depends on the machine, so it is measured and never
//! tested.

#[path = "../tests/support/consumers.rs"]
#[allow(dead_code, reason = "tests need more of it")]
mod consumers;

use std::process::{Command, ExitCode};

use anyhow::{Context, bail};
use crashwindow::report::storm::StormReport;

/// One size, and how many seeds of it are measured.
struct Size {
    name: &'static str,
    arguments: &'static [&'static str],
    seeds: u64,
}

const SIZES: [Size; 2] = [
    // As in tests/storm/drills.rs.
    Size {
        name: "drill",
        arguments: &["--seconds", "18", "--rate", "300", "--instances", "2"],
        seeds: 20,
    },
    // The lab's own: some fifteen minutes.
    Size {
        name: "full",
        arguments: &[],
        seeds: 8,
    },
];

fn main() -> ExitCode {
    consumers::built();
    // Cargo adds a flag of its own.
    let asked = std::env::args()
        .skip(1)
        .find(|word| !word.starts_with("--"));
    let chosen = SIZES
        .iter()
        .filter(|size| asked.as_deref().is_none_or(|name| name == size.name));
    let mut measured = chosen.map(measure).peekable();
    if measured.peek().is_none() {
        eprintln!("error: there is no size {asked:?}\nnext: drill, or full, or none for both");
        return ExitCode::from(2);
    }
    for result in measured {
        if let Err(error) = result {
            eprintln!("error: {error:#}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn measure(size: &Size) -> anyhow::Result<()> {
    let (mut kept, mut agreed) = (0, 0);
    for seed in 1..=size.seeds {
        let report = storm(size, seed)?;
        let incident = report.counts.incident.context("nothing was promised")?;
        let hit_rate = report.phases.incident.as_ref().map_or(0.0, |b| b.hit_rate);
        let twice = report.redeliveries;
        kept += u64::from(incident.is_kept());
        agreed += u64::from(twice.agree);
        println!(
            "{} seed {seed}: hit rate {:.2} % in the incident; at the tap {} of {} checks, {} strikes added, \
             {} left out; redelivered {} at the tap, {} by the metric; {}",
            size.name,
            hit_rate * 100.0,
            incident.records,
            incident.of,
            incident.added,
            incident.left_out,
            twice.outside,
            twice.metric,
            report.verdict.name()
        );
    }
    println!(
        "{}: {kept} of {} storms had what they promised; tap and metric agreed in {agreed}",
        size.name, size.seeds
    );
    Ok(())
}

fn storm(size: &Size, seed: u64) -> anyhow::Result<StormReport> {
    let output = Command::new(env!("CARGO_BIN_EXE_crashwindow"))
        .args(["storm", "04", "--json", "--seed", &seed.to_string()])
        .args(size.arguments)
        .output()?;
    if output.stdout.is_empty() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
