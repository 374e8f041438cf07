//! Carries out the strikes of a storm.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::Instant;

use super::aim::SHOWS;
use super::hook::StormHook;
use super::producer::OpenLoop;
use super::scrape::Scraper;
use crate::chaos::ProcessError;
use crate::chaos::storm::{OwedRecords, StormAction, StormPlan, StormStrike};
use crate::group::{Group, GroupError};
use crate::session::context::{SessionContext, all_owned};
use crate::session::fleet::Fleet;
use crate::session::instance::Instance;
use crate::session::taps::StormTaps;
use crate::stack::{Switch, SwitchError};

/// For the partitions of a member that is gone to have other owners.
pub(super) const REBALANCE_DEADLINE: Duration = Duration::from_secs(15);

const SECOND_CHANCES: u32 = 3;

/// In records: a batch of a consumer that keeps up.
const A_FEW: u64 = 12;

/// Or a few more: what an instance has comes in batches.
pub(super) fn about(records: u64) -> RangeInclusive<u64> {
    records..=records + records / 4 + A_FEW
}

/// What was done, and when: a mark on the time axis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StormMark {
    /// Milliseconds after the first payment at which it was done.
    pub at_ms: u64,
    /// When it was over.
    pub until_ms: u64,
    /// What was done.
    #[serde(rename = "blow")]
    pub action: StormAction,
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

pub(super) struct StormExecutor {
    pub(super) began: Instant,
    pub(super) plan: StormPlan,
    pub(super) brokers: Vec<Switch>,
    pub(super) session: Arc<SessionContext>,
    pub(super) commit_interval: Duration,
    pub(super) fleet: Fleet,
    pub(super) release: Vec<String>,
    pub(super) hook: Arc<StormHook>,
    pub(super) taps: Arc<StormTaps>,
    pub(super) producer: Arc<OpenLoop>,
    pub(super) scraper: Arc<tokio::sync::Mutex<Scraper>>,
    /// Held by the strike that moves partitions. In two rebalances that overlap, commits are
    /// refused and what was delivered again is delivered once more: several times what the schedule
    /// counts on.
    pub(super) rebalance_lock: tokio::sync::Mutex<()>,
    pub(super) released: watch::Sender<u32>,
    /// When everything was looked at last, in milliseconds after the first payment.
    pub(super) looked: watch::Sender<u64>,
}

pub(super) struct FinishedStrike {
    pub(super) strike: StormStrike,
    /// None where it was left out.
    pub(super) mark: Option<StormMark>,
}

impl StormExecutor {
    pub(super) async fn strike(&self, mut strike: StormStrike) -> FinishedStrike {
        let at = self.began + Duration::from_millis(strike.at_ms);
        tokio::time::sleep_until(at).await;
        let over = self.phase_end(strike.at_ms);
        let turn = loop {
            if !self.meets(&mut strike, over).await {
                return FinishedStrike { strike, mark: None };
            }
            if !strike.action.rebalances() {
                break None;
            }
            // Nobody has a turn while it waits for its moment.
            if let Ok(turn) = self.rebalance_lock.try_lock() {
                break Some(turn);
            }
            let is_late_as_well = strike.action == StormAction::Release;
            match tokio::time::timeout_at(over, self.rebalance_lock.lock()).await {
                // Its moment has gone meanwhile.
                Ok(turn) if strike.uncommitted.is_none() || is_late_as_well => break Some(turn),
                Ok(_) => {}
                Err(_) if is_late_as_well => break None,
                Err(_) => return FinishedStrike { strike, mark: None },
            }
        };
        let owed = self
            .hook
            .owed(self.victim(&strike).as_ref().map(|v| v.name()));
        let mark = self.carried_out(&strike).await;
        if turn.is_some() {
            self.shown(&owed).await;
        }
        FinishedStrike {
            strike,
            mark: Some(mark),
        }
    }

    /// False where the strike is to be left out.
    async fn meets(&self, strike: &mut StormStrike, over: Instant) -> bool {
        match (strike.action, strike.slot, strike.uncommitted) {
            (StormAction::Join, ..) | (_, _, None) => true,
            (StormAction::Release, Some(place), Some(records)) => {
                let victim = [self.fleet.at(place).name().to_owned()];
                let moment = self.hook.first_with_uncommitted(&victim, about(records));
                let _ = tokio::time::timeout(self.patience(), moment).await;
                true
            }
            (_, None, Some(records)) => {
                let moment = self.hook.all_have_at_most(records);
                let _ = tokio::time::timeout(self.patience(), moment).await;
                true
            }
            // One that met another moment would bring several times what the schedule counts on: a
            // storm without it is nearer to what was planned.
            (_, Some(place), Some(records)) => {
                let met = self
                    .await_uncommitted(Some(place), about(records), over)
                    .await;
                strike.slot = met.or(strike.slot);
                met.is_some()
            }
        }
    }

