//! The hook of every tap in a storm: sees commits, counts redeliveries, and is the slow database.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;

use crate::chaos::storm::Redeliveries;
use crate::tap::{BoundaryEvent, Decision, DecisionFuture, Detail, Hook, Stage, kafka};

/// Of this many answers of a slow database one is later than a consumer can wait.
const WORST_OF: u32 = 4;

/// See the module.
pub(super) struct StormHook {
    redeliveries: Mutex<Redeliveries>,
    /// How many commits the broker has accepted from each instance.
    commits: watch::Sender<BTreeMap<String, u64>>,
    /// The instances with a slow database, and how many answers were slow.
    slow: watch::Sender<BTreeMap<String, u32>>,
    max_poll_interval: Duration,
}

impl StormHook {
    pub(super) fn new(redeliveries: Redeliveries, max_poll_interval: Duration) -> Self {
        Self {
            redeliveries: Mutex::new(redeliveries),
            commits: watch::Sender::default(),
            slow: watch::Sender::default(),
            max_poll_interval,
        }
    }

    /// How many records were checked again, and how many statements could not be read.
    pub(super) fn redelivered(&self) -> (u64, u64) {
        let counted = self.redeliveries.lock().expect("no holder panics");
        (counted.again(), counted.unread())
    }

    /// Returns at the next commit of the instance; false when none comes in time.
    pub(super) async fn next_commit(&self, instance: &str, within: Duration) -> bool {
        let mut commits = self.commits.subscribe();
        let of = |commits: &BTreeMap<String, u64>| commits.get(instance).copied();
        let before = of(&commits.borrow());
        let next = commits.wait_for(|commits| of(commits) != before);
        tokio::time::timeout(within, next).await.is_ok()
    }

    /// Makes the instance's database slow, or as it was.
    pub(super) fn set_slow(&self, instance: &str, slow: bool) {
        self.slow.send_modify(|instances| {
            if slow {
                instances.insert(instance.to_owned(), 0);
            } else {
                instances.remove(instance);
            }
        });
    }

    /// How long this instance's answer is held: mostly so that work piles up, and now and then past
    /// the time in which a consumer must poll.
    fn hold(&self, instance: &str) -> Option<Duration> {
        let mut count = None;
        self.slow.send_if_modified(|instances| {
            if let Some(answers) = instances.get_mut(instance) {
                *answers += 1;
                count = Some(*answers);
            }
            false
        });
        Some(if count? % WORST_OF == 0 {
            self.max_poll_interval * 5 / 4
        } else {
            self.max_poll_interval / 5
        })
    }

    fn saw(&self, event: &BoundaryEvent) -> Option<Duration> {
        match &event.detail {
            Some(Detail::Kafka(kafka::Detail::Commit(commit)))
                if event.stage == Stage::Answered
                    && commit
                        .offsets
                        .iter()
                        .all(|position| position.error.is_none()) =>
            {
                let instance = event.source.instance.clone();
                self.commits
                    .send_modify(|commits| *commits.entry(instance).or_default() += 1);
                None
            }
            Some(Detail::Postgres(detail)) => {
                let is_check = {
                    let mut redeliveries = self.redeliveries.lock().expect("no holder panics");
                    redeliveries.saw(event, detail);
                    redeliveries.is_check(event)
                };
                if is_check {
                    self.hold(&event.source.instance)
                } else {
                    None
                }
            }
            _ => None,
        }
    }
}

impl Hook for StormHook {
    fn at(&self, event: BoundaryEvent) -> DecisionFuture<'_> {
        let hold = self.saw(&event);
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
