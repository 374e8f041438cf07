//! One run, from a spec and a stack to settled facts.
//!
//! ```text
//! prepare   topic, group, database, account; the run folder names them first
//! join      instances start behind their taps; the group gives each its partitions
//! rounds    for each: arm the fault, produce the payments, wait for the strike or the end
//! settle    the group drains, then quiet; a clean start helps whoever stands still or is stuck
//! stop      SIGTERM; the final facts are read when nobody can change them any more
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::RunError;
use super::counting::Counter;
use super::fired::Fired;
use super::fleet::{Fleet, FleetView, instance_name};
use super::folder::{RunFolder, SPEC, STATE, State};
use super::instance::Launch;
use super::joining::group_is_whole;
use super::pace::Pace;
use super::parked::Parked;
use super::phases::Phases;
use super::reset::reset;
use super::resources::{Resources, Suffixes};
use super::revival;
use super::rounds;
use super::settle;
use super::spec::Spec;
use super::striker::Striker;
use super::tuning::Tuning;
use super::watchdog;
use super::watcher::Watcher;
use super::workload::{Journal, Producer};
use crate::effects::EffectSource;
use crate::event::Marks;
use crate::group::GroupClient;
use crate::provider::{Account, Clock, LedgerEntry, Provider};
use crate::stack::Endpoints;
use crate::timeline::{Entry, Happening, Timeline};
use crate::verdict::{History, Judgement, Strike, judge};

/// A run that has a verdict.
pub struct Finished {
    /// What was asked.
    pub spec: Spec,
    /// What was executed: the spec's schedule, with the instances that were struck.
    pub fired: Vec<Fired>,
    /// The verdict.
    pub judgement: Judgement,
    /// What it was made from.
    pub history: History,
    /// Everything that was seen.
    pub timeline: Vec<Entry>,
    /// The provider's record.
    pub ledger: Vec<LedgerEntry>,
    /// How long each phase took.
    pub phases: Phases,
    /// The number of the run folder.
    pub run_id: String,
    /// The run folder.
    pub run_dir: std::path::PathBuf,
}

/// What everything in a run needs.
pub(super) struct Field {
    pub(super) spec: Spec,
    pub(super) resources: Resources,
    pub(super) group: Arc<GroupClient>,
    pub(super) database: Arc<tokio_postgres::Client>,
    pub(super) journal: Arc<Journal>,
    pub(super) timeline: Arc<Timeline>,
    pub(super) account: Account,
    pub(super) counter: Counter,
    pub(super) parked: Parked,
    pub(super) marks: Marks,
    pub(super) pace: Arc<Pace>,
    pub(super) crew: Arc<FleetView>,
}

impl Field {
    /// The group's position on each partition of the run's topic.
    pub(super) async fn committed(&self) -> Result<BTreeMap<i32, i64>, RunError> {
        Ok(self.group.committed(&self.resources.topic).await?)
    }
}

/// Executes a run. Whatever happens, no process, listener, topic or database of it is left when
/// this returns; the run folder is kept.
///
/// # Errors
/// When the run ends without a verdict; its folder then says why.
pub async fn execute(
    spec: Spec,
    endpoints: &Endpoints,
    runs: &Path,
    watcher: &dyn Watcher,
    cancel: &CancellationToken,
) -> Result<Finished, RunError> {
    let mut phases = Phases::start("prepare");
    watcher.phase("preparing a topic, a group, a database and a provider account");
    let folder = RunFolder::create(runs)?;
    folder.write(STATE, &State::Running)?;
    folder.write(SPEC, &spec)?;
    folder.write("schedule.json", &spec.schedule)?;
    watcher.begun(&folder.id);
    watcher.planned(&spec);

    let result = run(spec, endpoints, &folder, watcher, cancel, &mut phases).await;
    folder.write(STATE, &State::after(&result))?;
    result
}

async fn run(
    spec: Spec,
    endpoints: &Endpoints,
    folder: &RunFolder,
    watcher: &dyn Watcher,
    cancel: &CancellationToken,
    phases: &mut Phases,
) -> Result<Finished, RunError> {
    let schedule = &spec.schedule;
    let resources = Resources::create(
        folder,
        endpoints,
        schedule.partitions,
        with_payments(&spec.database_schema, schedule.payments),
        Suffixes {
            output: match &spec.effects {
                EffectSource::Topic { name } => Some(name),
                _ => None,
            },
            parked: spec.parked_topic.as_deref(),
        },
    )
    .await?;
    let playing = async {
        reset(&spec, &resources, folder).await?;
        play(spec, &resources, folder, watcher, phases).await
    };
    let mut finished = watchdog::guarded(playing, &resources, endpoints, watcher, cancel).await?;
    phases.end();
    finished.phases = phases.clone();
    Ok(finished)
}

