//! `stall-kill`: the request is held until the payment is acknowledged, then the process dies.
//!
//! Finds auto-commit and whatever else acknowledges before its effect.

use std::time::Duration;

use super::{Scene, Strike, StrikeFuture, Struck};
use crate::tap::Decision;

/// How long an acknowledgement is waited for: longer than the 5 s of a default auto-commit. A
/// consumer that has not acknowledged by then waits for its effect.
const LIMIT: Duration = Duration::from_millis(6_500);

/// The effect never happens; the acknowledgement had its chance.
pub(super) struct StallKill;

impl Strike for StallKill {
    fn strike<'a>(&'a self, scene: &'a Scene) -> StrikeFuture<'a> {
        Box::pin(async move {
            scene.wait_acknowledged(LIMIT).await?;
            scene.kill().await?;
            scene.evict_if_member().await?;
            Ok(Struck::new(Decision::Drop))
        })
    }
}
