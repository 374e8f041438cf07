//! Exploration on the real stack: the matrix is the one that follows from reasoning.

#[path = "../support/mod.rs"]
mod support;

mod bad_habits;
mod bad_input;
mod broken_off;
mod kip848;
mod labs;
mod members;
mod replays;
mod topics;
mod unseen;
mod zombies;
