//! The Kafka tap: the wire protocol between an instance and the brokers.

use serde::{Deserialize, Serialize};

/// What the tap knows of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {}
