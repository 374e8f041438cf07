//! The two ends of a storm: everybody is there, and everything is processed.

use std::time::Duration;

use tokio::time::Instant;

use super::executor::StormExecutor;
use super::spec::StormSpec;
use crate::group::{Group, GroupError};
use crate::session::{RunError, drain};
use crate::timeline::Refusal;

const POLL: Duration = Duration::from_millis(100);

/// Past the session of a lab's consumer, and past what a busy machine was seen to need.
const STANDSTILL: Duration = Duration::from_secs(20);

/// The storm's instances and no other, and every partition has an owner.
pub(super) async fn joined(spec: &StormSpec, executor: &StormExecutor) -> Result<(), RunError> {
    let instances = spec.plan.instances as usize;
    let what = format!("{instances} instances to join");
    let join = Duration::from_millis(spec.join_ms);
    let whole = |group: &Group| group.members.len() == instances && executor.all_owned(group);
    match executor.session.group.wait_until(join, &what, whole).await {
        Ok(_) => Ok(()),
        Err(reason) => Err(told(reason, &executor.hook.refusals())),
    }
}

/// A client need not tell what it was refused.
fn told(reason: GroupError, refusals: &[Refusal]) -> RunError {
    if refusals.is_empty() {
        return reason.into();
    }
    let refused: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    RunError::Refused {
        reason,
        refused: refused.join("\n"),
    }
}

/// False when the group's position stood still.
pub(super) async fn drained(executor: &StormExecutor) -> Result<bool, RunError> {
    let (mut last, mut since) = (None, Instant::now());
    let stands_still = |committed, _| {
        if last.as_ref() != Some(&committed) {
            (last, since) = (Some(committed), Instant::now());
        }
        since.elapsed() > STANDSTILL
    };
    let ends = || executor.producer.ends();
    drain::drained(&executor.session, ends, POLL, stands_still).await
}