async fn play(
    spec: Spec,
    resources: &Resources,
    folder: &RunFolder,
    watcher: &dyn Watcher,
    phases: &mut Phases,
) -> Result<Finished, RunError> {
    let events = folder.path.join("events.jsonl");
    let timeline = Timeline::to_file(&events).map_err(|e| RunError::log(&events, e))?;
    let timeline = Arc::new(timeline);
    watcher.recording(&timeline);
    timeline.ignore(&spec.background);
    let clock = Clock::with_speed(spec.provider.clock_speed());
    let marks = Marks::of_run(&resources.topic, &resources.group, resources.word());
    let provider = Provider::of_run(clock.clone(), marks.clone());
    let account = provider.open_account(spec.provider.behaviour());
    let field = Field {
        group: Arc::new(resources.group_client().await?),
        database: Arc::new(resources.connect("crashwindow").await?),
        journal: Arc::new(Journal::default()),
        timeline,
        counter: Counter::open(&spec, resources, &account, &marks).await?,
        account,
        parked: Parked::of(&spec, resources, &marks)?,
        marks: marks.clone(),
        pace: Arc::new(Pace::new(Duration::from_millis(spec.join_ms))),
        crew: Arc::default(),
        resources: resources.clone(),
        spec,
    };
    let kafka = &resources.endpoints.kafka;
    let (topic, word) = (&resources.topic, resources.word());
    let producer = Producer::new(kafka, topic, word, &field.spec.schedule)?;
    let striker = Striker::new(&field, producer, clock);
    let _fault = striker.until_dropped();
    let _tuning = Tuning::open(&field.account, &field.timeline, folder)?;
    let (failures, mut failed) = mpsc::unbounded_channel();
    let launch = Arc::new(Launch {
        command: field.spec.command.clone(),
        cwd: field.spec.cwd.clone(),
        resources: resources.clone(),
        provider,
        account: field.account.clone(),
        marks,
        sink: field.counter.sink(),
        hook: Arc::new(striker.clone()),
        group: Arc::clone(&field.group),
        timeline: Arc::clone(&field.timeline),
        storm: None,
        logs: folder.path.join("logs"),
        failures,
    });
    tokio::select! {
        result = act(&field, &striker, &launch, folder, watcher, phases) => result,
        Some(error) = failed.recv() => Err(error),
    }
}

async fn act(
    field: &Field,
    striker: &Striker,
    launch: &Arc<Launch>,
    folder: &RunFolder,
    watcher: &dyn Watcher,
    phases: &mut Phases,
) -> Result<Finished, RunError> {
    let schedule = &field.spec.schedule;
    phases.next("join");
    watcher.phase(&format!(
        "{} instances of {} join",
        schedule.instances, field.spec.consumer
    ));
    let fleet = Arc::new(Fleet::new(Arc::clone(launch)));
    field.crew.watch_over(&fleet);
    for number in 0..schedule.instances {
        fleet.start(&instance_name(number));
    }

    let mut fired = Vec::new();
    for (number, round) in schedule.rounds.iter().enumerate() {
        group_is_whole(field, &fleet, &launch.logs).await?;
        if let Some(idle) = field.spec.idle().filter(|_| number == 0) {
            phases.next("idle");
            watcher.phase("recording what the consumer does without payments");
            tokio::time::sleep(idle).await;
            field.timeline.record(None, Happening::IdleRecorded);
        }
        phases.next("payments and faults");
        watcher.phase(&rounds::describe(
            round,
            fired.len(),
            schedule.strikes().count(),
        ));
        fired.extend(rounds::play(field, striker, round).await?);
        watcher.produced(round.last);
        // Where windows are sought, nothing of a round is in hand when the next one begins.
        if field.spec.seeks_windows && number + 1 < schedule.rounds.len() {
            settle::at_rest(field).await?;
        }
    }

    phases.next("settle");
    let revived = revival::settle(field, &fleet, watcher, &evidence(&fired)).await?;
    phases.next("stop");
    fleet.stop().await;

    let acknowledges = field.timeline.acknowledges(&field.resources.topic);
    fired.iter_mut().for_each(|f| f.doubt_silence(acknowledges));
    let strikes = evidence(&fired);
    let history = History {
        revived,
        ..settle::history(field, &strikes).await?
    };
    let judgement = judge(&history, field.spec.guarantee, &field.spec.done);
    let ledger = field.account.ledger();
    folder.write("history.json", &history)?;
    folder.write("ledger.json", &ledger)?;
    phases.next("clear up");
    Ok(Finished {
        spec: field.spec.clone(),
        fired,
        judgement,
        history,
        timeline: field.timeline.entries(),
        ledger,
        phases: phases.clone(),
        run_id: folder.id.clone(),
        run_dir: folder.path.clone(),
    })
}

fn evidence(fired: &[Fired]) -> Vec<Strike> {
    fired.iter().map(|f| f.evidence.clone()).collect()
}

/// The schema, told how many payments there are and the word that ends their ids: a table that has a
/// row for each must have it before the first is produced.
fn with_payments(schema: &str, payments: u32) -> impl Fn(&str) -> String {
    move |word| {
        format!("SET crashwindow.payments = {payments};\nSET crashwindow.run = '{word}';\n{schema}")
    }
}
