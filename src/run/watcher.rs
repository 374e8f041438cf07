//! Who is told how a run gets on.

use std::net::SocketAddr;
use std::sync::Arc;

use super::spec::Spec;
use super::storm::{ManualControl, Mark, Ownership, Sample, StormSpec};
use crate::tap::Source;
use crate::timeline::Timeline;

/// Told how a run gets on.
pub trait Watcher: Send + Sync {
    /// A phase has begun, in words.
    fn phase(&self, text: &str);

    /// How it gets on within a phase, for whoever looks at it now.
    fn status(&self, _text: &str) {}

    /// A run folder with this number was made.
    fn begun(&self, _run: &str) {}

    /// A run with this spec begins.
    fn planned(&self, _spec: &Spec) {}

    /// What happens in the run is recorded here, for whoever follows it.
    fn recording(&self, _timeline: &Arc<Timeline>) {}

    /// Kafka has acknowledged so many payments by now.
    fn produced(&self, _payments: u32) {}

    /// A storm with this spec begins, and its room may strike by hand through `hands`.
    fn storm_begins(&self, _spec: &StormSpec, _hands: ManualControl) {}

    /// A storm was looked at; its live processes serve their metrics at these addresses.
    fn looked(&self, _sample: &Sample, _metrics: &[(Source, SocketAddr)]) {}

    /// A strike of a storm is over, or failed.
    fn struck(&self, _mark: &Mark) {}

    /// Other instances own the partitions of a storm's topic.
    fn owned(&self, _ownership: &Ownership) {}
}
