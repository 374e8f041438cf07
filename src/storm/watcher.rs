//! Who is told how a storm gets on.

use std::net::SocketAddr;

use super::{ManualControl, Mark, Ownership, Sample, StormSpec};
use crate::event::Source;
use crate::session::Watcher;

/// Told how a storm gets on.
pub trait StormWatcher: Watcher {
    /// A storm with this spec begins, and its room may strike by hand through `hands`.
    fn storm_begins(&self, _spec: &StormSpec, _hands: ManualControl) {}

    /// It was looked at; its live processes serve their metrics at these addresses.
    fn looked(&self, _sample: &Sample, _metrics: &[(Source, SocketAddr)]) {}

    /// A strike is over, or failed.
    fn struck(&self, _mark: &Mark) {}

    /// Other instances own the partitions of the topic.
    fn owned(&self, _ownership: &Ownership) {}
}
