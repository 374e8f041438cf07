//! Settling: the end of a run, when nothing may be called lost that is only late.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::context::RunContext;
use super::parked::{RECORDED, ids};
use crate::session::standstill::{ConsumerProgress, Limits, Patience, Standstill};
use crate::session::{RunError, drain};
use crate::verdict::{self, FaultEvidence, History};

const POLL: Duration = Duration::from_millis(10);

/// False when the group's position stood still, however busy the consumer was.
pub(super) async fn drained(context: &RunContext) -> Result<bool, RunError> {
    let (session, mut stands) = (&context.session, None);
    let ends = || context.workload.journal.ends();
    let stands_still = |committed, left| {
        let now = ConsumerProgress {
            committed,
            changes: session.timeline.changes(),
            attempts: session.timeline.activity(),
        };
        let limits = Limits {
            pace: &context.pace,
            patience: patience(context),
            left,
        };
        let at = Instant::now();
        let stands = stands.get_or_insert_with(|| Standstill::begin(now.clone(), at));
        stands.see(now, at);
        stands.too_long(&limits, something_starts(context), at)
    };
    drain::drained(session, ends, POLL, stands_still).await
}

fn something_starts(context: &RunContext) -> bool {
    context.fleet.fleet().is_some_and(|fleet| fleet.starts())
}

fn patience(context: &RunContext) -> Duration {
    Duration::from_millis(context.spec.patience_ms)
}

/// The group has drained and nothing changes. A consumer may act long after its commit, so where
/// windows are sought, what looks lost or half-done is given time to prove otherwise.
pub(super) async fn at_rest(context: &RunContext) -> Result<(), RunError> {
    drained(context).await?;
    if context.spec.wait_for_late_effects {
        settle(context, &[]).await.map(drop)
    } else {
        quiet(context).await;
        Ok(())
    }
}

async fn quiet(context: &RunContext) {
    let enough = Duration::from_millis(context.spec.quiet_ms);
    let quiet = context.session.timeline.quiet_for(enough);
    // A consumer that never stops writing is judged by what it has done by then.
    let _ = tokio::time::timeout(patience(context), quiet).await;
}

/// Waits much longer while anything looks lost, half-done or unfinished: durable workers recover on
/// timers of their own. Returns what time did not clear.
pub(super) async fn settle(
    context: &RunContext,
    strikes: &[FaultEvidence],
) -> Result<BTreeSet<String>, RunError> {
    let mut patience = Patience::begin(patience(context), Instant::now());
    loop {
        quiet(context).await;
        let is_over = patience.is_over(&context.pace, something_starts(context), Instant::now());
        let open = verdict::open(&history(context, strikes).await?);
        if open.is_empty() || is_over {
            return Ok(open);
        }
    }
}

pub(super) async fn history(
    context: &RunContext,
    strikes: &[FaultEvidence],
) -> Result<History, RunError> {
    Ok(History {
        produced: context.workload.journal.entries(),
        effects: context.counter.effects().await?,
        processed_ids: match &context.spec.processed_ids {
            Some(query) => {
                Some(ids(&context.database, query, RECORDED, &context.session.marks).await?)
            }
            None => None,
        },
        parked: context.parked.ids(&context.database).await?,
        committed: context.session.committed().await?,
        deliveries: context.session.timeline.deliveries(),
        silent: silent(context),
        unkept: context.session.timeline.unkept(),
        strikes: strikes.to_vec(),
        revived: BTreeSet::new(),
    })
}

fn silent(context: &RunContext) -> Vec<String> {
    let seen = context.session.timeline.taps();
    let uses = context.spec.uses.iter();
    uses.filter(|tap| !seen.contains(tap))
        .map(ToString::to_string)
        .collect()
}
