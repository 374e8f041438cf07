//! Zoo, one program and two promises: a payment is known by its place in the log, as text.
//!
//! Row and idempotency key hold no id of the payment's. A record that is delivered again is the same
//! one; the same payment in a new record is another. Whether that is a fault is for the promise.

mod shared;

use crashwindow_labs::{Payment, Settings};
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let consumer = shared::by_hand(&settings)?;
    let mut db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;
        let (topic, partition, offset) = (record.topic(), record.partition(), record.offset());
        let place = format!("{topic}-{partition}-{offset}");

        let claim = db.transaction().await?;
        let insert = "INSERT INTO places (place) VALUES ($1) ON CONFLICT DO NOTHING";
        if claim.execute(insert, &[&place]).await? == 1 {
            // With the group between, as a workflow engine makes its ids.
            let key = format!("{topic}-{partition}-{}-{offset}", settings.group);
            stripe.charge(&payment, Some(&key)).await?;
        }
        claim.commit().await?;

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
