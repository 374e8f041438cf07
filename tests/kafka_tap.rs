//! The Kafka tap against a real broker: unmodified clients in five languages, the events that they
//! cause, and the faults that can be put between them and the broker. Calls of librdkafka that block
//! have a thread of their own, as the tap they wait for runs in the same process.

mod support;

#[path = "support/sdk.rs"]
mod sdk;

#[path = "kafka_tap/clients.rs"]
mod clients;
#[path = "kafka_tap/cluster.rs"]
mod cluster;
#[path = "kafka_tap/faults.rs"]
mod faults;
#[path = "kafka_tap/recorder.rs"]
mod recorder;
#[path = "kafka_tap/refused.rs"]
mod refused;
#[path = "kafka_tap/sdks.rs"]
mod sdks;
#[path = "kafka_tap/sockets.rs"]
mod sockets;
#[path = "kafka_tap/throughput.rs"]
mod throughput;
#[path = "kafka_tap/transactions.rs"]
mod transactions;
#[path = "kafka_tap/zombies.rs"]
mod zombies;
