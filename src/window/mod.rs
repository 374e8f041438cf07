//! Crash windows: what a recording says that they are, and how a run comes to one again.
//!
//! A window is the gap between two events of one message, and is known by where these stand in the
//! recording: two windows may lie between events of the same names. Recording and striking count
//! events with the same [`Matcher`] and [`Steps`]. Nothing here does I/O or knows what the
//! boundaries are.

mod cells;
mod edge;
mod follower;
mod matcher;
mod recording;
mod unattributed;

#[cfg(test)]
mod fixture;

pub(crate) use cells::WindowCell;
pub use cells::{Events, FaultTarget, Gap, cells};
pub use edge::{Edge, Window};
pub(crate) use follower::Follower;
pub(crate) use matcher::{Matcher, Steps};
pub(crate) use recording::SERIAL;
pub use recording::{Recorded, Recording, Seen};
