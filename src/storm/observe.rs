//! Looks, now and then, at everything that a storm counts.

use std::sync::Arc;
use std::time::Duration;

use super::executor::StormExecutor;
use super::ledger::LedgerReader;
use super::sample::{Ownership, Sample};
use super::watcher::StormWatcher;
use crate::session::RunError;

pub(super) struct StormObserver {
    pub(super) ledger: LedgerReader,
    pub(super) executor: Arc<StormExecutor>,
    pub(super) samples: Vec<Sample>,
    pub(super) owners: Vec<Ownership>,
}

impl StormObserver {
    pub(super) async fn look(&mut self, watcher: &dyn StormWatcher) -> Result<(), RunError> {
        let since = self.executor.began.elapsed();
        let mut sample = Sample {
            at_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            produced: self.executor.producer.sent(),
            ..Sample::default()
        };
        self.executor.scraper.lock().await.look(&mut sample).await;
        (sample.ledger, sample.ledger_again) = self.ledger.look().await?;
        (sample.redelivered, _) = self.executor.hook.redelivered();
        sample.generation = self.executor.hook.generation();
        if let Some(last) = self.samples.last() {
            watcher.status(&status(last, &sample));
        }
        // Nobody's verdict hangs on it; what could not be asked now is asked at the next look.
        if let Ok(partitions) = self.executor.owners().await
            && self
                .owners
                .last()
                .is_none_or(|last| last.partitions != partitions)
        {
            let ownership = Ownership {
                at_ms: sample.at_ms,
                generation: sample.generation,
                partitions,
            };
            watcher.owned(&ownership);
            self.owners.push(ownership);
        }
        watcher.looked(&sample, &self.executor.taps.metrics());
        self.executor.looked.send_replace(sample.at_ms);
        self.samples.push(sample);
        Ok(())
    }
}

fn status(last: &Sample, now: &Sample) -> String {
    let checks = now.checks().saturating_sub(last.checks());
    let hits = now.hits().saturating_sub(last.hits());
    let ms = (now.at_ms - last.at_ms).max(1);
    format!(
        "{:>4} s  {:>5} payments/s  {:>4} hits  {} behind",
        now.at_ms / 1_000,
        checks * 1_000 / ms,
        hits,
        now.lag
    )
}

pub(super) async fn observe_while<T>(
    observer: &mut StormObserver,
    every: Duration,
    watcher: &dyn StormWatcher,
    work: impl Future<Output = T>,
) -> Result<T, RunError> {
    let mut tick = tokio::time::interval(every);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let observing = async {
        loop {
            tick.tick().await;
            observer.look(watcher).await?;
        }
    };
    tokio::select! {
        done = work => Ok(done),
        failed = observing => failed,
    }
}
