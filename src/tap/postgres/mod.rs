//! The Postgres tap: the frontend/backend protocol between an instance and its database.

use serde::{Deserialize, Serialize};

/// What the tap knows of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {}
