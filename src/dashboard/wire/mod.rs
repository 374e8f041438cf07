//! What is on the wire: every body and event of the API as a type.
//!
//! A field says here what it is, once; handlers fill these in and build no JSON. What the API shares
//! with the commands (reports, faults, causes) keeps its own type and is named from here.

pub mod jobs;
pub mod labs;
pub mod live;
pub mod quiz;
pub mod runs;
pub mod server;

#[cfg(test)]
mod generate;
#[cfg(test)]
mod tests;
