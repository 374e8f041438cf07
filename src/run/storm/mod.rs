//! One storm, from a spec and a stack to settled counts.
//!
//! ```text
//! prepare   as a run does: topic, group, database, folder
//! join      instances start behind their taps, which forward what is fetched without reading it
//! storm     payments at their rate, strikes at their times, a look at everything now and then
//! settle    the group comes to its end
//! count     the ledger and the redeliveries, from outside
//! ```

mod aim;
mod blows;
mod check_gate;
mod crew;
mod hands;
mod hook;
mod ledger;
mod observe;
mod producer;
mod sample;
mod scrape;
mod spec;
mod strikes;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::crew::Crew;
use self::hook::StormHook;
use self::ledger::LedgerReader;
use self::observe::{Observer, observe_while};
use self::producer::OpenLoop;
use self::scrape::Scraper;
use self::strikes::{Done, Striker};
use super::folder::{RunFolder, STATE, STORM, State};
use super::instance::Launch;
use super::resources::Resources;
use super::taps::StormTaps;
use super::{RunError, Watcher, settle, watchdog};
use crate::chaos::storm::{Account, Incident, Redeliveries, StormStrike};
use crate::provider::{Behaviour, Clock, Provider};
use crate::stack::Endpoints;
use crate::timeline::Timeline;
use crate::verdict::{StormFacts, StormJudgement, judge_storm};

pub use hands::{Hands, Manual, What};
pub use sample::{Ownership, Sample};
pub use spec::{StormChanges, StormError, StormSpec};
pub use strikes::Mark;

/// How often the group's position is read while it comes to its end.
const POLL: Duration = Duration::from_millis(100);

/// How long a group may stand still before it is said not to come to its end. Past the session of a
/// lab's consumer, and past what a busy machine was seen to need.
const STANDSTILL: Duration = Duration::from_secs(20);

/// A storm that has a verdict.
pub struct StormFinished {
    /// What was asked.
    pub spec: StormSpec,
    /// What was seen, look by look; the last one is after the end.
    pub samples: Vec<Sample>,
    /// What was done, by time.
    pub marks: Vec<Mark>,
    /// Who owned what, change by change.
    pub owners: Vec<Ownership>,
    /// What is known from outside.
    pub facts: StormFacts,
    /// What tap and metric have both counted.
    pub account: Account,
    /// What that means.
    pub judgement: StormJudgement,
    /// The number of the run folder.
    pub run_id: String,
    /// The run folder.
    pub run_dir: PathBuf,
}

/// Executes a storm. Whatever happens, no process, listener, topic or database of it is left when
/// this returns; the run folder is kept.
///
/// # Errors
/// When it ends without a verdict; its folder then says why.
pub async fn execute(
    spec: StormSpec,
    endpoints: &Endpoints,
    runs: &Path,
    watcher: &dyn Watcher,
    cancel: &CancellationToken,
) -> Result<StormFinished, RunError> {
    watcher.phase("preparing a topic, a group and a database");
    let folder = RunFolder::create(runs)?;
    folder.write(STATE, &State::Running)?;
    folder.write(STORM, &spec)?;
    watcher.begun(&folder.id);
    let result = storm(spec, endpoints, &folder, watcher, cancel).await;
    folder.write(STATE, &State::after(&result))?;
    result
}

async fn storm(
    spec: StormSpec,
    endpoints: &Endpoints,
    folder: &RunFolder,
    watcher: &dyn Watcher,
    cancel: &CancellationToken,
) -> Result<StormFinished, RunError> {
    let resources = Resources::create(
        folder,
        endpoints,
        spec.plan.partitions,
        &spec.database_schema,
        false,
    )
    .await?;
    let playing = play(spec, &resources, folder, watcher);
    watchdog::guarded(playing, &resources, endpoints, watcher, cancel).await
}

