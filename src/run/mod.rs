//! One run: what it is asked ([`spec`]), and what it does ([`execute`]).

mod admin_api;
mod context;
mod counting;
mod executed_fault;
mod injector;
mod joining;
mod lifecycle;
pub mod manifest;
mod parked;
mod reset;
mod revival;
mod rounds;
mod settle;
pub mod spec;
mod target;
mod watcher;
mod workload;

pub(crate) use executed_fault::ExecutedFault;
pub use lifecycle::{Finished, execute};
pub(crate) use spec::SpecError;
pub use spec::{Changes, FaultChoice, Spec, WindowChange};
pub use watcher::RunWatcher;
