//! The dashboard's server, on a live stack: what it tells is held against what a run leaves.

#[path = "../support/mod.rs"]
mod support;

mod background;
mod browser;
mod openapi;
mod readers;
mod refusals;
mod runs;
mod server;
mod storms;
mod watched;
