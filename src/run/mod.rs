//! One run: what it is asked ([`spec`]), what it does ([`execute`]), and what it leaves
//! ([`folder`]).

pub(crate) mod cause;
mod counting;
mod error;
mod fired;
mod fleet;
pub mod folder;
mod guard;
mod instance;
mod joining;
mod leftovers;
mod lifecycle;
pub mod manifest;
mod pace;
mod parked;
mod phases;
mod reset;
mod resources;
mod revival;
mod rounds;
pub mod saved;
mod settle;
mod sighted;
pub mod spec;
mod standstill;
pub mod storm;
mod striker;
mod taps;
mod target;
mod tuning;
mod watchdog;
mod watcher;
mod workload;

pub use error::RunError;
pub use fired::Fired;
pub(crate) use fleet::instance_name;
pub use guard::guard;
pub use leftovers::sweep;
pub use lifecycle::{Finished, execute};
pub use phases::{Phases, Seconds};
pub use spec::{Changes, FaultChoice, Spec, SpecError, WindowChange};
pub use watcher::Watcher;
