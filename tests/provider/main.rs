//! The provider as a consumer meets it: a real listener, driven over HTTP.

mod support;

mod admin;
mod api;
mod connections;
mod hook;
mod idempotency;
mod in_flight;
mod intents;
mod misbehaviour;
