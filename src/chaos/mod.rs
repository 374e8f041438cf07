//! Faults: what is done to an instance in a window.
//!
//! Each is a line of [`Fault`] and a file, with one function behind [`Strike`]; `kill.rs` is the
//! template for the next. A fault runs while the request that opened its window is held, so the
//! window stays open for as long as the fault takes. Faults wait for events with a deadline, never
//! for time to pass.

mod context;
mod descendants;
mod duplicate;
mod fault;
mod join;
mod kill;
mod lost_response;
mod process;
mod schedule;
mod stall_kill;
pub mod storm;
mod successor;
mod terminate;
mod unavailable;
mod zombie;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::tap::Decision;

pub use context::Instances;
pub(crate) use context::{FaultContext, StrikeError};
pub(crate) use descendants::descendants;
pub use fault::Fault;
pub(crate) use process::ProcessError;
pub use process::{Process, describe_exit};
pub(crate) use schedule::ScheduleError;
pub use schedule::{Planned, Round, Schedule};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultOutcome {
    /// What becomes of the request that was held meanwhile.
    pub decision: Decision,
    /// The successor waited, for this payment, for a lock or a transaction of the struck instance.
    pub fenced: bool,
    /// The successor counts as finished because it fell silent, as one does that acknowledges
    /// nothing: no evidence where the consumer is seen, however late, to acknowledge.
    pub silent: bool,
    /// SIGKILL follows after this time unless the process has ended; runs from the decision.
    pub kill_after: Option<Duration>,
    /// Why this strike is no evidence, although it was carried out.
    pub problem: Option<String>,
    /// To be known beside; changes no verdict.
    pub note: Option<String>,
}

impl FaultOutcome {
    #[must_use]
    pub fn new(decision: Decision) -> Self {
        Self {
            decision,
            fenced: false,
            silent: false,
            kill_after: None,
            problem: None,
            note: None,
        }
    }
}

pub type StrikeFuture<'a> =
    Pin<Box<dyn Future<Output = Result<FaultOutcome, StrikeError>> + Send + 'a>>;

pub trait Strike: Send + Sync {
    fn strike<'a>(&'a self, context: &'a FaultContext) -> StrikeFuture<'a>;
}
