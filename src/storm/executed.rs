//! What is carried out of a schedule.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::strikes::{Done, Mark, Striker};
use super::watcher::StormWatcher;
use crate::chaos::storm::StormStrike;
use crate::verdict::Incident;

/// Begins everything that is planned; what is over is told until the last has ended.
pub(super) fn begin(
    striker: &Arc<Striker>,
) -> (JoinSet<Option<Incident>>, mpsc::UnboundedReceiver<Done>) {
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
pub(super) struct Executed {
    /// The marks that they left.
    pub(super) marks: Vec<Mark>,
    /// The strikes as they were carried out.
    pub(super) strikes: Vec<StormStrike>,
    /// How many were planned and left out.
    pub(super) left_out: u64,
}

impl Executed {
    /// Tells of each strike when it is over, and returns after the last.
    pub(super) async fn follow(
        &mut self,
        news: &mut mpsc::UnboundedReceiver<Done>,
        watcher: &dyn StormWatcher,
    ) {
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
