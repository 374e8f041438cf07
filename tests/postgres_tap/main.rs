//! The Postgres tap between real clients and a real PostgreSQL.

#[path = "../support/mod.rs"]
mod support;

mod desk;
mod lab;
mod wire;

mod clients;
mod decisions;
mod drivers;
mod ends;
mod events;
mod hostile;
mod pipelines;
mod tls;
