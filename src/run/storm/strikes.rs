//! Carries out the strikes of a storm.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::crew::Crew;
use super::hook::StormHook;
use super::producer::OpenLoop;
use super::scrape::Scraper;
use crate::chaos::ProcessError;
use crate::chaos::storm::{Blow, StormPlan, StormStrike};
use crate::group::{Group, GroupClient, GroupError, GroupState};
use crate::run::instance::Instance;
use crate::run::taps::StormTaps;
use crate::stack::{Switch, SwitchError};

/// How long the group may take to give the partitions of a member that is gone to the others.
const REBALANCE_DEADLINE: Duration = Duration::from_secs(15);

/// A process without a handler for SIGTERM is gone by then.
const SUDDEN: Duration = Duration::from_millis(500);

/// How long a process may take from the answer to its counter.
const COUNTED: Duration = Duration::from_secs(1);

/// How often a strike that met its victim at a bad moment is tried again.
const SECOND_CHANCES: u32 = 3;

/// What was done, and when: a mark on the time axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Milliseconds after the first payment at which it was done.
    pub at_ms: u64,
    /// When it was over.
    pub until_ms: u64,
    /// What was done.
    pub blow: Blow,
    /// To which instance or broker; none where all were struck.
    pub instance: Option<String>,
    /// Why it failed, if it did.
    pub problem: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum StrikeFailed {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Group(#[from] GroupError),
    #[error(transparent)]
    Broker(#[from] SwitchError),
    #[error("{0} had no process at that moment")]
    NoProcess(String),
    #[error("{0} was a member of no group at that moment")]
    NoMember(String),
    #[error("there is no instance {0}")]
    NoInstance(String),
}

impl StrikeFailed {
    /// Whether it is so because of the moment.
    fn is_passing(&self) -> bool {
        match self {
            Self::Process(ProcessError::Gone { .. }) | Self::NoProcess(_) | Self::NoMember(_) => {
                true
            }
            Self::Process(ProcessError::Unmoved { .. })
            | Self::Group(_)
            | Self::Broker(_)
            | Self::NoInstance(_) => false,
        }
    }
}

/// What strikes work on.
pub(super) struct Striker {
    pub(super) began: Instant,
    pub(super) plan: StormPlan,
    pub(super) brokers: Vec<Switch>,
    pub(super) topic: String,
    pub(super) commit_interval: Duration,
    pub(super) crew: Crew,
    pub(super) hook: Arc<StormHook>,
    pub(super) taps: Arc<StormTaps>,
    pub(super) group: Arc<GroupClient>,
    pub(super) producer: Arc<OpenLoop>,
    pub(super) scraper: Arc<tokio::sync::Mutex<Scraper>>,
    /// Held by the strike that moves partitions. In two rebalances that overlap, commits are refused
    /// and what was delivered again is delivered once more: several times what the schedule counts on.
    pub(super) turns: tokio::sync::Mutex<()>,
}

impl Striker {
    /// One strike, at its time.
    pub(super) async fn strike(&self, strike: StormStrike) -> Mark {
        tokio::time::sleep_until(self.began + Duration::from_millis(strike.at_ms)).await;
        // Where its turn or its moment never comes, because the machine is too slow, it strikes all the
        // same.
        let mut turn = None;
        if strike.blow.rebalances() {
            let turns = tokio::time::timeout(self.patience(), self.turns.lock());
            turn = turns.await.ok();
        }
        if strike.blow != Blow::Join {
            let victim = self.victim(&strike);
            self.moment(&strike, victim.as_deref()).await;
        }
        let mut at_ms = self.now_ms();
        let mut victim = self.victim(&strike);
        let mut done = self.carry_out(&strike, victim.as_ref()).await;
        for _ in 0..SECOND_CHANCES {
            // Struck by something else at the same moment, as in an outage: its successor is next.
            if !done.as_ref().is_err_and(StrikeFailed::is_passing) {
                break;
            }
            done = match self.whole_again().await {
                Ok(()) => {
                    at_ms = self.now_ms();
                    victim = self.victim(&strike);
                    self.carry_out(&strike, victim.as_ref()).await
                }
                Err(error) => Err(error.into()),
            };
        }
        let until_ms = self.now_ms();
        if turn.is_some() {
            // Whose turn is next finds out for itself when it does not come to be.
            let _ = self.whole_again().await;
        }
        Mark {
            at_ms,
            until_ms,
            blow: strike.blow,
            instance: match self.broker(&strike) {
                Some(switch) => Some(switch.broker.clone()),
                None => victim.map(|instance| instance.name().to_owned()),
            },
            problem: done.err().map(|error| error.to_string()),
        }
    }

    /// Returns when so much is uncommitted as the strike is to meet.
    async fn moment(&self, strike: &StormStrike, instance: Option<&Instance>) {
        let Some(records) = strike.uncommitted else {
            return;
        };
        let moment = async {
            match instance {
                Some(instance) => self.hook.has_uncommitted(instance.name(), records).await,
                None => self.hook.all_have_at_most(records).await,
            }
        };
        let _ = tokio::time::timeout(self.patience(), moment).await;
    }

    /// How long a strike waits for what it is to meet.
    fn patience(&self) -> Duration {
        self.commit_interval * 3
    }

    async fn whole_again(&self) -> Result<(), GroupError> {
        let whole = |group: &Group| self.all_owned(group);
        let what = "the group to be whole again";
        self.group
            .wait_until(REBALANCE_DEADLINE, what, whole)
            .await?;
        Ok(())
    }

    /// The instance that is struck, if it is one.
    fn victim(&self, strike: &StormStrike) -> Option<Arc<Instance>> {
        let place = strike.slot.filter(|_| strike.blow != Blow::BrokerStop)?;
        Some(self.crew.at(place))
    }

    /// The broker that is struck, if it is one. A schedule may be of a cluster with more of them.
    fn broker(&self, strike: &StormStrike) -> Option<&Switch> {
        let place = strike.slot.filter(|_| strike.blow == Blow::BrokerStop)?;
        self.brokers.iter().cycle().nth(place as usize)
    }

    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    async fn carry_out(
        &self,
        strike: &StormStrike,
        victim: Option<&Arc<Instance>>,
    ) -> Result<(), StrikeFailed> {
        let lasts = Duration::from_millis(strike.for_ms);
        if let (Blow::Kill, Some(victim)) = (strike.blow, victim) {
            // What it has counted since it was last asked dies with it.
            self.scraper.lock().await.ask(Some(victim.name())).await;
        }
        match (strike.blow, victim, strike.slot) {
            (Blow::Kill, Some(victim), _) => self.kill(victim).await,
            (Blow::Pause, Some(victim), _) => self.pause(victim).await,
            (Blow::Evict, Some(victim), _) => {
                let member = self.member(victim).await?;
                self.group.evict(&member).await?;
                Ok(())
            }
            (Blow::Leave | Blow::Release, Some(victim), Some(place)) => {
                self.part_with(victim).await?;
                tokio::time::sleep(lasts).await;
                self.crew.replace(place, strike.blow == Blow::Release);
                Ok(())
            }
            (Blow::Join, ..) => {
                let guest = self.crew.add();
                tokio::time::sleep(lasts).await;
                self.moment(strike, Some(&guest)).await;
                let parted = self.part_with(&guest).await;
                self.crew.forget(&guest);
                parted
            }
            (Blow::BrokerOutage, ..) => {
                self.taps.brokers.shut();
                tokio::time::sleep(lasts).await;
                self.taps.brokers.open();
                Ok(())
            }
            (Blow::BrokerStop, ..) => {
                let switch = self.broker(strike);
                let switch = switch.expect("a storm without brokers to stop is not begun");
                Ok(switch.stop_for(lasts).await?)
            }
            (Blow::DatabaseOutage, ..) => {
                // Between two statements of each instance: what becomes of one that is under way when
                // the database goes is not to be seen from here. Those that come wait meanwhile.
                self.hook.hold_checks().await;
                self.counted(None).await;
                self.taps.database.shut();
                self.hook.release_checks();
                tokio::time::sleep(lasts).await;
                self.taps.database.open();
                Ok(())
            }
            (Blow::SlowDatabase, Some(victim), _) => {
                self.hook.set_slow(victim.name(), true);
                tokio::time::sleep(lasts).await;
                self.hook.set_slow(victim.name(), false);
                Ok(())
            }
            (Blow::Republish, ..) => {
                self.producer.republish(self.plan.republished_per_mille);
                tokio::time::sleep(lasts).await;
                self.producer.republish(0);
                Ok(())
            }
            (_, None, _) | (Blow::Freeze | Blow::Thaw | Blow::Heal, ..) | (_, _, None) => {
                unreachable!("the planner gives these blows a victim")
            }
        }
    }

    /// Stops an instance between two checks: the answer to one that is under way would come to nobody,
    /// and would be counted neither at the tap nor by the instance.
    async fn part_with(&self, instance: &Instance) -> Result<(), StrikeFailed> {
        self.hook.hold_checks().await;
        // What it has counted since it was last asked goes with it.
        self.counted(Some(instance.name())).await;
        let mut stopping = std::pin::pin!(instance.stop());
        // One that handles SIGTERM may need the database to come to its end.
        let gone = tokio::time::timeout(SUDDEN, &mut stopping).await;
        self.hook.release_checks();
        if gone.is_err() {
            stopping.await;
        }
        // Without a handler it did not say that it leaves.
        self.crew.evict(instance).await?;
        Ok(())
    }

    /// Asks for metrics until they tell of every check that was answered. An answer that has just left
    /// the tap is not counted by the instance yet, and one in a burst is of hundreds of records.
    async fn counted(&self, instance: Option<&str>) {
        let all = async {
            loop {
                let mut scraper = self.scraper.lock().await;
                let answered = scraper.ask(instance).await;
                let has_all = |source| scraper.checks(source) >= self.hook.checked(source);
                if answered.iter().all(has_all) {
                    return;
                }
            }
        };
        // A metric that lies never tells of them all.
        let _ = tokio::time::timeout(COUNTED, all).await;
    }

    pub(super) async fn kill(&self, victim: &Instance) -> Result<(), StrikeFailed> {
        let process = victim.process();
        let process = process.ok_or_else(|| StrikeFailed::NoProcess(victim.name().to_owned()))?;
        victim.hold_restart();
        let killed = async {
            // Frozen first: the answer to its last statement still comes to the tap, which counts it.
            process.freeze().await?;
            self.crew.evict(victim).await?;
            process.kill().await?;
            Ok(())
        };
        let killed = killed.await;
        victim.release_restart();
        killed
    }

    async fn pause(&self, victim: &Instance) -> Result<(), StrikeFailed> {
        let process = victim.process();
        let process = process.ok_or_else(|| StrikeFailed::NoProcess(victim.name().to_owned()))?;
        process.freeze().await?;
        let moved = self.take_over(victim).await;
        process.thaw()?;
        moved
    }

    /// The member is sent out of the group, and others have its partitions.
    async fn take_over(&self, victim: &Instance) -> Result<(), StrikeFailed> {
        let member = self.member(victim).await?;
        self.group.evict(&member).await?;
        let what = format!("the partitions of {} to have other owners", victim.name());
        let gone =
            |group: &Group| group.member(&member.member_id).is_none() && self.all_owned(group);
        self.group
            .wait_until(REBALANCE_DEADLINE, &what, gone)
            .await?;
        Ok(())
    }

    /// The member that the instance's process is now.
    pub(super) async fn member(
        &self,
        victim: &Instance,
    ) -> Result<crate::group::Member, StrikeFailed> {
        let none = || StrikeFailed::NoMember(victim.name().to_owned());
        let id = victim.process().and_then(|process| process.member_id());
        let id = id.ok_or_else(none)?;
        let group = self.group.describe().await?;
        group.member(&id).cloned().ok_or_else(none)
    }

    /// The partitions of each instance.
    pub(super) async fn owners(&self) -> Result<BTreeMap<String, Vec<i32>>, GroupError> {
        let group = self.group.describe().await?;
        let mut owners = BTreeMap::new();
        for instance in self.crew.all() {
            let ids = instance.member_ids();
            let mine = group.members.iter().filter(|m| ids.contains(&m.member_id));
            let partitions = mine.filter_map(|m| m.assignment.get(&self.topic)).flatten();
            owners.insert(instance.name().to_owned(), partitions.copied().collect());
        }
        Ok(owners)
    }

    /// Whether every partition has an owner.
    pub(super) fn all_owned(&self, group: &Group) -> bool {
        let owned: usize = group
            .members
            .iter()
            .filter_map(|member| member.assignment.get(&self.topic))
            .map(Vec::len)
            .sum();
        group.state == GroupState::Stable && owned == self.plan.partitions as usize
    }
}
