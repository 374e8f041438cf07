//! `zombie`: the process sleeps through its own replacement and wakes up to finish.

use super::fault::Facts;
use super::successor::Successor;
use super::{FaultContext, FaultOutcome, Strike, StrikeFuture};
use crate::tap::Decision;
use crate::window::FaultTarget;

pub(super) const FACTS: Facts = Facts {
    name: "zombie",
    help: "SIGSTOP in the window, eviction; a successor takes over and finishes, or stands at the zombie's row lock or open transaction; SIGCONT",
    finds: "check-then-act races, and what fencing by the group does not stop",
    target: FaultTarget::Gap { merges: false },
    can_wait: false,
    by_default: true,
    word: "frozen and evicted",
    told: "frozen and evicted {window}",
    strike: Some(&Zombie),
};

struct Zombie;

impl Strike for Zombie {
    fn strike<'a>(&'a self, context: &'a FaultContext) -> StrikeFuture<'a> {
        Box::pin(async move {
            let member = context.member().await?;
            context.freeze().await?;
            context.ensure_successor().await?;
            context.evict(&member).await?;
            context.wait_moved(&member).await?;
            let successor = context.wait_successor().await?;
            context.thaw()?;
            // The request that the zombie sent before it froze reaches the server now.
            let mut outcome = FaultOutcome::new(Decision::Pass);
            match successor {
                Successor::Finished => {}
                Successor::Silent => outcome.silent = true,
                // It cannot go on until the zombie does: thawed now, no timeout was waited for.
                Successor::Fenced => outcome.fenced = true,
                Successor::Unmet(why) => outcome.problem = Some(why),
            }
            Ok(outcome)
        })
    }
}
