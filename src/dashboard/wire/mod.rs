//! Every body and event of the API as a type; handlers build no JSON. What the API shares with the
//! commands keeps its own type.

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
