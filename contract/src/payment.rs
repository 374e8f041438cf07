use rdkafka::Message;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The same in every delivery, whatever the offset.
    pub id: String,
    pub order_id: String,
    /// In the smallest unit of the currency, as Stripe counts: cents.
    pub amount: i64,
    /// ISO 4217, in lower case, as Stripe writes it.
    pub currency: String,
}

#[derive(Debug, thiserror::Error)]
#[error("the record at partition {partition}, offset {offset} holds no payment: {reason}")]
pub struct PaymentError {
    partition: i32,
    offset: i64,
    reason: String,
}

impl Payment {
    /// From JSON.
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

#[cfg(test)]
mod tests {
    use rdkafka::Timestamp;
    use rdkafka::message::OwnedMessage;

    use super::*;

    fn record(payload: Option<&str>) -> OwnedMessage {
        let payload = payload.map(|text| text.as_bytes().to_owned());
        let (topic, time) = ("payments".to_owned(), Timestamp::NotAvailable);
        OwnedMessage::new(payload, None, topic, time, 3, 17, None)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let payment = Payment {
            id: "msg-0017".to_owned(),
            order_id: "order-0017".to_owned(),
            amount: 4217,
            currency: "usd".to_owned(),
        };
        let json = serde_json::to_string(&payment).unwrap();
        assert_eq!(Payment::from_record(&record(Some(&json))).unwrap(), payment);
    }

    #[test]
    fn a_record_without_a_payment_is_named_by_its_place() {
        for (payload, reason) in [(None, "it is empty"), (Some("{}"), "missing field `id`")] {
            let error = Payment::from_record(&record(payload)).unwrap_err();
            let error = error.to_string();
            assert!(error.contains("partition 3, offset 17"), "{error}");
            assert!(error.contains(reason), "{error}");
        }
    }
}
