//! Who is told how a run gets on.

use super::spec::Spec;
use crate::session::Watcher;

/// Told how a run gets on.
pub trait RunWatcher: Watcher {
    /// A run with this spec begins.
    fn planned(&self, _spec: &Spec) {}

    /// Kafka has acknowledged so many payments by now.
    fn produced(&self, _payments: u32) {}
}
