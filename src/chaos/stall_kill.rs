//! `stall-kill`: the request is held until the payment is acknowledged, then the process dies.

use std::time::Duration;

use super::fault::Facts;
use super::{FaultContext, FaultOutcome, Strike, StrikeFuture};
use crate::tap::Decision;
use crate::timeline::TimelineEvent;
use crate::window::{Events, FaultTarget};

/// Longer than the 5 s of a default auto-commit. A consumer that has not acknowledged by then waits
/// for its effect.
const LIMIT: Duration = Duration::from_millis(6_500);

/// A crash before any acknowledgement: one that acknowledges later was not caught at it.
fn note() -> String {
    let seconds = LIMIT.as_secs_f64();
    format!("nothing was acknowledged within {seconds} s, it was killed all the same")
}

pub(super) const FACTS: Facts = Facts {
    name: "stall-kill",
    help: "the request is held until the payment is acknowledged, then SIGKILL",
    finds: "auto-commit, and whatever else acknowledges before its effect",
    target: FaultTarget::Request(Events::Effects),
    can_wait: false,
    by_default: true,
    word: "held, then killed",
    told: "killed while {event} was held",
    strike: Some(&StallKill),
};

struct StallKill;

impl Strike for StallKill {
    fn strike<'a>(&'a self, context: &'a FaultContext) -> StrikeFuture<'a> {
        Box::pin(async move {
            let acknowledged = context.wait_acknowledged(LIMIT).await?;
            let mut outcome = FaultOutcome::new(Decision::Drop);
            if !acknowledged {
                outcome.note = Some(note());
                context.record(TimelineEvent::Unacknowledged {
                    source: context.process.source.clone(),
                    seconds: LIMIT.as_secs_f64(),
                });
            }
            context.kill().await?;
            context.evict_if_member().await?;
            Ok(outcome)
        })
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_is_told_how_long_an_acknowledgement_was_waited_for() {
        assert_eq!(
            super::note(),
            "nothing was acknowledged within 6.5 s, it was killed all the same"
        );
    }
}
