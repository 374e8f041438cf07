//! The report of a run: as data ([`RunReport`]), and for a person ([`terminal`], [`table`]).

mod biography;
mod cost;
pub mod explore;
#[cfg(test)]
pub(crate) mod fixture;
mod run;
pub mod storm;
pub mod table;
pub mod terminal;

pub use biography::{Line, lines, of as biography_of, prose, shorten};
pub use cost::Cost;
pub use run::{Exception, FaultReport, Phase, RunReport, SCHEMA, Stack, Times, Witness};
