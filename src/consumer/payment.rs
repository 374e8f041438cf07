//! The message: one payment.

use rdkafka::Message;
use serde::{Deserialize, Serialize};

/// One payment that a customer is to be charged for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The id of the payment; the same in every delivery of it, whatever the offset.
    pub id: String,
    /// The order it pays for.
    pub order_id: String,
    /// In the smallest unit of the currency, as Stripe counts: cents.
    pub amount: i64,
    /// ISO 4217, in lower case, as Stripe writes it.
    pub currency: String,
}

/// A record that holds no payment.
#[derive(Debug, thiserror::Error)]
#[error("the record at partition {partition}, offset {offset} holds no payment: {reason}")]
pub struct PaymentError {
    partition: i32,
    offset: i64,
    reason: String,
}

impl Payment {
    /// Reads the payment that a record carries as JSON.
    ///
    /// # Errors
    /// When the record is empty or is not a payment.
    pub fn from_record(record: &impl Message) -> Result<Self, PaymentError> {
        let error = |reason: String| PaymentError {
            partition: record.partition(),
            offset: record.offset(),
            reason,
        };
        let payload = record
            .payload()
            .ok_or_else(|| error("it is empty".into()))?;
        serde_json::from_slice(payload).map_err(|e| error(e.to_string()))
    }
}
