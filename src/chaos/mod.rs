//! Faults: what is done to an instance in a window.
//!
//! Each fault is one file with one function behind [`Strike`]; `kill.rs` is the smallest and the
//! template for the next. A fault runs while the request that opened its window is held, so the
//! window stays open for as long as the fault takes, and ends by saying what becomes of the
//! request. Faults wait for events with a deadline, never for time to pass.

mod descendants;
mod kill;
mod lost_response;
mod process;
mod scene;
mod schedule;
mod stall_kill;
pub mod storm;
mod successor;
mod terminate;
mod unavailable;
mod window;
mod zombie;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::tap::Decision;

pub(crate) use descendants::descendants;
pub use process::{Process, ProcessError, describe_exit};
pub use scene::{Crew, Scene, StrikeError};
pub use schedule::{Planned, Round, Schedule, ScheduleError};
pub use window::{Edge, Window};

/// The faults that a schedule can name.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    clap::ValueEnum,
    JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// SIGKILL in the window; the member is evicted at once and the instance is started again
    Kill,
    /// SIGTERM in the window, a grace period, SIGKILL
    Terminate,
    /// SIGSTOP in the window, eviction, a successor takes over and finishes, SIGCONT
    Zombie,
    /// The server has acted, the connection drops, the process lives
    LostResponse,
    /// The request fails at once and never reaches the server
    Unavailable,
    /// The request is held until the payment is acknowledged, then SIGKILL
    StallKill,
    /// The same payment is produced again at a new offset
    Duplicate,
}

impl Fault {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 7] = [
        Self::Kill,
        Self::Terminate,
        Self::Zombie,
        Self::LostResponse,
        Self::Unavailable,
        Self::StallKill,
        Self::Duplicate,
    ];

    /// The word used on the command line and in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Terminate => "terminate",
            Self::Zombie => "zombie",
            Self::LostResponse => "lost-response",
            Self::Unavailable => "unavailable",
            Self::StallKill => "stall-kill",
            Self::Duplicate => "duplicate",
        }
    }

    /// What is done in the window; none for a duplicate, which is produced and strikes nobody.
    #[must_use]
    pub fn strike(self) -> Option<&'static dyn Strike> {
        match self {
            Self::Kill => Some(&kill::Kill),
            Self::Terminate => Some(&terminate::Terminate),
            Self::Zombie => Some(&zombie::Zombie),
            Self::LostResponse => Some(&lost_response::LostResponse),
            Self::Unavailable => Some(&unavailable::Unavailable),
            Self::StallKill => Some(&stall_kill::StallKill),
            Self::Duplicate => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a strike came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struck {
    /// What becomes of the request that was held meanwhile.
    pub decision: Decision,
    /// Whether the successor was seen to wait, for this payment, for a row lock or a transaction of the
    /// struck instance.
    pub fenced: bool,
    /// Whether the successor was taken to have finished because it fell silent, as one does that
    /// acknowledges nothing: no evidence where the consumer is seen, however late, to acknowledge.
    pub silent: bool,
    /// SIGKILL follows after this time unless the process has ended; runs from the decision.
    pub kill_after: Option<Duration>,
    /// Why this strike is no evidence, although it was carried out.
    pub problem: Option<String>,
    /// What is to be known of it beside, and changes no verdict.
    pub note: Option<String>,
}

impl Struck {
    /// A strike without complications.
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

/// The future of a [`Strike`].
pub type StrikeFuture<'a> = Pin<Box<dyn Future<Output = Result<Struck, StrikeError>> + Send + 'a>>;

/// One fault. It is given the scene with the window open, and closes it.
pub trait Strike: Send + Sync {
    /// Does the fault to the instance in the window.
    fn strike<'a>(&'a self, scene: &'a Scene) -> StrikeFuture<'a>;
}
