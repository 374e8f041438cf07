//! What a lab consumer imports, so that its own file holds only the lesson.
//!
//! Here: the environment, logging, metrics, JSON, columns for a batch, and the HTTP form of a charge.
//! Not here: anything whose place in the code could change what is delivered. Polling, commits, SQL,
//! transactions and the choice of an idempotency key stay visible in the consumer.

mod batch;
mod metrics;
mod page;
mod payment_api;
mod settings;

pub use crashwindow_contract::{Payment, PaymentError};

pub use batch::{Batch, Check};
pub use metrics::{Busy, Metrics};
pub use payment_api::{Charge, ChargeError, PaymentApi};
pub use settings::{Settings, SettingsError};
