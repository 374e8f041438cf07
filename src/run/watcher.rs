//! Who is told how a run gets on.

use super::spec::Spec;
use crate::session::Watcher;

pub trait RunWatcher: Watcher {
    fn planned(&self, _spec: &Spec) {}

    fn produced(&self, _payments: u32) {}
}