async fn play(
    spec: StormSpec,
    resources: &Resources,
    folder: &RunFolder,
    watcher: &dyn Watcher,
) -> Result<StormFinished, RunError> {
    let group = Arc::new(resources.group_client().await?);
    let events = folder.path.join("events.jsonl");
    let timeline = Timeline::to_file(&events).map_err(|e| RunError::log(&events, e))?;
    let timeline = Arc::new(timeline);
    watcher.recording(&timeline);
    let checks = &spec.checks;
    let hook = Arc::new(StormHook::new(
        Redeliveries::of(&checks.statement, checks.partitions, checks.offsets),
        spec.max_poll_interval(),
    ));
    let taps = Arc::new(StormTaps::default());
    let provider = Provider::new(Clock::default());
    let (failures, mut failed) = mpsc::unbounded_channel();
    let launch = Launch {
        command: spec.command.clone(),
        cwd: spec.cwd.clone(),
        resources: resources.clone(),
        account: provider.open_account(Behaviour::default()),
        provider,
        sink: None,
        hook: Arc::clone(&hook) as Arc<dyn crate::tap::Hook>,
        group: Arc::clone(&group),
        timeline,
        storm: Some(Arc::clone(&taps)),
        logs: folder.path.join("logs"),
        failures,
    };
    let kafka = &resources.endpoints.kafka;
    let scraper = Scraper::new(
        Arc::clone(&taps),
        Arc::clone(&hook),
        spec.max_poll_interval(),
    );
    let ledger = LedgerReader::new(resources.connect("crashwindow-ledger").await?, &spec.ledger);
    let striker = Striker {
        began: Instant::now(),
        plan: spec.plan.clone(),
        brokers: spec.brokers.clone(),
        topic: resources.topic.clone(),
        commit_interval: Duration::from_millis(spec.commit_interval_ms),
        crew: Crew::new(launch, spec.release.clone(), Arc::clone(&group)),
        hook,
        taps,
        scraper: Arc::new(tokio::sync::Mutex::new(scraper)),
        turns: tokio::sync::Mutex::default(),
        released: tokio::sync::watch::Sender::default(),
        group,
        producer: Arc::new(OpenLoop::new(kafka, &resources.topic, &spec.plan)?),
    };
    tokio::select! {
        result = act(spec, striker, ledger, folder, watcher) => result,
        Some(error) = failed.recv() => Err(error),
    }
}

