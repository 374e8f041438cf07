//! What the lab and a consumer of its labs agree on, and each finds here instead of in the other.
//!
//! The lab produces the [`Payment`] that a consumer reads, and its pages, rules and dashboards are about
//! the metrics that a consumer exports ([`CONSUMER`]). A consumer in another language has the same
//! contract in words: `docs/consumer.md`, `docs/metrics.md`.

mod consumer;
mod metric;
mod payment;

pub use consumer::{
    BUILD_INFO, COMMIT_FAILURES, CONSUMER, DEDUP_CHECKS, EFFECTS, LAG, PAYMENTS_PROCESSED,
    POLL_GAP, REBALANCES, UNCOMMITTED,
};
pub use metric::{Kind, Label, Metric};
pub use payment::{Payment, PaymentError};
