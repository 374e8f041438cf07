//! `explore`: every crash window of a consumer.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;
use crashwindow::effects::{EffectArgs, EffectSource, ParkedArgs};
use crashwindow::event::Tap;
use crashwindow::explore::{self, Exploration};
use crashwindow::report::explore::{ExploreReport, html, junit, terminal};
use crashwindow::run::Spec;
use crashwindow::usecase;
use crashwindow::verdict::{Guarantee, Verdict};

use super::execute::CommandRunner;
use super::faults::{self, FaultWord};
use super::run::{Labs, Settle};
use super::stack_args::StackArgs;

/// Find every crash window of a consumer, strike each with every fault that applies
///
/// The consumer is run as it is, in any language. It finds in its environment where everything is:
/// KAFKA_BOOTSTRAP_SERVERS, KAFKA_TOPIC, KAFKA_GROUP_ID, DATABASE_URL, PAYMENT_API_URL,
/// PAYMENT_API_KEY and CONSUMER_ID (with --effects-topic also KAFKA_OUTPUT_TOPIC and with --parked-topic
/// KAFKA_PARKED_TOPIC, topics of that run alone, and with --sink also SINK_URL). It is recorded once; then
/// every gap between two things that it does outside itself is a window, and each is struck in a run of
/// its own.
///
/// The lab's Kafka has auto.create.topics.enable=false, which Kafka's own default is not: a topic is there
/// because the lab has made it or the consumer makes it itself, never because it is written to. All whose
/// names begin with KAFKA_TOPIC are removed with the run (docs/consumer.md).
///
/// What it does is attributed to payments by their marks: the payment's id (msg-0017-k3f9, which ends
/// with a word of that run alone), its order's id (order-0017-k3f9), and the topic, partition and offset
/// of its record; as text, in hex or in base64. What carries none is the payment's own where nothing else
/// is in hand. What changes something and nobody can say for which payment was no window: the report
/// names it, and the verdict is unknown. Let it carry the id of what it is about (docs/explore.md).
///
/// A window that needs no run of its own, because nothing was changed since another, is shown as =N: as
/// in window N. With --recorded, what took effect and was not written down is found half-done.
///
/// Exit code: 0 the promise stood in every cell, 1 a cell breaks it, 2 something could not be
/// judged, or an error.
///
/// Example: crashwindow explore 01 --consumer fixed
///
/// Example: crashwindow explore --schema schema.sql -- python3 consumer.py
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct Explore {
    /// A lab, to explore one of its consumers
    #[arg(required_unless_present = "command", conflicts_with = "command")]
    lab: Option<String>,

    /// Which of the lab's consumers
    #[arg(long, default_value = "broken")]
    consumer: String,

    /// The consumer's command, after `--`
    #[arg(last = true)]
    command: Vec<String>,

    /// What the consumer promises [default: the lab's, else effectively-once]
    #[arg(long, value_enum)]
    guarantee: Option<Guarantee>,

    /// A file of SQL that creates the consumer's tables
    #[arg(long, value_name = "FILE", conflicts_with = "lab")]
    schema: Option<PathBuf>,

    /// A query for the ids of payments that the consumer has recorded as done; with it, a payment
    /// can be found half-done
    #[arg(long, value_name = "SQL", conflicts_with = "lab")]
    recorded: Option<String>,

    #[command(flatten)]
    effects: EffectArgs,

    #[command(flatten)]
    parked: ParkedArgs,

    /// A shell command to run before the recording and before each cell, for what the lab does not
    /// keep apart (a Redis, files); it finds KAFKA_TOPIC, KAFKA_GROUP_ID and CRASHWINDOW_RUN, with
    /// which all names of the run begin, and may take twice --join
    #[arg(long, value_name = "CMD")]
    reset: Option<String>,

    /// How many payments a struck run has: some before and beside the struck one, some while it is
    /// struck, some after it
    #[arg(long, value_name = "N", default_value_t = explore::PAYMENTS, value_parser = clap::value_parser!(u32).range(1..=1000))]
    payments: u32,

    /// Over how many partitions
    #[arg(long, value_name = "N", default_value_t = explore::PARTITIONS, value_parser = clap::value_parser!(u32).range(1..=64))]
    partitions: u32,

    /// Only these faults, separated by commas [default: all but those that run only when named]
    #[arg(long, value_name = "FAULT", value_delimiter = ',', value_parser = faults::parser())]
    faults: Vec<FaultWord>,

    /// How many cells run at a time [default: what the recording shows that this consumer leaves room
    /// for, twice the cores at the most]
    #[arg(long, value_name = "N")]
    parallel: Option<usize>,

    /// Print the report as JSON (docs/explore.schema.json)
    #[arg(long)]
    json: bool,

    /// Also write the report as JUnit XML, for a CI server
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,

    /// Also write the report as one page, with a sequence diagram for each cell
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Attribute nothing at this tap: for whoever doubts that what is not seen is never passed over
    #[arg(long, value_enum, hide = true)]
    blind: Option<Tap>,

    #[command(flatten)]
    settle: Settle,

    #[command(flatten)]
    labs: Labs,

    #[command(flatten)]
    stack: StackArgs,
}

