//! The end of a run: every payment has its last word, if need be after a clean start.
//!
//! What a process has taken over may be waiting in its memory for the next start, which recovers
//! it: so do durable workers and outboxes. A run that ended before that start would call it lost.

use std::collections::BTreeSet;

use super::context::RunContext;
use super::settle::{drained, settle as come_to_rest};
use crate::session::RunError;
use crate::session::Watcher;
use crate::session::fleet::Fleet;
use crate::timeline::may_hold;
use crate::verdict::FaultEvidence;

/// The instance that takes over from a group which stands still.
const CLEAN: &str = "clean";

/// The instance that takes over from processes which may be stuck.
const ANEW: &str = "anew";

/// Returns the payments that came to their end only when every process was started anew, because
/// one that lived on may have held them.
pub(super) async fn settle(
    context: &RunContext,
    fleet: &Fleet,
    watcher: &dyn Watcher,
    strikes: &[FaultEvidence],
) -> Result<BTreeSet<String>, RunError> {
    watcher.phase("settling: every payment has its last word");
    if !drained(context).await? {
        watcher.phase("the group stands still: a clean instance takes over");
        start_anew(context, fleet, CLEAN).await?;
        drained(context).await?;
    }
    let open = come_to_rest(context, strikes).await?;
    // Without a fault a consumer owes its work to no restart.
    if strikes.is_empty() || !may_hold(&context.session.timeline.entries(), &open) {
        return Ok(BTreeSet::new());
    }
    watcher
        .phase("what looks lost may be held by a process that lives: a clean start may recover it");
    start_anew(context, fleet, ANEW).await?;
    drained(context).await?;
    let still_open = come_to_rest(context, strikes).await?;
    Ok(&open - &still_open)
}

/// One instance finds the group empty: whoever left without a word would keep its partitions until
/// its session ends.
async fn start_anew(context: &RunContext, fleet: &Fleet, name: &str) -> Result<(), RunError> {
    fleet.stop().await;
    context.session.group.evict_all().await?;
    fleet.start(name);
    Ok(())
}
