//! `drill`: an incident to be told from metrics and logs alone.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use crashwindow::chaos::storm::Cause;
use crashwindow::drill::{Action, DrillReport, correction, diagnosis};
use crashwindow::report::storm::{StormReport, render, table};
use crashwindow::usecase::{self, EndedIncident};

use super::execute::CommandRunner;
use super::run::Labs;
use super::stack_args::StackArgs;
use super::storm::Size;

/// Be on call: tell from metrics and logs what happened, and what to do first
///
/// One of four incidents happens to a real group. You see what its dashboard and its logs would show
/// you, answer two questions, and are shown the cause and what gave it away.
///
/// Exit code: 0 when both answers are right, 1 when one is not, 2 for an error.
///
/// Example: crashwindow drill
///
/// Example: crashwindow drill --seed 3 --answer slow --action fewer-per-poll
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Drill {
    #[command(flatten)]
    size: Size,

    /// What happened, instead of being asked
    #[arg(long, value_enum, value_name = "CAUSE", requires = "action")]
    answer: Option<Cause>,

    /// What to do first, instead of being asked
    #[arg(long, value_enum, value_name = "ACTION", requires = "answer")]
    action: Option<Action>,

    /// Print what came of it as JSON
    #[arg(long, requires = "answer")]
    json: bool,

    #[command(flatten)]
    labs: Labs,

    #[command(flatten)]
    stack: StackArgs,
}

impl Drill {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let lab = self.labs.find(usecase::Drill::LAB)?;
        let options = self.stack.clone().options()?;
        let drill = usecase::Drill::decide(&lab, self.size.changes())?;
        let (seed, seconds) = (drill.seed(), drill.spec.plan.length_ms / 1_000);
        let session = CommandRunner::open(&options).await?;
        eprintln!("you are on call: {seconds} s of a payments consumer, then it is your turn");
        let incident = session.incident(drill).await?;
        let answer = self.answer(&incident, seed);
        let (came_of, report) = incident.reveal(answer)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&came_of)?);
        } else {
            reveal(&came_of, &report);
        }
        Ok(ExitCode::from(u8::from(!came_of.right)))
    }

    fn answer(&self, incident: &EndedIncident, seed: u64) -> anyhow::Result<(Cause, Action)> {
        if !self.json {
            show(incident)?;
        }
        let answer = match self.answer {
            Some(answer) => answer,
            None => ask(
                "What happened?",
                &Cause::ALL.map(|c| (c, diagnosis(c))),
                seed,
            )?,
        };
        let action = match self.action {
            Some(action) => action,
            None => ask(
                "What do you do first?",
                &Action::ALL.map(|a| (a, a.text())),
                seed,
            )?,
        };
        Ok((answer, action))
    }
}

fn show(incident: &EndedIncident) -> anyhow::Result<()> {
    let report = incident.report();
    println!(
        "{} payments/s, {} instances, {} partitions; a redelivery costs nobody anything as long as\n\
         effects per payment stay at 1\n",
        report.rate, report.instances, report.partitions
    );
    print!("{}", table(&report.series, None));
    for bucket in &report.series {
        if bucket.builds.len() > 1 {
            println!(
                "\nat {:.0} s two builds run: {}",
                bucket.from_s,
                bucket.builds.join(", ")
            );
            break;
        }
    }
    println!("\nwhat the instances logged:\n{}", incident.logs()?);
    Ok(())
}

fn ask<T: Copy, const N: usize>(
    question: &str,
    options: &[(T, &str); N],
    seed: u64,
) -> anyhow::Result<T> {
    let letters: Vec<char> = ('a'..).take(N).collect();
    println!("{question}");
    for (letter, (_, text)) in letters.iter().zip(options) {
        println!("  {letter}) {text}");
    }
    let mut lines = std::io::stdin().lock().lines();
    loop {
        print!("> ");
        std::io::stdout().flush()?;
        let Some(line) = lines.next() else {
            bail!(
                "the drill was not answered: there is nothing more on standard input\n\
                 next: crashwindow drill --seed {seed} --answer CAUSE --action ACTION"
            );
        };
        let given = line?.trim().to_lowercase();
        let place = letters
            .iter()
            .position(|letter| given == letter.to_string());
        match place {
            Some(place) => return Ok(options[place].0),
            None => println!("{given:?} is none of them; one letter, please"),
        }
    }
}

fn reveal(came_of: &DrillReport, report: &StormReport) {
    let verdict = |right| if right { "right" } else { "not so" };
    println!(
        "\n{}: {}",
        verdict(came_of.answer == came_of.cause),
        diagnosis(came_of.cause)
    );
    for line in &came_of.evidence {
        println!("  - {line}");
    }
    println!(
        "{}: {}",
        verdict(came_of.action == came_of.right_action),
        came_of.right_action.text()
    );
    for line in correction(came_of.cause, came_of.answer, came_of.action) {
        println!("  {line}");
    }
    println!("\nwhat was hidden:\n");
    anstream::print!("{}", render(report, "crashwindow drill"));
}