impl Explore {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let spec = self.spec()?;
        let what = spec.command.join(" ");
        let mut exploration = Exploration::of(spec, self.payments, self.partitions);
        if let Some(faults) = faults::asked_for(&self.faults) {
            exploration.faults = faults;
        }
        exploration.parallel = self.parallel;
        let session = CommandRunner::open(&self.stack.clone().options()?).await?;
        match session.explore(&exploration, &what).await {
            Ok(report) => {
                self.tell(&report)?;
                Ok(ExitCode::from(report.verdict.exit_code()))
            }
            Err(failed) => {
                // Whoever reads a file or a pipe finds there why; a person is told by the error.
                if let Some(report) = &failed.report
                    && (self.json || !report.cells.is_empty())
                {
                    self.tell(report)?;
                } else if let Some(report) = &failed.report {
                    self.write(report)?;
                }
                Err(failed.error.into())
            }
        }
    }

    fn tell(&self, report: &ExploreReport) -> anyhow::Result<()> {
        self.write(report)?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(report)?);
        } else {
            anstream::print!("{}", terminal::render(report, &next(report)));
        }
        Ok(())
    }

    fn write(&self, report: &ExploreReport) -> anyhow::Result<()> {
        for (path, render) in [
            (&self.junit, junit::render as fn(&ExploreReport) -> String),
            (&self.html, html::render),
        ] {
            if let Some(path) = path {
                std::fs::write(path, render(report)).map_err(|e| {
                    anyhow!(
                        "{} cannot be written: {e}\nnext: name another file",
                        path.display()
                    )
                })?;
            }
        }
        Ok(())
    }

    fn spec(&self) -> anyhow::Result<Spec> {
        let mut spec = match &self.lab {
            Some(lab) => usecase::unstruck(&self.labs.find(lab)?, &self.consumer)?,
            None => self.spec_of_command()?,
        };
        // A lab says itself what its payments' effect is.
        if self.lab.is_none() || self.effects.source() != EffectSource::Ledger {
            spec.effects = self.effects.source();
        }
        if let (EffectSource::Topic { name }, Some(parked)) =
            (&spec.effects, &self.parked.parked_topic)
            && name == parked
        {
            bail!(
                "--parked-topic {parked} is the --effects-topic as well: a payment that cannot be done \
                 would be done by being put there\nnext: give one of them another name"
            );
        }
        spec.parked_topic.clone_from(&self.parked.parked_topic);
        spec.parked.clone_from(&self.parked.parked);
        spec.reset.clone_from(&self.reset);
        spec.blind = self.blind;
        spec.guarantee = self.guarantee.unwrap_or(spec.guarantee);
        let millis = |d: Duration| u64::try_from(d.as_millis());
        if let Some(quiet) = self.settle.quiet() {
            spec.quiet_ms = millis(quiet)?;
        }
        if let Some(patience) = self.settle.patience() {
            spec.patience_ms = millis(patience)?;
        }
        if let Some(join) = self.settle.join() {
            spec.join_ms = millis(join)?;
        }
        Ok(spec)
    }

    fn spec_of_command(&self) -> anyhow::Result<Spec> {
        let Some(program) = self.command.first() else {
            bail!("there is no command to explore\nnext: crashwindow explore -- CMD");
        };
        let schema = match &self.schema {
            Some(path) => std::fs::read_to_string(path).map_err(|e| {
                anyhow!(
                    "--schema {} cannot be read: {e}\nnext: name a file of SQL",
                    path.display()
                )
            })?,
            None => String::new(),
        };
        let name = PathBuf::from(program);
        let name = name
            .file_name()
            .map_or(program.clone(), |n| n.to_string_lossy().into_owned());
        Ok(Spec::of_command(
            &name,
            self.command.clone(),
            schema,
            self.recorded.clone(),
        ))
    }
}

/// The worst cell again, or the page that shows them all.
fn next(report: &ExploreReport) -> String {
    let broken = report
        .cells
        .iter()
        .filter(|c| c.verdict == Verdict::Violated);
    let worst = broken.max_by_key(|c| (c.outcome, std::cmp::Reverse(c.cell)));
    worst.map_or_else(
        || "the same with --html FILE, which shows every cell's sequence".to_owned(),
        |cell| cell.replay.clone(),
    )
}
