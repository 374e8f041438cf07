//! The Postgres tap between real clients and a real PostgreSQL.

mod support;

#[path = "postgres_tap/desk.rs"]
mod desk;
#[path = "postgres_tap/lab.rs"]
mod lab;
#[path = "postgres_tap/wire.rs"]
mod wire;

#[path = "postgres_tap/clients.rs"]
mod clients;
#[path = "postgres_tap/decisions.rs"]
mod decisions;
#[path = "postgres_tap/drivers.rs"]
mod drivers;
#[path = "postgres_tap/ends.rs"]
mod ends;
#[path = "postgres_tap/events.rs"]
mod events;
#[path = "postgres_tap/hostile.rs"]
mod hostile;
#[path = "postgres_tap/pipelines.rs"]
mod pipelines;
#[path = "postgres_tap/tls.rs"]
mod tls;
