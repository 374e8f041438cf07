//! `zombie`: the process sleeps through its own replacement and wakes up to finish.
//!
//! Finds check-then-act races; shows what fencing by the group does and does not stop.

use super::scene::Successor;
use super::{Scene, Strike, StrikeFuture, Struck};
use crate::tap::Decision;

/// SIGSTOP, eviction, a successor that finishes or meets the zombie's row lock, SIGCONT.
pub(super) struct Zombie;

impl Strike for Zombie {
    fn strike<'a>(&'a self, scene: &'a Scene) -> StrikeFuture<'a> {
        Box::pin(async move {
            let member = scene.member().await?;
            scene.freeze().await?;
            scene.evict(&member).await?;
            let redelivered = scene.wait_moved(&member).await?;
            let problem = match scene.wait_successor().await? {
                // The successor cannot go on until the zombie does: thaw now, wait for no timeout.
                Successor::Finished | Successor::Fenced => None,
                Successor::Stalled(why) => Some(why),
            };
            scene.thaw()?;
            // The request that the zombie sent before it froze reaches the server now.
            Ok(Struck {
                decision: Decision::Pass,
                redelivered,
                problem,
            })
        })
    }
}
