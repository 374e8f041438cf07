//! The Kafka tap against a real broker: unmodified clients in five languages, the events that they
//! cause, and the faults that can be put between them and the broker. Calls of librdkafka that block
//! have a thread of their own, as the tap they wait for runs in the same process.

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod cluster;
mod faults;
mod recorder;
mod refused;
mod sdks;
mod sockets;
mod transactions;
mod zombies;
