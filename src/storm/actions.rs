//! How each action of a storm is done.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::check_gate::Held;
use super::executor::{REBALANCE_DEADLINE, StormExecutor, StrikeFailed};
use crate::chaos::storm::{StormAction, StormStrike};
use crate::group::Group;
use crate::session::instance::{InHand, Instance};

/// Without a handler for SIGTERM, on a busy machine: half of the grace. Checks are held for so
/// long.
const SUDDEN: Duration = Duration::from_secs(5);

/// From the answer to the counter to us, on a busy machine. What a process has not told by then is
/// taken out of the comparison if it dies.
const COUNTED: Duration = Duration::from_secs(5);

const ASK_EVERY: Duration = Duration::from_millis(5);

impl StormExecutor {
    pub(super) async fn carry_out(
        &self,
        strike: &StormStrike,
        victim: Option<&Arc<Instance>>,
    ) -> Result<(), StrikeFailed> {
        let lasts = Duration::from_millis(strike.for_ms);
        match (strike.action, victim, strike.slot) {
            (StormAction::Kill, Some(victim), _) => self.kill(victim).await,
            (StormAction::Pause, Some(victim), _) => self.pause(victim).await,
            (StormAction::Evict, Some(victim), _) => {
                let member = self.member(victim).await?;
                self.session.group.evict(&member).await?;
                Ok(())
            }
            (StormAction::Leave | StormAction::Release, Some(victim), Some(place)) => {
                self.stop_and_evict(victim).await?;
                tokio::time::sleep(lasts).await;
                let release = (strike.action == StormAction::Release).then_some(&*self.release);
                self.fleet.replace(place, release);
                Ok(())
            }
            (StormAction::Join, ..) => {
                // Two rebalances at a time, as where a strike meets it coming or going, bring
                // several times what either does.
                let turn = self.rebalance_lock.lock().await;
                let guest = self.fleet.add();
                let joined = self.everybody_back().await;
                drop(turn);
                joined?;
                tokio::time::sleep(lasts).await;
                let _turn = self.turn_after_commit(guest.name()).await;
                let owed = self.hook.owed(Some(guest.name()));
                let parted = self.stop_and_evict(&guest).await;
                self.fleet.forget(&guest);
                self.shown(&owed).await;
                parted
            }
            (StormAction::BrokerOutage, ..) => {
                self.taps.brokers.shut();
                tokio::time::sleep(lasts).await;
                self.taps.brokers.open();
                Ok(())
            }
            (StormAction::BrokerStop, ..) => {
                let switch = self.broker(strike);
                let switch = switch.expect("a storm without brokers to stop is not begun");
                Ok(switch.stop_for(lasts).await?)
            }
            (StormAction::DatabaseOutage, ..) => {
                let held = self.cut_database().await;
                tokio::time::sleep(lasts).await;
                // Whatever waits here was sent on a connection that is cut.
                held.dismiss();
                self.taps.database.open();
                Ok(())
            }
            (StormAction::SlowDatabase, Some(victim), _) => {
                self.hook.set_slow(victim.name(), true);
                tokio::time::sleep(lasts).await;
                self.hook.set_slow(victim.name(), false);
                Ok(())
            }
            (StormAction::Republish, ..) => {
                self.producer.republish(self.plan.republished_per_mille);
                tokio::time::sleep(lasts).await;
                self.producer.republish(0);
                Ok(())
            }
            (_, None, _)
            | (StormAction::Freeze | StormAction::Thaw | StormAction::Heal, ..)
            | (_, _, None) => {
                unreachable!("the planner gives these actions a victim")
            }
        }
    }

