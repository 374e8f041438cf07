//! One run, from a spec and a stack to settled facts.
//!
//! ```text
//! prepare   topic, group, database, account; the run folder names them first
//! join      instances start behind their taps; the group gives each its partitions
//! rounds    for each: arm the fault, produce the payments, wait for the strike or the end
//! settle    the group drains, a clean instance helps if it stands still, then quiet
//! stop      SIGTERM; the final facts are read when nobody can change them any more
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::RunError;
use super::error::NeverJoined;
use super::folder::{RunFolder, STATE, State};
use super::instance::{Instance, Launch, log_tail};
use super::phases::Phases;
use super::resources::{self, Resources};
use super::settle;
use super::spec::Spec;
use super::striker::{Progress, Striker};
use super::watchdog;
use super::workload::{Journal, Producer};
use crate::chaos::{Planned, Round};
use crate::group::{Group, GroupClient, GroupState};
use crate::provider::{Account, Behaviour, Clock, LedgerEntry, Provider};
use crate::stack::Endpoints;
use crate::timeline::{Entry, Happening, Timeline};
use crate::verdict::{History, Judgement, Strike, judge};

/// How often the group is asked who is in it.
const POLL: Duration = Duration::from_millis(10);

/// Told how a run gets on.
pub trait Watcher: Send + Sync {
    /// A phase has begun, in words.
    fn phase(&self, text: &str);
}

/// A run that has a verdict.
pub struct Finished {
    /// What was asked.
    pub spec: Spec,
    /// What was executed: the spec's schedule, with the instances that were struck.
    pub strikes: Vec<(Planned, Strike)>,
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
    let swept = resources::sweep(runs, endpoints).await?;
    if swept > 0 {
        watcher.phase(&format!("cleared what {swept} killed runs had left"));
    }
    let folder = RunFolder::create(runs)?;
    folder.write(STATE, &State::Running)?;
    folder.write("spec.json", &spec)?;
    folder.write("schedule.json", &spec.schedule)?;

