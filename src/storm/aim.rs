//! Keeps the promise of an incident: counts at the tap what comes again, and strikes more or less
//! than was planned.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::executor::{FinishedStrike, StormExecutor, about};
use crate::chaos::storm::{Cause, PromiseProgress, RedeliveryAccount, StormAction, StormStrike};
use crate::group::{Group, GroupError};
use crate::verdict::{Incident, Promise};

const LOOK: Duration = Duration::from_millis(100);

/// Until the first record comes again: the group decides, a successor fetches. A strike later than
/// this before the end would be counted to the calm.
pub(super) const SHOWS: Duration = Duration::from_millis(700);

/// How long an evicted or frozen member may go on before it hears that it is out, on a busy
/// machine. More can be added, and nothing taken back: so the longest is counted against what may
/// come, and half of it against what is needed.
const UNTOLD: Duration = Duration::from_millis(500);

/// From the moment to the strike of anything else: the checks that are under way are waited for.
const UNDER_WAY: Duration = Duration::from_millis(200);

/// Times what is needed that a strike may bring where there is no upper bound.
const AMPLE: u64 = 4;

/// Tenths of what an instance processes between two commits: who waits for more meets the commit.
const MOST_TENTHS: u64 = 7;

#[derive(Debug, Clone, Copy)]
struct CheckCounts {
    of: u64,
    again: u64,
}

impl StormExecutor {
    /// [`StormExecutor::incident`] decides when the strike is carried out.
    pub(super) fn is_aimed(&self, strike: &StormStrike) -> bool {
        self.plan.cause == Cause::Rebalances
            && self.plan.counted_ms().contains(&strike.at_ms)
            && strike.action.rebalances()
            && strike.slot.is_some()
            && strike.uncommitted.is_some()
    }

    /// What the incident had of what was promised; what was left out, its caller has counted.
    pub(super) async fn incident(
        self: Arc<Self>,
        planned: Vec<StormStrike>,
        done: UnboundedSender<FinishedStrike>,
    ) -> Incident {
        let promise = self.plan.cause.promise();
        let counted = self.plan.counted_ms();
        let mut added = 0;
        let (from, to) = match promise {
            Promise::Redelivered { .. } | Promise::Republished { .. } => {
                let end = self.at(counted.end);
                // From look to look, as the metric is told: what is struck in between counts at
                // both.
                let from = self.counts_at(counted.start, promise).await;
                let to = self.counts_at(counted.end, promise);
                let aim = Aim {
                    executor: &self,
                    from,
                    end,
                    done: &done,
                };
                let aimed = aim.keep(planned.into(), &mut added);
                let (to, ()) = tokio::join!(to, aimed);
                (from, to)
            }
            Promise::RedeliveredAfterRollout { records } => {
                let everywhere = |places: &u32| *places >= self.plan.instances;
                let mut released = self.released.subscribe();
                let rolled_out = released.wait_for(everywhere);
                let over = self.at(self.plan.length_ms);
                let in_time = tokio::time::timeout_at(over, rolled_out).await.is_ok();
                let from = self.counts(promise);
                if in_time {
                    let aim = Aim {
                        executor: &self,
                        from,
                        end: self.at(counted.end),
                        done: &done,
                    };
                    aim.reach(records, &mut added).await;
                }
                tokio::time::sleep_until(over).await;
                (from, self.counts(promise))
            }
        };
        Incident {
            promise,
            records: to.again - from.again,
            of: to.of - from.of,
            added,
            left_out: 0,
        }
    }

    fn at(&self, ms: u64) -> Instant {
        self.began + Duration::from_millis(ms)
    }

    /// Of what the metric tells, when everything was looked at first at that time or after it.
    async fn counts_at(&self, ms: u64, promise: Promise) -> CheckCounts {
        tokio::time::sleep_until(self.at(ms)).await;
        if matches!(promise, Promise::Republished { .. }) {
            return self.counts(promise);
        }
        let mut looked = self.looked.subscribe();
        // It fails only when the sender is gone, and this holds it.
        let _ = looked.wait_for(|at_ms| *at_ms >= ms).await;
        self.counts(promise)
    }

