//! Who is told how a storm gets on.

use std::net::SocketAddr;

use super::{ManualControl, Ownership, Sample, StormMark, StormSpec};
use crate::event::Source;
use crate::session::Watcher;

/// Told how a storm gets on.
pub trait StormWatcher: Watcher {
    /// A storm with this spec begins, and its room may strike by hand through `control`.
    fn storm_begins(&self, _spec: &StormSpec, _control: ManualControl) {}

    /// It was looked at; its live processes serve their metrics at these addresses.
    fn looked(&self, _sample: &Sample, _metrics: &[(Source, SocketAddr)]) {}

    /// A strike is over, or failed.
    fn struck(&self, _mark: &StormMark) {}

    /// Other instances own the partitions of the topic.
    fn owned(&self, _ownership: &Ownership) {}
}
