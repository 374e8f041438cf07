//! `lab` and `quiz`: predict first, then see.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;
use crashwindow::quiz::{Answer, Answers, Question, Quiz, outcomes};
use crashwindow::report::{RunReport, terminal};
use crashwindow::run::manifest::{self, Manifest};
use crashwindow::run::{Changes, Spec};
use crashwindow::verdict::{Outcome, Verdict};
use tokio::sync::mpsc;

use super::execute::{CommandRunner, relative};
use super::run::Labs;
use super::stack_args::StackArgs;

/// Work through a lab: predict, run, confront the prediction with the numbers, explain
///
/// Asks what the lab's questions ask, one after the other. Where a run can tell, it is executed
/// after your answer, and its numbers are held against what you predicted. Answers are read from
/// standard input, a letter to a line, so that they can be piped too. They are kept in
/// `crashwindow/answers.jsonl` in the folder for your data ($XDG_DATA_HOME, or ~/.local/share).
///
/// Exit code: 0 when you came to the end, whatever you answered; 2 otherwise.
///
/// Example: crashwindow lab 02
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Lab {
    /// The lab: its number or its name
    lab: String,

    #[command(flatten)]
    who: AttendeeArgs,

    #[command(flatten)]
    labs: Labs,

    #[command(flatten)]
    stack: StackArgs,
}

/// Ask a lab's questions without running anything, or export the answers
///
/// Example: crashwindow quiz 02
///
/// Example: crashwindow quiz --export answers.json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct QuizCommand {
    /// The labs [default: all]
    lab: Vec<String>,

    /// Write all answers that were kept to a file, as a JSON array, and ask nothing; `-` is
    /// standard output
    #[arg(long, value_name = "FILE", conflicts_with = "lab")]
    export: Option<PathBuf>,

    #[command(flatten)]
    who: AttendeeArgs,

    #[command(flatten)]
    labs: Labs,
}

/// Who answers.
#[derive(Debug, Clone, Args)]
struct AttendeeArgs {
    /// Whose answers these are [default: the name of this machine's user]
    #[arg(long, value_name = "NAME", env = "CRASHWINDOW_ATTENDEE")]
    attendee: Option<String>,
}

impl AttendeeArgs {
    fn name(&self) -> String {
        let user = || std::env::var("USER").ok();
        let name = self.attendee.clone().or_else(user);
        name.unwrap_or_else(|| "somebody".to_owned())
    }
}

impl Lab {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let lab = self.labs.find(&self.lab)?;
        let quiz = Quiz::load(&lab)?;
        let options = self.stack.options()?;
        let answers = Answers::of_the_user()?;
        let mut asking = AnswerLines::new();
        introduce(&lab);
        // Before the first question: nobody wants to wait for servers after an answer.
        let session = CommandRunner::open(&options).await?;
        let mut right = 0;
        for (number, question) in (1..).zip(&quiz.questions) {
            println!("\n{number} of {}", quiz.questions.len());
            let place = tokio::select! {
                place = asking.ask(&lab, question) => place?,
                () = session.cancel().cancelled() => bail!("interrupted\nnext: crashwindow lab {}", lab.id),
            };
            let mut answer = Answer::now(&self.who.name(), &lab.id, question, place);
            if let Some(shown) = &question.run {
                let changes = Changes {
                    scenario: Some(shown.scenario.clone()),
                    ..Changes::default()
                };
                let spec = Spec::decide(&lab, &shown.consumer, &changes)?;
                let report = session.run(spec).await?;
                answer.run = Some(report.run.clone());
                confront(question, place, &report);
            }
            explain(question, place);
            right += usize::from(answer.right);
            answers.add(&answer)?;
        }
        farewell(right, quiz.questions.len(), &answers);
        let next = if lab.storm.is_some() {
            "storm"
        } else {
            "compare"
        };
        println!("next: crashwindow {next} {}", lab.id);
        Ok(ExitCode::SUCCESS)
    }
}