    /// Just after the guest's own commit, to bring as little as it can; in the end without one.
    async fn turn_after_commit(&self, guest: &str) -> MutexGuard<'_, ()> {
        let committed = async {
            loop {
                self.hook.next_commit(guest).await;
                // Nobody has a turn while it waits for its moment.
                if let Ok(turn) = self.rebalance_lock.try_lock() {
                    return turn;
                }
            }
        };
        match tokio::time::timeout(self.patience(), committed).await {
            Ok(turn) => turn,
            Err(_) => self.rebalance_lock.lock().await,
        }
    }

    /// Between two statements of each instance: what becomes of one that is under way is not to be
    /// seen from here. Checks are held until what it returns is dropped.
    pub(super) async fn cut_database(&self) -> Held<'_> {
        let held = self.hook.hold_checks(None).await;
        self.counted(&self.fleet.all()).await;
        self.taps.database.shut();
        held
    }

    /// Between two checks: the answer to one under way would be counted neither at tap nor
    /// instance.
    async fn stop_and_evict(&self, instance: &Arc<Instance>) -> Result<(), StrikeFailed> {
        let held = self.hook.hold_checks(Some(instance.name())).await;
        let process = instance.process();
        // What it has counted since it was last asked goes with it.
        self.counted(std::slice::from_ref(instance)).await;
        let mut stopping = std::pin::pin!(instance.stop());
        // One that handles SIGTERM may need the database to come to its end.
        let gone = tokio::time::timeout(SUDDEN, &mut stopping).await;
        if let Some(process) = process.filter(|_| gone.is_ok()) {
            held.bar(&process.source);
        }
        drop(held);
        if gone.is_err() {
            stopping.await;
        }
        // Without a handler it did not say that it leaves.
        instance.evict(&self.session.group).await?;
        Ok(())
    }

    /// Until metrics tell of every check that was answered. An answer that has just left the tap is
    /// not counted by the instance yet, and one in a burst is of hundreds of records.
    pub(super) async fn counted(&self, instances: &[Arc<Instance>]) {
        let all = async {
            let mut tick = tokio::time::interval(ASK_EVERY);
            loop {
                tick.tick().await;
                let mut scraper = self.scraper.lock().await;
                let only = match instances {
                    [one] => Some(one.name()),
                    _ => None,
                };
                scraper.ask(only).await;
                let living = instances.iter().filter_map(|i| i.process());
                let mut living = living.filter(|process| process.exited.borrow().is_none());
                if living.all(|process| scraper.tells_all(&process.source)) {
                    return;
                }
            }
        };
        // A metric that lies never tells of them all.
        let _ = tokio::time::timeout(COUNTED, all).await;
    }

    pub(super) async fn kill(&self, victim: &Arc<Instance>) -> Result<(), StrikeFailed> {
        let process = victim.process();
        let process = process.ok_or_else(|| StrikeFailed::NoProcess(victim.name().to_owned()))?;
        let in_hand = InHand::take(victim, &process);
        // Between two checks, as in `stop_and_evict`; what it has counted dies with it.
        let held = self.hook.hold_checks(Some(victim.name())).await;
        self.counted(std::slice::from_ref(victim)).await;
        process.freeze().await?;
        victim.evict(&self.session.group).await?;
        process.kill().await?;
        held.bar(&process.source);
        in_hand.let_go();
        Ok(())
    }

    async fn pause(&self, victim: &Instance) -> Result<(), StrikeFailed> {
        let process = victim.process();
        let process = process.ok_or_else(|| StrikeFailed::NoProcess(victim.name().to_owned()))?;
        process.freeze().await?;
        let moved = self.take_over(victim).await;
        process.thaw()?;
        moved
    }

    /// Evicts, and waits until others have the partitions.
    async fn take_over(&self, victim: &Instance) -> Result<(), StrikeFailed> {
        let member = self.member(victim).await?;
        self.session.group.evict(&member).await?;
        let what = format!("the partitions of {} to have other owners", victim.name());
        let gone =
            |group: &Group| group.member(&member.member_id).is_none() && self.all_owned(group);
        self.session
            .group
            .wait_until(REBALANCE_DEADLINE, &what, gone)
            .await?;
        Ok(())
    }
}
