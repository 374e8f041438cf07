//! `zombie`: the process sleeps through its own replacement and wakes up to finish.
//!
//! Finds check-then-act races; shows what fencing by the group does and does not stop.

use super::successor::Successor;
use super::{Scene, Strike, StrikeFuture, Struck};
use crate::tap::Decision;

/// SIGSTOP, eviction, a successor that finishes, or meets the zombie's row lock or transaction,
/// SIGCONT.
pub(super) struct Zombie;

impl Strike for Zombie {
    fn strike<'a>(&'a self, scene: &'a Scene) -> StrikeFuture<'a> {
        Box::pin(async move {
            let member = scene.member().await?;
            scene.freeze().await?;
            scene.ensure_successor().await?;
            scene.evict(&member).await?;
            scene.wait_moved(&member).await?;
            let successor = scene.wait_successor().await?;
            scene.thaw()?;
            // The request that the zombie sent before it froze reaches the server now.
            let mut struck = Struck::new(Decision::Pass);
            match successor {
                Successor::Finished => {}
                Successor::Silent => struck.silent = true,
                // It cannot go on until the zombie does: thawed now, no timeout was waited for.
                Successor::Fenced => struck.fenced = true,
                Successor::Unmet(why) => struck.problem = Some(why),
            }
            Ok(struck)
        })
    }
}
