//! The hook of every tap in a storm: follows positions, counts redeliveries, and is the slow database.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use super::check_gate::{CheckGate, Held};
use crate::chaos::storm::{
    MetricReading, OwedRecords, Positions, RecordPlace, Redeliveries, RedeliveryAccount,
};
use crate::event::{Source, Stage, Tap};
use crate::tap::{BoundaryEvent, Decision, DecisionFuture, Detail, Hook, kafka};
use crate::timeline::{Refusal, Timeline};

/// Of at most this many answers of a slow database one is later than a consumer can wait.
const WORST_OF: u32 = 4;

/// Of at least this many. In between it is the first by whose turn work has piled up: what is in
/// that check is what comes again.
const WORST_AFTER: u32 = 2;

pub(super) struct StormHook {
    redeliveries: Mutex<Redeliveries>,
    positions: Mutex<Positions>,
    generation: Mutex<Option<i32>>,
    /// Processed and not committed, by instance. Told at every check and commit.
    uncommitted: watch::Sender<BTreeMap<String, u64>>,
    commits: watch::Sender<BTreeMap<String, u64>>,
    /// By instance, the answers of its slow database since the worst.
    slow: watch::Sender<BTreeMap<String, u32>>,
    max_poll_interval: Duration,
    /// Records in a check.
    pile: u64,
    gate: CheckGate,
    timeline: Arc<Timeline>,
}

impl StormHook {
    /// `rate` is what an instance is given in a second.
    pub(super) fn new(
        redeliveries: Redeliveries,
        max_poll_interval: Duration,
        rate: u32,
        timeline: Arc<Timeline>,
    ) -> Self {
        let work = max_poll_interval / 5 * rate / 2;
        Self {
            redeliveries: Mutex::new(redeliveries),
            positions: Mutex::default(),
            generation: Mutex::default(),
            uncommitted: watch::Sender::default(),
            commits: watch::Sender::default(),
            slow: watch::Sender::default(),
            max_poll_interval,
            pile: work.as_secs(),
            gate: CheckGate::default(),
            timeline,
        }
    }

    /// Of an instance, or of any, until what it returns is dropped; returns when none is under way.
    pub(super) async fn hold_checks(&self, instance: Option<&str>) -> Held<'_> {
        self.gate.close(instance).await
    }

    pub(super) fn refusals(&self) -> Vec<Refusal> {
        self.timeline.refusals()
    }

    pub(super) fn checks(&self) -> (u64, u64) {
        let counted = self.redeliveries.lock().expect("no holder panics");
        (counted.checked(), counted.again())
    }

    pub(super) fn account(
        &self,
        told: &HashMap<Source, MetricReading>,
        living: &HashSet<Source>,
        republished: &HashSet<RecordPlace>,
    ) -> RedeliveryAccount {
        let counted = self.redeliveries.lock().expect("no holder panics");
        counted.account(told, living, republished)
    }

    /// Records that were checked again, and statements that could not be read.
    pub(super) fn redelivered(&self) -> (u64, u64) {
        let counted = self.redeliveries.lock().expect("no holder panics");
        (counted.again(), counted.unread())
    }

    pub(super) fn checked(&self, source: &Source) -> u64 {
        let counted = self.redeliveries.lock().expect("no holder panics");
        counted.answered(source)
    }

    pub(super) fn generation(&self) -> Option<i32> {
        *self.generation.lock().expect("no holder panics")
    }

    pub(super) async fn first_with_uncommitted(
        &self,
        instances: &[String],
        records: RangeInclusive<u64>,
    ) -> String {
        let mut uncommitted = self.uncommitted.subscribe();
        let has = |all: &BTreeMap<String, u64>, instance: &str| {
            records.contains(&all.get(instance).copied().unwrap_or(0))
        };
        loop {
            {
                let all = uncommitted.borrow_and_update();
                if let Some(instance) = instances.iter().find(|name| has(&all, name)) {
                    return instance.clone();
                }
            }
            // It fails only when the sender is gone, and this holds it.
            let _ = uncommitted.changed().await;
        }
    }

    pub(super) fn owed(&self, instance: Option<&str>) -> OwedRecords {
        let positions = self.positions.lock().expect("no holder panics");
        positions.owed(instance)
    }

    pub(super) async fn settled(&self, owed: &OwedRecords) {
        let mut told = self.uncommitted.subscribe();
        let settled = |_: &BTreeMap<String, u64>| {
            let positions = self.positions.lock().expect("no holder panics");
            positions.is_settled(owed)
        };
        let _ = told.wait_for(settled).await;
    }

    pub(super) async fn next_commit(&self, instance: &str) {
        let mut commits = self.commits.subscribe();
        let of_it = |all: &BTreeMap<String, u64>| all.get(instance).copied().unwrap_or(0);
        let before = of_it(&commits.borrow_and_update());
        let _ = commits.wait_for(|all| of_it(all) > before).await;
    }

    pub(super) async fn all_have_at_most(&self, records: u64) {
        let mut uncommitted = self.uncommitted.subscribe();
        let few = |all: &BTreeMap<String, u64>| all.values().sum::<u64>() <= records;
        let _ = uncommitted.wait_for(few).await;
    }

    pub(super) fn set_slow(&self, instance: &str, slow: bool) {
        self.slow.send_modify(|instances| {
            if slow {
                instances.insert(instance.to_owned(), 0);
            } else {
                instances.remove(instance);
            }
        });
    }

    /// Mostly so that work piles up, and now and then past the time in which a consumer must poll.
    fn hold(&self, instance: &str, records: u64) -> Option<Duration> {
        let mut is_worst = None;
        self.slow.send_if_modified(|instances| {
            if let Some(answers) = instances.get_mut(instance) {
                *answers += 1;
                let piled_up = *answers >= WORST_AFTER && records >= self.pile;
                let worst = piled_up || *answers >= WORST_OF;
                if worst {
                    *answers = 0;
                }
                is_worst = Some(worst);
            }
            false
        });
        Some(if is_worst? {
            self.max_poll_interval * 5 / 4
        } else {
            self.max_poll_interval / 5
        })
    }

    fn is_check(&self, event: &BoundaryEvent) -> bool {
        let redeliveries = self.redeliveries.lock().expect("no holder panics");
        redeliveries.is_check(event)
    }

    fn saw(&self, event: &BoundaryEvent) -> Option<Duration> {
        if let (Some(Detail::Kafka(detail)), Stage::Answered) = (&event.detail, event.stage) {
            // One that was put out may still speak of an earlier one.
            let mut latest = self.generation.lock().expect("no holder panics");
            *latest = detail.generation().max(*latest);
        }
        match &event.detail {
            Some(Detail::Kafka(kafka::Detail::Commit(commit)))
                if event.stage == Stage::Answered =>
            {
                let accepted = commit.offsets.iter().filter(|p| p.error.is_none());
                let uncommitted = {
                    let mut positions = self.positions.lock().expect("no holder panics");
                    for position in accepted {
                        positions.committed(position.partition, position.offset);
                    }
                    positions.uncommitted()
                };
                self.uncommitted.send_replace(uncommitted);
                let instance = event.source.instance.clone();
                self.commits
                    .send_modify(|all| *all.entry(instance).or_default() += 1);
                None
            }
            Some(Detail::Postgres(detail)) => {
                let mut redeliveries = self.redeliveries.lock().expect("no holder panics");
                let records = redeliveries.saw(event, detail);
                let is_answer = event.stage == Stage::Answered && redeliveries.is_check(event);
                drop(redeliveries);
                let instance = &event.source.instance;
                let checked = records.len() as u64;
                if !records.is_empty() {
                    let uncommitted = {
                        let mut positions = self.positions.lock().expect("no holder panics");
                        for (partition, offset) in records {
                            positions.processed(instance, partition, offset);
                        }
                        positions.uncommitted()
                    };
                    self.uncommitted.send_replace(uncommitted);
                }
                is_answer.then(|| self.hold(instance, checked)).flatten()
            }
            _ => None,
        }
    }
}

