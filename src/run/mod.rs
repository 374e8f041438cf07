//! One run: what it is asked ([`spec`]), what it does ([`execute`]), and what it leaves
//! ([`folder`]).

mod error;
pub mod folder;
mod instance;
mod lifecycle;
pub mod manifest;
mod phases;
mod resources;
mod settle;
pub mod spec;
mod striker;
mod watchdog;
mod workload;

pub use error::RunError;
pub use lifecycle::{Finished, Watcher, execute};
pub use phases::{Phases, Seconds};
pub use spec::{Changes, FaultChoice, Spec, SpecError, WindowChange};