    pub(super) async fn carried_out(&self, strike: &StormStrike) -> StormMark {
        let mut at_ms = self.now_ms();
        let mut victim = self.victim(strike);
        let mut done = self.carry_out(strike, victim.as_ref()).await;
        for _ in 0..SECOND_CHANCES {
            // Struck by something else at the same moment, as in an outage: its successor is next.
            if !done.as_ref().is_err_and(StrikeFailed::is_passing) {
                break;
            }
            done = match self.whole_again().await {
                Ok(()) => {
                    at_ms = self.now_ms();
                    victim = self.victim(strike);
                    self.carry_out(strike, victim.as_ref()).await
                }
                Err(error) => Err(error.into()),
            };
        }
        if strike.action == StormAction::Release && done.is_ok() {
            self.released.send_modify(|places| *places += 1);
        }
        StormMark {
            at_ms,
            until_ms: self.now_ms(),
            action: strike.action,
            instance: match self.broker(strike) {
                Some(switch) => Some(switch.broker.clone()),
                None => victim.map(|instance| instance.name().to_owned()),
            },
            problem: done.err().map(|error| error.to_string()),
        }
    }

    /// The place that is meant; when that takes too long, or none is meant, whoever comes first.
    pub(super) async fn await_uncommitted(
        &self,
        place: Option<u32>,
        records: RangeInclusive<u64>,
        until: Instant,
    ) -> Option<u32> {
        let names: Vec<String> = (0..self.plan.instances)
            .map(|place| self.fleet.at(place).name().to_owned())
            .collect();
        if let Some(place) = place {
            let patience = until.min(Instant::now() + self.commit_interval * 3 / 2);
            let meant = std::slice::from_ref(&names[place as usize]);
            let first = self.hook.first_with_uncommitted(meant, records.clone());
            if tokio::time::timeout_at(patience, first).await.is_ok() {
                return Some(place);
            }
        }
        let first = self.hook.first_with_uncommitted(&names, records);
        let first = tokio::time::timeout_at(until, first).await.ok()?;
        let place = names.iter().position(|name| *name == first)?;
        u32::try_from(place).ok()
    }

    /// What comes before the incident is counted is to have shown by then.
    fn phase_end(&self, at_ms: u64) -> Instant {
        let at = |ms| self.began + Duration::from_millis(ms);
        let (begins, counted) = (self.plan.incident_ms.0, self.plan.counted_ms());
        if (begins..counted.start).contains(&at_ms) {
            return at(counted.start) - SHOWS;
        }
        let ends = [begins, counted.end, self.plan.length_ms];
        let end = ends.into_iter().find(|end| at_ms < *end);
        at(end.unwrap_or(at_ms))
    }

    pub(super) fn patience(&self) -> Duration {
        self.commit_interval * 3
    }

    /// Whoever has the next turn counts what has come again by then, and needs so much less.
    pub(super) async fn shown(&self, owed: &OwedRecords) {
        let _ = self.whole_again().await;
        let _ = tokio::time::timeout(self.patience(), self.hook.settled(owed)).await;
    }

    pub(super) async fn whole_again(&self) -> Result<(), GroupError> {
        let whole = |group: &Group| self.all_owned(group);
        let what = "the group to be whole again";
        self.session
            .group
            .wait_until(REBALANCE_DEADLINE, what, whole)
            .await?;
        Ok(())
    }

    fn victim(&self, strike: &StormStrike) -> Option<Arc<Instance>> {
        let place = strike
            .slot
            .filter(|_| strike.action != StormAction::BrokerStop)?;
        Some(self.fleet.at(place))
    }

    /// A schedule may be of a cluster with more brokers.
    pub(super) fn broker(&self, strike: &StormStrike) -> Option<&Switch> {
        let place = strike
            .slot
            .filter(|_| strike.action == StormAction::BrokerStop)?;
        let turn = (place as usize).checked_rem(self.brokers.len())?;
        self.brokers.get(turn)
    }

    pub(super) fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    pub(super) async fn member(
        &self,
        victim: &Instance,
    ) -> Result<crate::group::Member, StrikeFailed> {
        let member = match victim.process() {
            Some(process) => process.member(&self.session.group).await?,
            None => None,
        };
        member.ok_or_else(|| StrikeFailed::NoMember(victim.name().to_owned()))
    }

    pub(super) async fn owners(&self) -> Result<BTreeMap<String, Vec<i32>>, GroupError> {
        let group = self.session.group.describe().await?;
        let mut owners = BTreeMap::new();
        for instance in self.fleet.all() {
            let ids = instance.member_ids();
            let mine = group.members.iter().filter(|m| ids.contains(&m.member_id));
            let topic = &self.session.resources.topic;
            let partitions = mine.filter_map(|m| m.assignment.get(topic)).flatten();
            owners.insert(instance.name().to_owned(), partitions.copied().collect());
        }
        Ok(owners)
    }

    pub(super) fn all_owned(&self, group: &Group) -> bool {
        all_owned(group, &self.session.resources.topic, self.plan.partitions)
    }
}
