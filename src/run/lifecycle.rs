//! One run, from a spec and a stack to settled facts.
//!
//! ```text
//! prepare   topic, group, database, account; the run folder names them first
//! join      instances start behind their taps; the group gives each its partitions
//! rounds    for each: arm the fault, produce the payments, wait for the strike or the end
//! settle    the group drains, then quiet; a clean start helps whoever stands still or is stuck
//! stop      SIGTERM; the final facts are read when nobody can change them any more
//! ```

use std::path::Path;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::admin_api::RunAdminApi;
use super::context::RunContext;
use super::executed_fault::ExecutedFault;
use super::injector::FaultInjector;
use super::joining::group_is_whole;
use super::reset::reset;
use super::revival;
use super::rounds;
use super::settle;
use super::spec::Spec;
use super::watcher::RunWatcher;
use crate::effects::EffectSource;
use crate::event::Marks;
use crate::provider::{Clock, LedgerEntry, Provider};
use crate::session::context::SessionContext;
use crate::session::fleet::Fleet;
use crate::session::folder::{RunFolder, SPEC};
use crate::session::instance::Launch;
use crate::session::resources::{Resources, Suffixes};
use crate::session::{Phases, RunError, Unkept, watchdog};
use crate::stack::Endpoints;
use crate::timeline::{Entry, TimelineEvent};
use crate::verdict::{FaultEvidence, History, Judgement, judge};

pub struct Finished {
    pub spec: Spec,
    /// What was executed: the spec's schedule, with the instances that were struck.
    pub fired: Vec<ExecutedFault>,
    pub judgement: Judgement,
    /// What the judgement was made from.
    pub history: History,
    pub timeline: Vec<Entry>,
    pub ledger: Vec<LedgerEntry>,
    pub phases: Phases,
    pub run_id: String,
    pub run_dir: std::path::PathBuf,
}

/// Whatever happens, no process, listener, topic or database of the run is left; the run folder is
/// kept, and says why where there is no verdict.
pub async fn execute(
    spec: Spec,
    endpoints: &Endpoints,
    runs: &Path,
    watcher: &dyn RunWatcher,
    cancel: &CancellationToken,
) -> Result<Unkept<Finished>, RunError> {
    let mut phases = Phases::start("prepare");
    watcher.phase("preparing a topic, a group, a database and a provider account");
    let folder = RunFolder::create(runs)?;
    folder.write(SPEC, &spec)?;
    folder.write("schedule.json", &spec.schedule)?;
    watcher.begun(&folder.id);
    watcher.planned(&spec);

    let result = Box::pin(run(spec, endpoints, &folder, watcher, cancel, &mut phases)).await;
    Unkept::of(result, folder)
}

async fn run(
    spec: Spec,
    endpoints: &Endpoints,
    folder: &RunFolder,
    watcher: &dyn RunWatcher,
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
    let playing = Box::pin(playing);
    let mut finished = watchdog::guarded(playing, &resources, endpoints, watcher, cancel).await?;
    phases.end();
    finished.phases = phases.clone();
    Ok(finished)
}

async fn play(
    spec: Spec,
    resources: &Resources,
    folder: &RunFolder,
    watcher: &dyn RunWatcher,
    phases: &mut Phases,
) -> Result<Finished, RunError> {
    let clock = Clock::with_speed(spec.provider.clock_speed());
    let marks = Marks::of_run(&resources.topic, &resources.group, resources.word());
    let provider = Provider::of_run(clock.clone(), marks.clone());
    let provider = (provider, spec.provider.behaviour());
    let opened = SessionContext::open(resources, folder, provider, marks, watcher).await?;
    let (session, failures) = opened;
    session.timeline.ignore(&spec.background);
    let context = Arc::new(RunContext::open(spec, &session, clock).await?);
    let injector = FaultInjector::new(&context);
    let _fault = injector.until_dropped();
    let _admin_api = RunAdminApi::open(&session.account, &session.timeline, folder)?;
    let launch = Launch {
        command: context.spec.command.clone(),
        cwd: context.spec.cwd.clone(),
        context: session,
        sink: context.counter.sink(),
        hook: Arc::new(injector.clone()),
        storm: None,
    };
    let acting = act(&context, &injector, launch, folder, watcher, phases);
    failures.end(acting).await
}

async fn act(
    context: &RunContext,
    injector: &FaultInjector,
    launch: Launch,
    folder: &RunFolder,
    watcher: &dyn RunWatcher,
    phases: &mut Phases,
) -> Result<Finished, RunError> {
    let (session, schedule) = (&context.session, &context.spec.schedule);
    phases.next("join");
    watcher.phase(&format!(
        "{} instances of {} join",
        schedule.instances, context.spec.consumer
    ));
    let fleet = Arc::new(Fleet::new(Arc::new(launch)));
    context.fleet.watch_over(&fleet);
    for _ in 0..schedule.instances {
        fleet.add();
    }

    let mut fired = Vec::new();
    for (number, round) in schedule.rounds.iter().enumerate() {
        group_is_whole(context, &fleet).await?;
        if let Some(idle) = context.spec.idle().filter(|_| number == 0) {
            phases.next("idle");
            watcher.phase("recording what the consumer does without payments");
            tokio::time::sleep(idle).await;
            session.timeline.record(None, TimelineEvent::IdleRecorded);
        }
        phases.next("payments and faults");
        watcher.phase(&rounds::describe(
            round,
            fired.len(),
            schedule.strikes().count(),
        ));
        fired.extend(rounds::play(context, injector, round).await?);
        watcher.produced(round.last);
        // Where windows are sought, nothing of a round is in hand when the next one begins.
        if context.spec.wait_for_late_effects && number + 1 < schedule.rounds.len() {
            settle::at_rest(context).await?;
        }
    }

    phases.next("settle");
    let revived = revival::settle(context, &fleet, watcher, &evidence(&fired)).await?;
    phases.next("stop");
    fleet.stop().await;

    let acknowledges = session.timeline.acknowledges(&session.resources.topic);
    fired.iter_mut().for_each(|f| f.doubt_silence(acknowledges));
    let strikes = evidence(&fired);
    let history = History {
        revived,
        ..settle::history(context, &strikes).await?
    };
    let judgement = judge(&history, context.spec.guarantee, &context.spec.effect_verb);
    let ledger = session.account.ledger();
    folder.write("history.json", &history)?;
    folder.write("ledger.json", &ledger)?;
    phases.next("clear up");
    Ok(Finished {
        spec: context.spec.clone(),
        fired,
        judgement,
        history,
        timeline: session.timeline.entries(),
        ledger,
        phases: phases.clone(),
        run_id: folder.id.clone(),
        run_dir: folder.path.clone(),
    })
}

fn evidence(fired: &[ExecutedFault]) -> Vec<FaultEvidence> {
    fired.iter().map(|f| f.evidence.clone()).collect()
}

/// A table that has a row for each payment must have it before the first is produced.
fn with_payments(schema: &str, payments: u32) -> impl Fn(&str) -> String {
    move |word| {
        format!("SET crashwindow.payments = {payments};\nSET crashwindow.run = '{word}';\n{schema}")
    }
}
