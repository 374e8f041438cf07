//! `kill`: the process dies in the window.

use super::fault::Facts;
use super::{FaultContext, FaultOutcome, Strike, StrikeFuture};
use crate::tap::Decision;
use crate::window::FaultTarget;

pub(super) const FACTS: Facts = Facts {
    name: "kill",
    help: "SIGKILL in the window; the member is evicted by protocol, so nobody waits for its session",
    finds: "effects without a record, and records without an acknowledgement",
    target: FaultTarget::Gap { merges: true },
    can_wait: true,
    by_default: true,
    word: "killed",
    told: "killed {window}",
    strike: Some(&Kill),
};

struct Kill;

impl Strike for Kill {
    fn strike<'a>(&'a self, context: &'a FaultContext) -> StrikeFuture<'a> {
        Box::pin(async move {
            // Asked first: the member must be known while its process still is.
            let member = context.member().await?;
            context.kill().await?;
            // Nobody has the payment until its member is evicted: now it can wait.
            context.wait_out();
            context.evict(&member).await?;
            // Nobody is left to hear the answer.
            Ok(FaultOutcome::new(Decision::Drop))
        })
    }
}
