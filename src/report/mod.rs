//! The report of a run: as data ([`RunReport`]), and for a person ([`terminal`], [`table`]).

mod biography;
mod cost;
pub mod explore;
#[cfg(test)]
pub(crate) mod fixture;
mod line;
mod run;
pub mod storm;
pub mod table;
pub mod terminal;

pub use biography::of as biography_of;
pub(crate) use biography::{prose, shorten};
pub use cost::Cost;
pub use line::{Line, lines};
pub use run::{Exception, FaultReport, Phase, RunReport, SCHEMA, Stack, Times, Witness};
