//! `kill`: the process dies in the window.
//!
//! Finds effects without a record, and records without an acknowledgement.

use super::{Scene, Strike, StrikeFuture, Struck};
use crate::tap::Decision;

/// SIGKILL, and eviction of the dead member, so that nothing waits for its session to expire.
pub(super) struct Kill;

impl Strike for Kill {
    fn strike<'a>(&'a self, scene: &'a Scene) -> StrikeFuture<'a> {
        Box::pin(async move {
            // Asked first: the member must be known while its process still is.
            let member = scene.member().await?;
            scene.kill().await?;
            // Nobody has the payment until its member is evicted: now it can wait.
            scene.wait_out();
            scene.evict(&member).await?;
            // Nobody is left to hear the answer.
            Ok(Struck::new(Decision::Drop))
        })
    }
}
