//! Storms and drills on the real stack, shorter than an attendee's.

#[path = "../support/mod.rs"]
mod support;

mod drills;
mod rebalances;
mod refusals;

/// Two cores carry one storm at a time at this size, and everything that watches it.
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    let turn = ONE_AT_A_TIME.lock();
    turn.unwrap_or_else(std::sync::PoisonError::into_inner)
}
