//! `drill`: an incident to be told from metrics and logs alone.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use crashwindow::chaos::storm::Cause;
use crashwindow::drill::{Action, DrillReport, correction, diagnosis, digest, evidence, hidden};
use crashwindow::report::storm::{StormReport, render, table};
use crashwindow::run::storm::{StormChanges, StormSpec};

use super::execute::Session;
use super::run::Labs;
use super::stack_args::StackArgs;
use super::storm::Size;

/// The lab whose storms are the incidents.
const LAB: &str = "04";

/// The version of the form that `--json` prints.
const SCHEMA: u32 = 1;

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
    /// Runs the command.
    ///
    /// # Errors
    /// When the incident ends without a verdict, or nobody answers.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let lab = self.labs.find(LAB)?;
        let options = self.stack.options()?;
        let seed = self
            .size
            .seed
            .unwrap_or_else(|| rand::random_range(1..10_000));
        let cause = hidden(seed);
        let changes = StormChanges {
            cause: Some(cause),
            seed: Some(seed),
            ..self.size.changes()
        };
        let spec = StormSpec::decide(&lab, &changes)?;
        let seconds = spec.plan.length_ms / 1_000;
        let session = Session::open(&options).await?;
        eprintln!("you are on call: {seconds} s of a payments consumer, then it is your turn");
        let report = session.incident(spec).await?;
        if !self.json {
            show(&report)?;
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
        let right_action = Action::right_for(cause);
        let came_of = DrillReport {
            schema: SCHEMA,
            seed,
            cause,
            answer,
            right_action,
            action,
            right: answer == cause && action == right_action,
            evidence: evidence(&report),
            run: report.run.clone(),
        };
        if self.json {
            println!("{}", serde_json::to_string_pretty(&came_of)?);
        } else {
            reveal(&came_of, &report);
        }
        Ok(ExitCode::from(u8::from(!came_of.right)))
    }
}

/// What a dashboard and a log search would show.
fn show(report: &StormReport) -> anyhow::Result<()> {
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
    println!("\nwhat the instances logged:\n{}", digest(&report.run_dir)?);
    Ok(())
}

/// Asks until there is an answer.
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