    fn counts(&self, promise: Promise) -> CheckCounts {
        match promise {
            Promise::Redelivered { .. } | Promise::RedeliveredAfterRollout { .. } => {
                let (of, again) = self.hook.checks();
                CheckCounts { of, again }
            }
            Promise::Republished { .. } => {
                let again = self.producer.sent_again();
                let of = self.producer.sent() + again;
                CheckCounts { of, again }
            }
        }
    }

    pub(super) async fn account(&self) -> RedeliveryAccount {
        let told = self.scraper.lock().await.told();
        let all = self.fleet.all();
        let living = all.iter().filter_map(|instance| instance.process());
        let living = living.filter(|process| process.exited.borrow().is_none());
        let living = living.map(|process| process.source).collect();
        self.hook
            .account(&told, &living, &self.producer.republished())
    }

    pub(super) async fn everybody_back(&self) -> Result<(), GroupError> {
        let back =
            |group: &Group| group.members.len() == self.fleet.all().len() && self.all_owned(group);
        let what = "every instance to be back in the group";
        self.session
            .group
            .wait_until(super::executor::REBALANCE_DEADLINE, what, back)
            .await?;
        Ok(())
    }
}

struct Aim<'a> {
    executor: &'a StormExecutor,
    from: CheckCounts,
    end: Instant,
    done: &'a UnboundedSender<FinishedStrike>,
}

