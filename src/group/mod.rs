//! Asks Kafka about a consumer group and evicts its members, by protocol.
