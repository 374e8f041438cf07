//! What a run and a storm share: what they own on the stack, the processes under test with their taps,
//! the payments that are produced, and the folder in which it all is kept.

pub mod cause;
pub(crate) mod context;
pub(crate) mod drain;
pub(crate) mod error;
pub(crate) mod fleet;
pub mod folder;
pub(crate) mod guard;
pub(crate) mod instance;
mod leftovers;
pub(crate) mod pace;
mod phases;
pub(crate) mod producer;
pub(crate) mod resources;
pub(crate) mod sighted;
pub(crate) mod standstill;
mod supervisor;
pub(crate) mod taps;
mod unkept;
pub(crate) mod watchdog;
mod watcher;

pub(crate) use error::{ProduceError, RunError};
pub(crate) use fleet::instance_name;
pub use guard::guard;
pub(crate) use leftovers::sweep;
pub use phases::{Phases, Seconds};
pub use unkept::Unkept;
pub use watcher::Watcher;
