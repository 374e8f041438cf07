//! The provider as a consumer meets it: a real listener, driven over HTTP.

#[path = "provider/support.rs"]
mod support;

#[path = "provider/api.rs"]
mod api;
#[path = "provider/connections.rs"]
mod connections;
#[path = "provider/hook.rs"]
mod hook;
#[path = "provider/idempotency.rs"]
mod idempotency;
#[path = "provider/in_flight.rs"]
mod in_flight;
