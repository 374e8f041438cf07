//! What the lab and a consumer of its labs agree on: the [`Payment`] that the one produces and the
//! other reads, and the metrics that a consumer exports ([`CONSUMER`]). In words, for other
//! languages: `docs/consumer.md`, `docs/metrics.md`.

mod consumer;
mod metric;
mod payment;

pub use consumer::{
    BUILD_INFO, COMMIT_FAILURES, CONSUMER, DEDUP_CHECKS, EFFECTS, LAG, PAYMENTS_PROCESSED,
    POLL_GAP, REBALANCES, UNCOMMITTED,
};
pub use metric::{Kind, Label, Metric};
pub use payment::{Payment, PaymentError};
