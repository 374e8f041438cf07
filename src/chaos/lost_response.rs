//! `lost-response`: the server has acted, the connection drops, the process lives.

use super::fault::Facts;
use super::{FaultContext, FaultOutcome, Strike, StrikeFuture};
use crate::tap::Decision;
use crate::window::{Events, FaultTarget};

pub(super) const FACTS: Facts = Facts {
    name: "lost-response",
    help: "the server has acted, the connection drops, the process lives",
    finds: "retries without a stable key, and a COMMIT of which nobody knows how it ended",
    target: FaultTarget::Answer(Events::Changes),
    can_wait: false,
    by_default: true,
    word: "answer lost",
    told: "the answer to {event} was lost",
    strike: Some(&LostResponse),
};

struct LostResponse;

impl Strike for LostResponse {
    fn strike<'a>(&'a self, _context: &'a FaultContext) -> StrikeFuture<'a> {
        Box::pin(async { Ok(FaultOutcome::new(Decision::Drop)) })
    }
}
