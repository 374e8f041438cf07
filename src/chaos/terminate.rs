//! `terminate`: what every rolling deploy does.

use std::time::Duration;

use super::fault::Facts;
use super::{FaultContext, FaultOutcome, Strike, StrikeFuture};
use crate::tap::Decision;
use crate::window::FaultTarget;

/// The request in hand is held so long after SIGTERM. A shutdown that does not wait for its work is
/// over by then; one that waits is waiting for this answer.
const HEADSTART: Duration = Duration::from_secs(1);

pub(super) const FACTS: Facts = Facts {
    name: "terminate",
    help: "SIGTERM in the window, a grace period, SIGKILL: what a rolling deploy does",
    finds: "shutdown paths that commit past what was done, or drop it",
    target: FaultTarget::Gap { merges: false },
    can_wait: false,
    by_default: true,
    word: "terminated",
    told: "asked to end (SIGTERM) {window}",
    strike: Some(&Terminate),
};

struct Terminate;

impl Strike for Terminate {
    fn strike<'a>(&'a self, context: &'a FaultContext) -> StrikeFuture<'a> {
        Box::pin(async move {
            context.terminate()?;
            if context.wait_exit(HEADSTART).await {
                context.evict_if_member().await?;
                return Ok(FaultOutcome::new(Decision::Drop));
            }
            // The rest of the grace period runs after the request is let go.
            let mut outcome = FaultOutcome::new(Decision::Pass);
            outcome.kill_after = Some(context.grace.saturating_sub(HEADSTART));
            Ok(outcome)
        })
    }
}
