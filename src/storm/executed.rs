//! What is carried out of a schedule.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::executor::{FinishedStrike, StormExecutor, StormMark};
use super::watcher::StormWatcher;
use crate::chaos::storm::StormStrike;
use crate::verdict::Incident;

pub(super) fn begin(
    executor: &Arc<StormExecutor>,
) -> (
    JoinSet<Option<Incident>>,
    mpsc::UnboundedReceiver<FinishedStrike>,
) {
    let (done, news) = mpsc::unbounded_channel();
    let mut strikes = JoinSet::new();
    let planned = executor.plan.strikes.clone().into_iter();
    let (aimed, others): (Vec<_>, Vec<_>) = planned.partition(|strike| executor.is_aimed(strike));
    for strike in others {
        let (executor, done) = (Arc::clone(executor), done.clone());
        strikes.spawn(async move {
            // Nobody listens only when the storm is given up.
            let _ = done.send(executor.strike(strike).await);
            None
        });
    }
    // Where everything is done by hand, nothing is promised.
    if !executor.plan.strikes.is_empty() {
        let executor = Arc::clone(executor);
        strikes.spawn(async move { Some(executor.incident(aimed, done).await) });
    }
    (strikes, news)
}

#[derive(Default)]
pub(super) struct Executed {
    pub(super) marks: Vec<StormMark>,
    pub(super) strikes: Vec<StormStrike>,
    pub(super) left_out: u64,
}

impl Executed {
    /// Returns after the last strike.
    pub(super) async fn follow(
        &mut self,
        news: &mut mpsc::UnboundedReceiver<FinishedStrike>,
        watcher: &dyn StormWatcher,
    ) {
        while let Some(FinishedStrike { strike, mark }) = news.recv().await {
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
