//! What a lab consumer imports, so that its own file holds only the lesson.
//!
//! Nothing here could change what is delivered by its place in the code: polling, commits, SQL,
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
