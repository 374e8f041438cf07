//! Who is told how a run or a storm gets on.

use std::sync::Arc;

use crate::timeline::Timeline;

/// Told what a run and a storm have in common.
pub trait Watcher: Send + Sync {
    /// A phase has begun, in words.
    fn phase(&self, text: &str);

    /// How it gets on within a phase, for whoever looks at it now.
    fn status(&self, _text: &str) {}

    /// A run folder with this number was made.
    fn begun(&self, _run: &str) {}

    /// What happens is recorded here, for whoever follows it.
    fn recording(&self, _timeline: &Arc<Timeline>) {}
}