impl Hook for StormHook {
    fn refused(&self, source: &Source, tap: Tap, reason: &str) {
        self.timeline.refuse(source, tap, reason);
    }

    fn left_for_tls(&self, source: &Source, tap: Tap, reason: &str) {
        self.timeline.leave_for_tls(source, tap, reason);
    }

    fn missed_topic(&self, source: &Source, topic: &str) {
        self.timeline.miss_topic(source, topic);
    }

    fn came_in_plaintext(&self, source: &Source, tap: Tap) {
        self.timeline.come_in_plaintext(source, tap);
    }

    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        let hold = self.saw(&event);
        if event.tap == Tap::Postgres {
            self.gate.left(&event.source);
        }
        if event.stage == Stage::Received && self.is_check(&event) {
            return Box::pin(async move {
                self.gate.enter(event.source.clone()).await;
                if let Some(Detail::Postgres(detail)) = &event.detail {
                    let mut redeliveries = self.redeliveries.lock().expect("no holder panics");
                    redeliveries.went_on(&event, detail);
                }
                Decision::Pass
            });
        }
        let instance = event.source.instance;
        Box::pin(async move {
            if let Some(hold) = hold {
                let mut slow = self.slow.subscribe();
                let healed = slow.wait_for(|instances| !instances.contains_key(&instance));
                let _ = tokio::time::timeout(hold, healed).await;
            }
            Decision::Pass
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::storm::Redeliveries;

    #[test]
    fn what_the_taps_refuse_in_a_storm_is_written_down_once() {
        let timeline = Arc::new(Timeline::in_memory());
        let second = Duration::from_secs(1);
        let hook = StormHook::new(
            Redeliveries::of("check", 1, 2),
            second,
            100,
            Arc::clone(&timeline),
        );
        let source = Source {
            instance: "a".to_owned(),
            incarnation: 1,
        };
        for _ in 0..3 {
            hook.refused(&source, Tap::Kafka, "no SASL here");
            hook.left_for_tls(&source, Tap::Postgres, "no TLS here");
        }
        let told: Vec<String> = timeline
            .refusals()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            told,
            [
                "refused at the Kafka tap: no SASL here",
                "refused at the Postgres tap: no TLS here"
            ]
        );
        hook.came_in_plaintext(&source, Tap::Postgres);
        assert_eq!(timeline.refusals().len(), 1);
    }
}
