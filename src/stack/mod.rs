//! Brings up a real Kafka and a real Postgres, or is told of them.
