//! One storm, from a spec and a stack to settled counts.
//!
//! ```text
//! prepare   as a run does: topic, group, database, folder
//! join      instances start behind their taps, which forward what is fetched without reading it
//! storm     payments at their rate, strikes at their times, a look at everything now and then
//! settle    the group comes to its end
//! count     the ledger and the redeliveries, from outside
//! ```

mod actions;
mod aim;
mod check_gate;
mod ends;
mod executed;
mod executor;
mod hook;
mod ledger;
mod manual;
mod observe;
mod producer;
mod sample;
mod scrape;
mod spec;
mod watcher;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::ends::{drained, joined};
use self::executed::{Executed, begin};
use self::executor::StormExecutor;
use self::hook::StormHook;
use self::ledger::LedgerReader;
use self::observe::{StormObserver, observe_while};
use self::producer::OpenLoop;
use self::scrape::Scraper;
use crate::chaos::storm::{Redeliveries, RedeliveryAccount};
use crate::event::Marks;
use crate::provider::{Behaviour, Clock, Provider};
use crate::session::context::SessionContext;
use crate::session::fleet::Fleet;
use crate::session::folder::{RunFolder, STORM};
use crate::session::instance::Launch;
use crate::session::resources::{Resources, Suffixes};
use crate::session::taps::StormTaps;
use crate::session::{RunError, Unkept, watchdog};
use crate::stack::Endpoints;
use crate::timeline::Refusal;
use crate::verdict::Incident;
use crate::verdict::{StormFacts, StormJudgement, judge_storm};

pub use executor::StormMark;
pub use manual::{ManualAction, ManualCommand, ManualControl};
pub use sample::{Ownership, Sample};
pub(crate) use spec::StormError;
pub use spec::{StormChanges, StormSpec};
pub use watcher::StormWatcher;

pub struct StormFinished {
    pub spec: StormSpec,
    /// Look by look; the last one is after the end.
    pub samples: Vec<Sample>,
    pub marks: Vec<StormMark>,
    pub owners: Vec<Ownership>,
    pub facts: StormFacts,
    /// By both tap and metric.
    pub account: RedeliveryAccount,
    pub refusals: Vec<Refusal>,
    pub judgement: StormJudgement,
    pub run_id: String,
    pub run_dir: PathBuf,
}

/// Whatever happens, no process, listener, topic or database of the storm is left; the run folder
/// is kept, and says why where there is no verdict.
pub async fn execute(
    spec: StormSpec,
    endpoints: &Endpoints,
    runs: &Path,
    watcher: &dyn StormWatcher,
    cancel: &CancellationToken,
) -> Result<Unkept<StormFinished>, RunError> {
    watcher.phase("preparing a topic, a group and a database");
    let folder = RunFolder::create(runs)?;
    folder.write(STORM, &spec)?;
    watcher.begun(&folder.id);
    let result = Box::pin(storm(spec, endpoints, &folder, watcher, cancel)).await;
    Unkept::of(result, folder)
}

async fn storm(
    spec: StormSpec,
    endpoints: &Endpoints,
    folder: &RunFolder,
    watcher: &dyn StormWatcher,
    cancel: &CancellationToken,
) -> Result<StormFinished, RunError> {
    let resources = Resources::create(
        folder,
        endpoints,
        spec.plan.partitions,
        |_| spec.database_schema.clone(),
        Suffixes::default(),
    )
    .await?;
    let playing = Box::pin(play(spec, &resources, folder, watcher));
    watchdog::guarded(playing, &resources, endpoints, watcher, cancel).await
}

async fn play(
    spec: StormSpec,
    resources: &Resources,
    folder: &RunFolder,
    watcher: &dyn StormWatcher,
) -> Result<StormFinished, RunError> {
    let provider = (Provider::new(Clock::default()), Behaviour::default());
    let opened = SessionContext::open(resources, folder, provider, Marks::off(), watcher).await?;
    let (session, failures) = opened;
    let checks = &spec.checks;
    let hook = Arc::new(StormHook::new(
        Redeliveries::of(&spec.check_sql, checks.partitions, checks.offsets),
        spec.max_poll_interval(),
        spec.plan.rate / spec.plan.instances,
        Arc::clone(&session.timeline),
    ));
    let taps = Arc::new(StormTaps::default());
    let launch = Launch {
        command: spec.command.clone(),
        cwd: spec.cwd.clone(),
        context: Arc::clone(&session),
        sink: None,
        hook: Arc::clone(&hook) as Arc<dyn crate::tap::Hook>,
        storm: Some(Arc::clone(&taps)),
    };
    let kafka = &resources.endpoints.kafka;
    let scraper = Scraper::new(
        Arc::clone(&taps),
        Arc::clone(&hook),
        spec.max_poll_interval(),
    );
    let ledger = LedgerReader::new(resources.connect("crashwindow-ledger").await?, &spec.ledger);
    let executor = StormExecutor {
        began: Instant::now(),
        plan: spec.plan.clone(),
        brokers: spec.brokers.clone(),
        session: Arc::clone(&session),
        commit_interval: Duration::from_millis(spec.commit_interval_ms),
        fleet: Fleet::new(Arc::new(launch)),
        release: spec.release.clone(),
        hook,
        taps,
        scraper: Arc::new(tokio::sync::Mutex::new(scraper)),
        rebalance_lock: tokio::sync::Mutex::default(),
        released: tokio::sync::watch::Sender::default(),
        looked: tokio::sync::watch::Sender::default(),
        producer: Arc::new(OpenLoop::new(kafka, &resources.topic, &spec.plan)?),
    };
    let acting = Box::pin(act(spec, executor, ledger, folder, watcher));
    failures.end(acting).await
}

