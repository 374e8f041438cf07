//! Storms and drills on the real stack, shorter than an attendee's.

#[path = "../support/mod.rs"]
mod support;

mod drills;
mod rebalances;
mod refusals;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Two cores carry one storm of some size, or some small ones beside each other.
static CORES: RwLock<()> = RwLock::new(());

fn alone() -> RwLockWriteGuard<'static, ()> {
    CORES.write().unwrap_or_else(PoisonError::into_inner)
}

fn beside_others() -> RwLockReadGuard<'static, ()> {
    CORES.read().unwrap_or_else(PoisonError::into_inner)
}

fn runs_folder() -> std::path::PathBuf {
    let options = crashwindow::stack::StackOptions {
        name: support::stack_name(),
        ..crashwindow::stack::StackOptions::default()
    };
    crashwindow::stack::runs_folder(&options).expect("there is a cache")
}
