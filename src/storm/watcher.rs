//! Who is told how a storm gets on.

use std::net::SocketAddr;

use super::{ManualControl, Ownership, Sample, StormMark, StormSpec};
use crate::event::Source;
use crate::session::Watcher;

pub trait StormWatcher: Watcher {
    fn storm_begins(&self, _spec: &StormSpec, _control: ManualControl) {}

    /// Live processes serve their metrics at these addresses.
    fn looked(&self, _sample: &Sample, _metrics: &[(Source, SocketAddr)]) {}

    fn struck(&self, _mark: &StormMark) {}

    fn owned(&self, _ownership: &Ownership) {}
}
