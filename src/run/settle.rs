//! Settling: the end of a run, when nothing may be called lost that is only late.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::lifecycle::Field;
use super::parked::{RECORDED, ids};
use crate::session::standstill::{Limits, Patience, Progress, Standstill};
use crate::session::{RunError, drain};
use crate::verdict::{self, History, Strike};

/// How often the group's position is read while waiting for it.
const POLL: Duration = Duration::from_millis(10);

/// Waits until the group's position is at the end of everything that was produced; false when it
/// stood still, however busy the consumer was.
pub(super) async fn drained(field: &Field) -> Result<bool, RunError> {
    let mut stands = None;
    let topic = field.resources.topic.as_str();
    let ends = || field.journal.ends();
    drain::drained((&field.group, topic), ends, POLL, |committed, left| {
        let now = Progress {
            committed,
            changes: field.timeline.changes(),
            attempts: field.timeline.activity(),
        };
        let limits = Limits {
            pace: &field.pace,
            patience: patience(field),
            left,
        };
        let at = Instant::now();
        let stands = stands.get_or_insert_with(|| Standstill::begin(now.clone(), at));
        stands.see(now, at);
        stands.too_long(&limits, something_starts(field), at)
    })
    .await
}

fn something_starts(field: &Field) -> bool {
    field.crew.fleet().is_some_and(|fleet| fleet.starts())
}

fn patience(field: &Field) -> Duration {
    Duration::from_millis(field.spec.patience_ms)
}

/// Waits until a round has come to rest: the group has drained and nothing changes any more. A
/// consumer may act long after its commit, so where windows are sought, a payment that looks lost
/// or half-done is given time to prove otherwise.
pub(super) async fn at_rest(field: &Field) -> Result<(), RunError> {
    drained(field).await?;
    if field.spec.seeks_windows {
        settle(field, &[]).await.map(drop)
    } else {
        quiet(field).await
    }
}

/// Waits until nothing has changed for a while, for at most as long as a late effect is given.
async fn quiet(field: &Field) -> Result<(), RunError> {
    let quiet = field
        .timeline
        .quiet_for(Duration::from_millis(field.spec.quiet_ms));
    // A consumer that never stops writing is judged by what it has done by then.
    let _ = tokio::time::timeout(patience(field), quiet).await;
    Ok(())
}

/// Waits for a quiet period, and for much longer while anything looks lost, half-done or
/// unfinished: durable workers recover on timers of their own. Returns what time did not clear.
pub(super) async fn settle(
    field: &Field,
    strikes: &[Strike],
) -> Result<BTreeSet<String>, RunError> {
    let mut patience = Patience::begin(patience(field), Instant::now());
    loop {
        quiet(field).await?;
        let is_over = patience.is_over(&field.pace, something_starts(field), Instant::now());
        let open = verdict::open(&history(field, strikes).await?);
        if open.is_empty() || is_over {
            return Ok(open);
        }
    }
}

/// Everything that is known of the run now.
pub(super) async fn history(field: &Field, strikes: &[Strike]) -> Result<History, RunError> {
    Ok(History {
        produced: field.journal.entries(),
        effects: field.counter.effects().await?,
        recorded: match &field.spec.recorded {
            Some(query) => Some(ids(&field.database, query, RECORDED, &field.marks).await?),
            None => None,
        },
        parked: field.parked.ids(&field.database).await?,
        committed: field.committed().await?,
        deliveries: field.timeline.deliveries(),
        silent: silent(field),
        unkept: field.timeline.unkept(),
        strikes: strikes.to_vec(),
        revived: BTreeSet::new(),
    })
}

/// The taps that the consumer is known to use and that have seen nothing of it.
fn silent(field: &Field) -> Vec<String> {
    let seen = field.timeline.taps();
    let uses = field.spec.uses.iter();
    uses.filter(|tap| !seen.contains(tap))
        .map(ToString::to_string)
        .collect()
}
