//! Faults: what is done to an instance in a window.
//!
//! Each fault is one file with one function behind [`Strike`]; `kill.rs` is the smallest and the
//! template for the next. A fault runs while the request that opened its window is held, so the
//! window stays open for as long as the fault takes, and ends by saying what becomes of the
//! request. Faults wait for events with a deadline, never for time to pass.

mod kill;
mod process;
mod scene;
mod schedule;
mod window;
mod zombie;

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::{Deserialize, Serialize};

use crate::tap::Decision;

pub use process::{Process, ProcessError, describe_exit};
pub use scene::{Scene, StrikeError};
pub use schedule::{Planned, Round, Schedule, ScheduleError};
pub use window::{Edge, Window};

/// The faults that a schedule can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// SIGKILL in the window; the member is evicted at once and the instance is started again.
    Kill,
    /// SIGSTOP in the window, eviction, a successor takes over and finishes, SIGCONT.
    Zombie,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kill => "kill",
            Self::Zombie => "zombie",
        })
    }
}

impl Fault {
    /// The fault itself.
    #[must_use]
    pub fn strike(self) -> &'static dyn Strike {
        match self {
            Self::Kill => &kill::Kill,
            Self::Zombie => &zombie::Zombie,
        }
    }

    /// How many instances the fault needs in the group.
    #[must_use]
    pub fn instances_needed(self) -> u32 {
        match self {
            Self::Kill => 1,
            Self::Zombie => 2,
        }
    }
}

/// What a strike came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Struck {
    /// What becomes of the request that was held meanwhile.
    pub decision: Decision,
    /// Whether Kafka certainly delivers the payment again: its partition was taken from the struck
    /// member while the group's position was not past it.
    pub redelivered: bool,
    /// Why this strike is no evidence, although it was carried out.
    pub problem: Option<String>,
}

/// The future of a [`Strike`].
pub type StrikeFuture<'a> = Pin<Box<dyn Future<Output = Result<Struck, StrikeError>> + Send + 'a>>;

/// One fault. It is given the scene with the window open, and closes it.
pub trait Strike: Send + Sync {
    /// Does the fault to the instance in the window.
    fn strike<'a>(&'a self, scene: &'a Scene) -> StrikeFuture<'a>;
}