impl Aim<'_> {
    /// As far as needed and with as many records as needed, and more when that is too little.
    async fn keep(&self, mut planned: VecDeque<StormStrike>, added: &mut u64) {
        let rebalances = self.executor.plan.cause == Cause::Rebalances;
        // Until what a strike brings has come, as seen: on a busy machine several times what the
        // schedule counts on, so that there is time for fewer and larger ones.
        let mut took = Duration::ZERO;
        while rebalances && Instant::now() + SHOWS < self.end {
            let need = self.progress().need();
            let strikes = need.div_ceil(self.most());
            let missing = strikes > planned.len() as u64;
            let now_ms = self.executor.now_ms();
            let next = match planned.front() {
                Some(strike) if strike.at_ms <= now_ms => planned.pop_front(),
                _ if missing => Some(one_more(now_ms)),
                _ => None,
            };
            let Some(strike) = next else {
                tokio::time::sleep(LOOK).await;
                continue;
            };
            let left = planned.len() as u64 + u64::from(strike.slot.is_some());
            let begun = Instant::now();
            let more = fitting(self.end - SHOWS - begun, took);
            self.aimed(strike, strikes.max(left.min(more)), added).await;
            took = took.max(begun.elapsed());
        }
        planned.into_iter().for_each(|strike| self.left_out(strike));
    }

    async fn reach(&self, records: u64, added: &mut u64) {
        // What the rollout itself has left behind comes first.
        let owed = self.executor.hook.owed(None);
        let _ = tokio::time::timeout_at(self.end, self.executor.hook.settled(&owed)).await;
        while Instant::now() + SHOWS < self.end {
            let again = self.executor.hook.checks().1 - self.from.again;
            let Some(need) = records.checked_sub(again).filter(|need| *need > 0) else {
                return;
            };
            let turn = tokio::time::timeout_at(self.end, self.executor.rebalance_lock.lock()).await;
            if turn.is_ok() {
                let strike = one_more(self.executor.now_ms());
                self.met(strike, need, need * AMPLE, added).await;
            }
        }
    }

    async fn aimed(&self, strike: StormStrike, parts: u64, added: &mut u64) {
        let turn = tokio::time::timeout_at(self.end, self.executor.rebalance_lock.lock()).await;
        let progress = self.progress();
        let records = progress.need() / parts.max(1);
        let (late, surely_late) = match strike.action {
            StormAction::Evict | StormAction::Pause => {
                (self.in_one(UNTOLD), self.in_one(UNTOLD) / 2)
            }
            _ => (self.in_one(UNDER_WAY), 0),
        };
        // What an instance has comes in batches: rather less than there is room for, as more can be
        // added. Who has more than comes between two commits cannot commit: that is no moment of
        // any plan.
        let room = progress.room().saturating_sub(late);
        let room = room.min(self.in_one(self.executor.commit_interval));
        if turn.is_err() || records == 0 || room == 0 {
            self.left_out(strike);
            return tokio::time::sleep(LOOK).await;
        }
        let records = records.saturating_sub(surely_late).min(room * 4 / 5);
        let records = records.clamp(1, self.most());
        self.met(strike, records, room, added).await;
    }

    /// To be called in the strike's turn.
    async fn met(&self, mut strike: StormStrike, mut records: u64, room: u64, added: &mut u64) {
        let executor = self.executor;
        let is_planned = strike.slot.is_some();
        let (most, last) = (room.max(*about(records).end()), self.end - SHOWS);
        let (mut place, mut slot) = (None, strike.slot);
        while place.is_none() && Instant::now() < last {
            let until = last.min(Instant::now() + executor.commit_interval);
            place = executor
                .await_uncommitted(slot, records..=most, until)
                .await;
            if place.is_none() {
                // Nobody had so many between two commits: rather soon than so many, as more can be
                // added.
                (slot, records) = (None, (records / 2).max(1));
            }
        }
        let Some(place) = place else {
            return self.left_out(strike);
        };
        strike.slot = Some(place);
        strike.uncommitted = Some(records);
        let owed = executor.hook.owed(Some(executor.fleet.at(place).name()));
        let mark = Some(executor.carried_out(&strike).await);
        *added += u64::from(!is_planned);
        // Nobody listens only when the storm is given up.
        let _ = self.done.send(FinishedStrike { strike, mark });
        let shown = async {
            // Where it does not come to be, what is counted then says what is needed next.
            let _ = executor.everybody_back().await;
            executor.hook.settled(&owed).await;
        };
        let _ = tokio::time::timeout_at(self.end, shown).await;
    }

    fn left_out(&self, strike: StormStrike) {
        if strike.slot.is_some() {
            let _ = self.done.send(FinishedStrike { strike, mark: None });
        }
    }

    fn progress(&self) -> PromiseProgress {
        let (of, again) = self.executor.hook.checks();
        let (of, again) = (of - self.from.of, again - self.from.again);
        let left = self.end.saturating_duration_since(Instant::now());
        let left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        PromiseProgress {
            again,
            fresh: of - again + u64::from(self.executor.plan.rate) * left / 1_000,
        }
    }

    fn most(&self) -> u64 {
        (self.in_one(self.executor.commit_interval) * MOST_TENTHS / 10).max(1)
    }

    fn in_one(&self, time: Duration) -> u64 {
        let plan = &self.executor.plan;
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        u64::from(plan.rate) * ms / 1_000 / u64::from(plan.instances)
    }
}

fn fitting(left: Duration, each: Duration) -> u64 {
    let fitting = left.as_millis().checked_div(each.as_millis());
    fitting.map_or(u64::MAX, |strikes| {
        u64::try_from(strikes).unwrap_or(u64::MAX).max(1)
    })
}

/// Dead, not frozen: what a zombie still does when it wakes up is not to be aimed.
fn one_more(at_ms: u64) -> StormStrike {
    StormStrike {
        at_ms,
        action: StormAction::Kill,
        slot: None,
        uncommitted: None,
        for_ms: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_time_for_as_many_strikes_as_fit_and_for_one_at_least() {
        let s = Duration::from_secs;
        assert_eq!(fitting(s(10), s(3)), 3);
        assert_eq!(fitting(s(2), s(3)), 1);
        assert_eq!(
            fitting(s(10), Duration::ZERO),
            u64::MAX,
            "none was made yet"
        );
    }
}