async fn act(
    mut spec: StormSpec,
    mut executor: StormExecutor,
    ledger: LedgerReader,
    folder: &RunFolder,
    watcher: &dyn StormWatcher,
) -> Result<StormFinished, RunError> {
    let plan = spec.plan.clone();
    let (control, mut commands) = manual::pair();
    watcher.storm_begins(&spec, control);
    watcher.phase(&format!(
        "{} instances of {} join",
        plan.instances, spec.consumer
    ));
    for _ in 0..plan.instances {
        executor.fleet.add();
    }
    joined(&spec, &executor).await?;
    watcher.phase(&format!(
        "{} payments a second for {} s, {} strikes, seed {}",
        plan.rate,
        plan.length_ms / 1_000,
        plan.strikes.len(),
        plan.seed
    ));
    executor.began = Instant::now();
    let executor = Arc::new(executor);
    let (mut planned, mut news) = begin(&executor);
    let over = CancellationToken::new();
    let mut observer = StormObserver {
        ledger,
        executor: Arc::clone(&executor),
        samples: Vec::new(),
        owners: Vec::new(),
    };
    let mut executed = Executed::default();
    let (produced, by_hand) = observe_while(&mut observer, spec.sample_every(), watcher, async {
        let produced = async {
            let produced = executor.producer.run(executor.began).await;
            over.cancel();
            produced
        };
        let under_load =
            async { tokio::join!(produced, commands.serve(&executor, watcher, &over)) };
        // Those that outlast the load are waited for below.
        let never = async {
            executed.follow(&mut news, watcher).await;
            std::future::pending().await
        };
        tokio::select! {
            done = under_load => done,
            () = never => unreachable!("it is pending"),
        }
    })
    .await?;
    if !by_hand.is_empty() {
        // The room has gone; what it left frozen or cut would keep the group from its end.
        executor.restore().await;
    }
    produced.map_err(|reason| RunError::Unproduced { reason })?;
    observe_while(
        &mut observer,
        spec.sample_every(),
        watcher,
        executed.follow(&mut news, watcher),
    )
    .await?;
    let mut incident = None;
    while let Some(strike) = planned.join_next().await {
        incident = incident.or(strike.expect("a strike does not panic, and nobody aborts it"));
    }
    let Executed {
        mut marks,
        strikes,
        left_out,
    } = executed;
    // What a room does in between is no part of what was promised.
    let incident = incident.filter(|_| by_hand.is_empty());
    let incident = incident.map(|incident| Incident {
        left_out,
        ..incident
    });
    marks.extend(by_hand);
    marks.sort_by_key(|mark| mark.at_ms);
    spec.plan.strikes = strikes;
    spec.plan.strikes.sort_by_key(|strike| strike.at_ms);
    // The schedule is the unit of replay: as it was carried out.
    folder.write(STORM, &spec)?;
    watcher.phase("settling: the group comes to its end");
    let drained = observe_while(
        &mut observer,
        spec.sample_every(),
        watcher,
        drained(&executor),
    )
    .await??;
    // What is counted from here on would be counted at one side only.
    let held = executor.hook.hold_checks(None).await;
    executor.counted(&executor.fleet.all()).await;
    // The ledger is told one look late.
    observer.look(watcher).await?;
    observer.look(watcher).await?;
    let account = executor.account().await;
    executor.fleet.stop().await;
    drop(held);

    let payments = executor.producer.sent();
    let total = observer.ledger.total(payments).await?;
    let (redelivered, unread) = executor.hook.redelivered();
    let facts = StormFacts {
        payments,
        paid: total.paid,
        effects: total.effects,
        unattributed_effects: total.unattributed_effects,
        redelivered,
        unread,
        planned: marks.len() as u64,
        fired: marks.iter().filter(|mark| mark.problem.is_none()).count() as u64,
        drained,
        republished: executor.producer.sent_again(),
        incident,
    };
    folder.write("samples.json", &observer.samples)?;
    Ok(StormFinished {
        judgement: judge_storm(&facts, spec.guarantee),
        spec,
        samples: observer.samples,
        marks,
        owners: observer.owners,
        facts,
        account,
        refusals: executor.hook.refusals(),
        run_id: folder.id.clone(),
        run_dir: folder.path.clone(),
    })
}