impl QuizCommand {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let answers = Answers::of_the_user()?;
        if let Some(file) = &self.export {
            export(&answers, file)?;
            return Ok(ExitCode::SUCCESS);
        }
        let labs = if self.lab.is_empty() {
            manifest::all(&self.labs.folder()?)?
        } else {
            let find = |name: &String| self.labs.find(name);
            self.lab.iter().map(find).collect::<anyhow::Result<_>>()?
        };
        let mut asking = AnswerLines::new();
        let (mut right, mut asked) = (0, 0);
        for lab in &labs {
            let quiz = Quiz::load(lab)?;
            introduce(lab);
            for question in &quiz.questions {
                println!();
                let place = asking.ask(lab, question).await?;
                explain(question, place);
                let answer = Answer::now(&self.who.name(), &lab.id, question, place);
                answers.add(&answer)?;
                asked += 1;
                right += usize::from(answer.right);
            }
        }
        farewell(right, asked, &answers);
        if let Some(first) = labs.first() {
            println!("next: crashwindow lab {}", first.id);
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// From a thread of its own: a prompt must not keep Ctrl-C waiting.
struct AnswerLines {
    lines: mpsc::UnboundedReceiver<String>,
}

impl AnswerLines {
    fn new() -> Self {
        let (sender, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in std::io::stdin().lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines }
    }

    async fn ask(&mut self, lab: &Manifest, question: &Question) -> anyhow::Result<usize> {
        print!("{}", terminal::wrap(question.ask.trim()));
        if let Some(shown) = &question.run {
            let source = lab.folder.join(&lab.consumer(&shown.consumer)?.source);
            println!("read: {}", relative(&source));
        }
        for (place, option) in question.options.iter().enumerate() {
            let text = format!("{}) {}", Question::letter(place), option.text);
            print!("{}", terminal::indent(&text, 2));
        }
        let last = Question::letter(question.options.len() - 1);
        loop {
            println!("your answer, a to {last}:");
            let Some(line) = self.lines.recv().await else {
                return Err(anyhow!(
                    "standard input ended before question {:?} of lab {} was answered\nnext: \
                     crashwindow lab {} on a terminal, or pipe one letter per line",
                    question.id,
                    lab.id,
                    lab.id
                ));
            };
            match question.place(line.trim()) {
                Some(place) => return Ok(place),
                None => println!("{:?} is none of them.", line.trim()),
            }
        }
    }
}

fn introduce(lab: &Manifest) {
    println!("lab {}: {}", lab.id, lab.title);
    print!("{}", terminal::wrap(&lab.question));
}

/// How often a payment took effect that did so again, where several are told together.
const TWICE: usize = 2;

fn confront(question: &Question, place: usize, report: &RunReport) {
    let outcomes = outcomes(report);
    let struck: usize = outcomes.values().sum();
    let told = |outcome: Outcome| {
        let n = outcomes.get(&outcome)?;
        Some(format!("{n} {}", outcome.told(&report.effect_verb, TWICE)))
    };
    let found: Vec<String> = Outcome::ALL.into_iter().filter_map(told).collect();
    println!("\nthe run {}: {struck} payments were struck", report.run);
    println!("  found            {}", found.join(", "));
    if let Some(predicted) = question.options[place].predicts {
        println!(
            "  predicted        {struck} {}",
            predicted.told(&report.effect_verb, TWICE)
        );
    }
    println!("  delivered again  {}", report.counts.redeliveries);
    if let Some(witness) = report.witnesses.first() {
        print!("\n{}", terminal::wrap(&witness.text));
        println!("counted from outside: {}", terminal::effects(witness));
    }
    if report.verdict == Verdict::Unknown {
        let text = format!("This run proves nothing: {}", report.sentence());
        print!("{}", terminal::wrap(&text));
    } else if !agrees(question, outcomes.keys()) {
        let text =
            "This is not what the lab's author expected: trust the run, and tell the author.";
        print!("{}", terminal::wrap(text));
    }
}

fn agrees<'a>(question: &Question, mut found: impl Iterator<Item = &'a Outcome>) -> bool {
    let expected = question.options[question.right()].predicts;
    found.all(|outcome| Some(*outcome) == expected)
}

/// The right answer first, whoever gave it, and then what is wrong with each other.
fn explain(question: &Question, chosen: usize) {
    let right = question.right();
    println!("\n{}", if chosen == right { "right." } else { "not so." });
    let tell = |place: usize| {
        let option = &question.options[place];
        let text = format!("{}) {}", Question::letter(place), option.text.trim());
        print!("{}", terminal::indent(&text, 2));
        print!("{}", terminal::indent(option.explain.trim(), 5));
    };
    tell(right);
    let others = (0..question.options.len()).filter(|place| *place != right);
    others.for_each(tell);
}

fn farewell(right: usize, of: usize, answers: &Answers) {
    println!(
        "\n{right} of {of} right; kept in {}",
        answers.path().display()
    );
}

fn export(answers: &Answers, file: &std::path::Path) -> anyhow::Result<()> {
    let json = serde_json::to_string_pretty(&answers.all()?)?;
    if file.as_os_str() == "-" {
        println!("{json}");
        return Ok(());
    }
    std::fs::write(file, json + "\n").map_err(|e| {
        anyhow!(
            "{} cannot be written: {e}\nnext: name another file",
            file.display()
        )
    })?;
    println!("{} answers in {}", answers.all()?.len(), file.display());
    Ok(())
}
