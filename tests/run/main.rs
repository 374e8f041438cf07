//! `crashwindow run` as its user meets it: verdicts that need evidence, reports that keep their
//! form, replays, bad input, and what is left when a run is broken off.

#[path = "../support/mod.rs"]
mod support;

mod bad_input;
mod broken_off;
mod guard;
mod lab_copy;
mod provider_knobs;
mod reports;
mod zombies;
