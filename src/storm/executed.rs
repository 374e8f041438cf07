//! What is carried out of a schedule.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::executor::{FinishedStrike, StormExecutor, StormMark};
use super::watcher::StormWatcher;
use crate::chaos::storm::StormStrike;
use crate::verdict::Incident;

/// Begins everything that is planned; what is over is told until the last has ended.
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

/// What is known of the strikes that are over.
#[derive(Default)]
pub(super) struct Executed {
    /// The marks that they left.
    pub(super) marks: Vec<StormMark>,
    /// The strikes as they were carried out.
    pub(super) strikes: Vec<StormStrike>,
    /// How many were planned and left out.
    pub(super) left_out: u64,
}

impl Executed {
    /// Tells of each strike when it is over, and returns after the last.
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