    let result = run(spec, endpoints, &folder, watcher, cancel, &mut phases).await;
    let state = match &result {
        Ok(_) => State::Judged,
        Err(e) => State::Inconclusive {
            reason: e.to_string(),
        },
    };
    folder.write(STATE, &state)?;
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
        &spec.database_schema,
    )
    .await?;
    let result = tokio::select! {
        result = play(spec, &resources, folder, watcher, phases) => result,
        what = watchdog::stack_died(endpoints) => Err(RunError::StackDied { what }),
        () = cancel.cancelled() => Err(RunError::Interrupted),
    };
    // A stack that died takes the run's topic and database with it when it is wiped.
    if !matches!(result, Err(RunError::StackDied { .. })) {
        watcher.phase("clearing up");
        resources.drop_all().await;
    }
    let mut finished = result?;
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
    let provider = Provider::new(Clock::default());
    let field = Field {
        group: Arc::new(resources.group_client().await?),
        database: Arc::new(resources.connect("crashwindow").await?),
        journal: Arc::new(Journal::default()),
        timeline: Arc::new(timeline),
        account: provider.open_account(Behaviour::default()),
        resources: resources.clone(),
        spec,
    };
    let striker = Arc::new(Striker::new(
        resources.clone(),
        Arc::clone(&field.group),
        Arc::clone(&field.database),
        Arc::clone(&field.journal),
        Arc::clone(&field.timeline),
    ));
    let (failures, mut failed) = mpsc::unbounded_channel();
    let launch = Arc::new(Launch {
        program: field.spec.program.clone(),
        resources: resources.clone(),
        provider,
        account: field.account.clone(),
        hook: Arc::<Striker>::clone(&striker),
        group: Arc::clone(&field.group),
        timeline: Arc::clone(&field.timeline),
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
    let names = (0..schedule.instances).map(instance_name);
    let instances: Vec<_> = names
        .map(|name| Instance::start(&name, Arc::clone(launch)))
        .collect();
    let instances = Arc::new(instances);
    striker.watch_over(&instances);
    let kafka = &field.resources.endpoints.kafka;
    let producer = Producer::new(kafka, &field.resources.topic, schedule)?;

    let mut strikes = Vec::new();
    for round in &schedule.rounds {
        group_is_whole(field, &instances, &launch.logs).await?;
        phases.next("payments and faults");
        watcher.phase(&describe(round, strikes.len(), schedule.strikes().count()));
        let progress = round.strike.clone().map(|planned| striker.arm(planned));
        producer.produce(round, &field.journal).await?;
        if let (Some(planned), Some(progress)) = (&round.strike, progress) {
            strikes.push(strike_or_end(field, striker, planned, progress).await?);
        }
    }

    phases.next("settle");
    watcher.phase("settling: every payment has its last word");
    if !settle::drained(field).await? {
        watcher.phase("the group stands still: a clean instance takes over");
        for instance in instances.iter() {
            instance.stop().await;
        }
        let clean = Instance::start("clean", Arc::clone(launch));
        settle::drained(field).await?;
        settle_and_stop(field, &strikes, &[clean], phases).await?;
    } else {
        settle_and_stop(field, &strikes, &instances, phases).await?;
    }

    let evidence: Vec<Strike> = strikes
        .iter()
        .map(|(_, evidence)| evidence.clone())
        .collect();
    let history = settle::history(field, &evidence).await?;
    let judgement = judge(&history, field.spec.guarantee);
    let ledger = field.account.ledger();
    folder.write("history.json", &history)?;
    folder.write("ledger.json", &ledger)?;
    phases.next("clear up");
    Ok(Finished {
        spec: field.spec.clone(),
        strikes,
        judgement,
        history,
        timeline: field.timeline.entries(),
        ledger,
        phases: phases.clone(),
        run_id: folder.id.clone(),
        run_dir: folder.path.clone(),
    })
}

async fn settle_and_stop(
    field: &Field,
    strikes: &[(Planned, Strike)],
    instances: &[Instance],
    phases: &mut Phases,
) -> Result<(), RunError> {
    let evidence: Vec<Strike> = strikes
        .iter()
        .map(|(_, evidence)| evidence.clone())
        .collect();
    settle::settle(field, &evidence).await?;
    phases.next("stop");
    futures::future::join_all(instances.iter().map(Instance::stop)).await;
    Ok(())
}

/// Waits until the armed fault is done, or until the round has drained without anybody coming to
/// its window.
async fn strike_or_end(
    field: &Field,
    striker: &Striker,
    planned: &Planned,
    mut progress: tokio::sync::watch::Receiver<Progress>,
) -> Result<(Planned, Strike), RunError> {
    let drained = tokio::select! {
        drained = settle::drained(field) => Some(drained?),
        _ = progress.wait_for(|p| *p != Progress::Waiting) => None,
    };
    if drained.is_some() && striker.disarm() {
        let payment = planned.payment.clone();
        let missed = Strike {
            payment,
            fired: false,
            redelivered: false,
            problem: None,
        };
        return Ok((planned.clone(), missed));
    }
    let done = progress.wait_for(|p| matches!(p, Progress::Done(_))).await;
    match done.as_deref() {
        Ok(Progress::Done(fired)) => Ok((fired.planned.clone(), fired.evidence.clone())),
        Ok(_) | Err(_) => unreachable!("the striker outlives the run and waited for is Done"),
    }
}

/// Waits until the group consists of exactly the run's instances and each has its partitions.
async fn group_is_whole(
    field: &Field,
    instances: &[Instance],
    logs: &Path,
) -> Result<(), RunError> {
    let mut names: Vec<&str> = instances.iter().map(Instance::name).collect();
    names.sort_unstable();
    let patience = Duration::from_millis(field.spec.join_ms);
    let deadline = tokio::time::Instant::now() + patience;
    loop {
        let group = field.group.describe().await?;
        let mut members: Vec<&str> = group.members.iter().map(|m| m.client_id.as_str()).collect();
        members.sort_unstable();
        let owned: usize = group
            .members
            .iter()
            .flat_map(|m| m.assignment.values())
            .map(Vec::len)
            .sum();
        let all_owned = owned == field.spec.schedule.partitions as usize;
        if members == names && all_owned && group.state == GroupState::Stable {
            let instances = names.into_iter().map(str::to_owned).collect();
            field.timeline.record(None, Happening::Joined { instances });
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            return Err(never_joined(field, instances, &group, logs));
        }
        tokio::time::sleep(POLL).await;
    }
}

fn never_joined(field: &Field, instances: &[Instance], group: &Group, logs: &Path) -> RunError {
    let joined = |name: &str| group.members.iter().any(|m| m.client_id == name);
    let missing: Vec<&Instance> = instances.iter().filter(|i| !joined(i.name())).collect();
    let lives = missing.first().and_then(|i| i.process()).map(|p| p.source);
    let file = lives.map_or_else(String::new, |s| {
        format!("{}-{}.log", s.instance, s.incarnation)
    });
    let path = logs.join(file);
    let names: Vec<&str> = missing.iter().map(|i| i.name()).collect();
    let members: Vec<&str> = group.members.iter().map(|m| m.client_id.as_str()).collect();
    let never_joined = NeverJoined {
        missing: if names.is_empty() {
            "the group".into()
        } else {
            names.join(" and ")
        },
        group: field.resources.group.clone(),
        seconds: field.spec.join_ms / 1000,
        members: format!(
            "{} members {members:?} and is {}",
            members.len(),
            group.state
        ),
        log: log_tail(&path),
        path,
    };
    Box::new(never_joined).into()
}

fn describe(round: &Round, done: usize, total: usize) -> String {
    let payments = round.last - round.first + 1;
    match &round.strike {
        Some(strike) => format!(
            "{payments} payments; fault {} of {total}: {} {} at {}",
            done + 1,
            strike.fault,
            strike.window,
            strike.payment
        ),
        None => format!("{payments} payments, no fault"),
    }
}

/// `a`, `b`, … `z`, then `a1`, `b1`, …
fn instance_name(number: u32) -> String {
    let letter = char::from(b'a' + u8::try_from(number % 26).expect("below 26"));
    match number / 26 {
        0 => letter.to_string(),
        lap => format!("{letter}{lap}"),
    }
}
