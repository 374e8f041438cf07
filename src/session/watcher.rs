//! Who is told how a run or a storm gets on.

use std::sync::Arc;

use crate::timeline::Timeline;

pub trait Watcher: Send + Sync {
    /// Begun, in words.
    fn phase(&self, text: &str);

    fn status(&self, _text: &str) {}

    /// A run folder with this number was made.
    fn begun(&self, _run: &str) {}

    fn recording(&self, _timeline: &Arc<Timeline>) {}
}
