//! `unavailable`: the request fails at once and never reaches the server, as servers fail.

use super::fault::Facts;
use super::{FaultContext, FaultOutcome, Strike, StrikeFuture};
use crate::tap::Decision;
use crate::window::{Events, FaultTarget};

pub(super) const FACTS: Facts = Facts {
    name: "unavailable",
    help: "the request fails at once and never reaches the server",
    finds: "swallowed errors, and acknowledgements of what failed",
    target: FaultTarget::Request(Events::ButDeliveries),
    can_wait: false,
    by_default: true,
    word: "request refused",
    told: "{event} was refused once",
    strike: Some(&Unavailable),
};

struct Unavailable;

impl Strike for Unavailable {
    fn strike<'a>(&'a self, _context: &'a FaultContext) -> StrikeFuture<'a> {
        Box::pin(async { Ok(FaultOutcome::new(Decision::Unavailable)) })
    }
}