async fn act(
    mut spec: StormSpec,
    mut striker: Striker,
    ledger: LedgerReader,
    folder: &RunFolder,
    watcher: &dyn Watcher,
) -> Result<StormFinished, RunError> {
    let plan = spec.plan.clone();
    let (hands, mut asked) = hands::pair();
    watcher.storm_begins(&spec, hands);
    watcher.phase(&format!(
        "{} instances of {} join",
        plan.instances, spec.consumer
    ));
    for _ in 0..plan.instances {
        striker.crew.add();
    }
    joined(&spec, &striker).await?;
    watcher.phase(&format!(
        "{} payments a second for {} s, {} strikes, seed {}",
        plan.rate,
        plan.length_ms / 1_000,
        plan.strikes.len(),
        plan.seed
    ));
    striker.began = Instant::now();
    let striker = Arc::new(striker);
    let (mut strikes, mut news) = begin(&striker);
    let over = CancellationToken::new();
    let mut observer = Observer {
        ledger,
        striker: Arc::clone(&striker),
        samples: Vec::new(),
        owners: Vec::new(),
    };
    let mut told = Told::default();
    let (produced, by_hand) = observe_while(&mut observer, spec.sample_every(), watcher, async {
        let produced = async {
            let produced = striker.producer.run(striker.began).await;
            over.cancel();
            produced
        };
        let under_load = async { tokio::join!(produced, asked.serve(&striker, watcher, &over)) };
        // Those that outlast the load are waited for below.
        let never = async {
            told.of(&mut news, watcher).await;
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
        striker.make_good().await;
    }
    produced.map_err(|reason| RunError::Unproduced { reason })?;
    observe_while(
        &mut observer,
        spec.sample_every(),
        watcher,
        told.of(&mut news, watcher),
    )
    .await?;
    let mut incident = None;
    while let Some(strike) = strikes.join_next().await {
        incident = incident.or(strike.expect("a strike does not panic, and nobody aborts it"));
    }
    let Told {
        mut marks,
        strikes: executed,
        left_out,
    } = told;
    // What a room does in between is no part of what was promised.
    let incident = incident.filter(|_| by_hand.is_empty());
    let incident = incident.map(|incident| Incident {
        left_out,
        ..incident
    });
    marks.extend(by_hand);
    marks.sort_by_key(|mark| mark.at_ms);
    spec.plan.strikes = executed;
    spec.plan.strikes.sort_by_key(|strike| strike.at_ms);
    // The schedule is the unit of replay: as it was carried out.
    folder.write(STORM, &spec)?;
    watcher.phase("settling: the group comes to its end");
    let drained = observe_while(
        &mut observer,
        spec.sample_every(),
        watcher,
        drained(&striker),
    )
    .await??;
    // What is counted from here on would be counted at one side only.
    let held = striker.hook.hold_checks(None).await;
    striker.counted(&striker.crew.all()).await;
    // The ledger is told one look late.
    observer.look(watcher).await?;
    observer.look(watcher).await?;
    let account = striker.account().await;
    striker.crew.stop().await;
    drop(held);

    let payments = striker.producer.sent();
    let total = observer.ledger.total(payments).await?;
    let (redelivered, unread) = striker.hook.redelivered();
    let facts = StormFacts {
        payments,
        paid: total.paid,
        effects: total.effects,
        strangers: total.strangers,
        redelivered,
        unread,
        planned: marks.len() as u64,
        fired: marks.iter().filter(|mark| mark.problem.is_none()).count() as u64,
        drained,
        republished: striker.producer.sent_again(),
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
        run_id: folder.id.clone(),
        run_dir: folder.path.clone(),
    })
}

/// Begins everything that is planned; what is over is told until the last has ended.
fn begin(striker: &Arc<Striker>) -> (JoinSet<Option<Incident>>, mpsc::UnboundedReceiver<Done>) {
    let (done, news) = mpsc::unbounded_channel();
    let mut strikes = JoinSet::new();
    let planned = striker.plan.strikes.clone().into_iter();
    let (aimed, others): (Vec<_>, Vec<_>) = planned.partition(|strike| striker.is_aimed(strike));
    for strike in others {
        let (striker, done) = (Arc::clone(striker), done.clone());
        strikes.spawn(async move {
            // Nobody listens only when the storm is given up.
            let _ = done.send(striker.strike(strike).await);
            None
        });
    }
    // Where everything is done by hand, nothing is promised.
    if !striker.plan.strikes.is_empty() {
        let striker = Arc::clone(striker);
        strikes.spawn(async move { Some(striker.incident(aimed, done).await) });
    }
    (strikes, news)
}

/// What is known of the strikes that are over.
#[derive(Default)]
struct Told {
    marks: Vec<Mark>,
    strikes: Vec<StormStrike>,
    left_out: u64,
}

impl Told {
    /// Tells of each strike when it is over, and returns after the last.
    async fn of(&mut self, news: &mut mpsc::UnboundedReceiver<Done>, watcher: &dyn Watcher) {
        while let Some(Done { strike, mark }) = news.recv().await {
            let Some(mark) = mark else {
                self.left_out += 1;
                continue;
            };
            watcher.struck(&mark);
            self.marks.push(mark);
            self.strikes.push(strike);
        }
    }
}

/// Waits until the group consists of the storm's instances and every partition has an owner.
async fn joined(spec: &StormSpec, striker: &Striker) -> Result<(), RunError> {
    let instances = spec.plan.instances as usize;
    let what = format!("{instances} instances to join");
    let join = Duration::from_millis(spec.join_ms);
    let whole =
        |group: &crate::group::Group| group.members.len() == instances && striker.all_owned(group);
    striker.group.wait_until(join, &what, whole).await?;
    Ok(())
}

/// Waits until the group's position is at the end of everything; false when it stood still.
async fn drained(striker: &Striker) -> Result<bool, RunError> {
    let ends = striker.producer.ends();
    let (mut last, mut since) = (None, Instant::now());
    loop {
        let committed = striker.group.committed(&striker.topic).await?;
        if settle::reached(&committed, &ends) {
            return Ok(true);
        }
        if last.as_ref() != Some(&committed) {
            (last, since) = (Some(committed), Instant::now());
        } else if since.elapsed() > STANDSTILL {
            return Ok(false);
        }
        tokio::time::sleep(POLL).await;
    }
}
