//! Settling: the end of a run, when nothing may be called lost that is only late.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use super::RunError;
use super::lifecycle::Field;
use crate::verdict::{self, Effect, History, Strike};

/// How often the group's position is read while waiting for it.
const POLL: Duration = Duration::from_millis(10);

/// How long a group may stand still before its instances are replaced by a clean one.
const STANDSTILL: Duration = Duration::from_secs(5);

/// Waits until the group's position is at the end of everything that was produced; false when it
/// stood still for [`STANDSTILL`].
pub(super) async fn drained(field: &Field) -> Result<bool, RunError> {
    let mut last = None;
    let mut since = Instant::now();
    loop {
        let now = Progress {
            committed: field.committed().await?,
            events: field.timeline.activity(),
        };
        if reached(&now.committed, &field.journal.ends()) {
            return Ok(true);
        }
        if last.as_ref() != Some(&now) {
            (last, since) = (Some(now), Instant::now());
        } else if since.elapsed() > STANDSTILL {
            return Ok(false);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// What moves while a consumer works.
#[derive(PartialEq, Eq)]
struct Progress {
    committed: BTreeMap<i32, i64>,
    events: u64,
}

/// Whether every partition's position is at its end.
pub(super) fn reached(committed: &BTreeMap<i32, i64>, ends: &BTreeMap<i32, i64>) -> bool {
    ends.iter()
        .all(|(partition, end)| committed.get(partition).is_some_and(|next| next >= end))
}

/// Waits for a quiet period, and for much longer while anything looks lost, half-done or
/// unfinished: durable workers recover on timers of their own.
pub(super) async fn settle(field: &Field, strikes: &[Strike]) -> Result<(), RunError> {
    let quiet = Duration::from_millis(field.spec.quiet_ms);
    let patience = Duration::from_millis(field.spec.patience_ms);
    let deadline = Instant::now() + patience;
    loop {
        field.timeline.quiet_for(quiet).await;
        if !suspect(&history(field, strikes).await?) || Instant::now() > deadline {
            return Ok(());
        }
    }
}

/// Whether time could still clear a payment.
fn suspect(history: &History) -> bool {
    let counts = verdict::judge(history, verdict::Guarantee::EffectivelyOnce).counts;
    counts.lost + counts.half_done + counts.unfinished > 0
}

/// Everything that is known of the run now.
pub(super) async fn history(field: &Field, strikes: &[Strike]) -> Result<History, RunError> {
    let effects = field.account.ledger().into_iter();
    Ok(History {
        produced: field.journal.entries(),
        effects: effects
            .map(|c| Effect {
                charge: c.charge,
                payment: c.payment,
            })
            .collect(),
        recorded: Some(recorded(field).await?),
        committed: field.committed().await?,
        strikes: strikes.to_vec(),
    })
}

async fn recorded(field: &Field) -> Result<BTreeSet<String>, RunError> {
    let rows = field
        .database
        .query(&field.spec.recorded, &[])
        .await
        .map_err(RunError::database("run the manifest's query `recorded`"))?;
    rows.iter()
        .map(|row| row.try_get(0))
        .collect::<Result<_, _>>()
        .map_err(RunError::database(
            "read text from the first column of the query `recorded`",
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_at_the_end_only_when_every_partition_is() {
        let ends = [(0, 3), (1, 2)].into();
        assert!(reached(&[(0, 3), (1, 2)].into(), &ends));
        assert!(!reached(&[(0, 3), (1, 1)].into(), &ends));
        assert!(
            !reached(&[(0, 3)].into(), &ends),
            "a partition without a position is not at its end"
        );
        assert!(reached(&BTreeMap::new(), &BTreeMap::new()));
    }
}
