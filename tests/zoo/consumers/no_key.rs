//! Zoo: the row is claimed first, and the charge has no idempotency key.
//!
//! Planted: a transaction that is rolled back after the charge leaves no trace of it.
//! Found:   after POST /v1/charges, before COMMIT has happened: charged again by the redelivery.

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let consumer: StreamConsumer = settings
        .kafka()
        .set("group.id", &settings.group)
        .set("enable.auto.commit", "false") // only the commit below moves our position
        .set("auto.offset.reset", "earliest") // no position yet: start at the first payment
        .set("heartbeat.interval.ms", "100") // how soon we hear that the group rebalances
        .create()?;
    consumer.subscribe(&[&settings.topic])?;
    let mut db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;

        let claim = db.transaction().await?;
        let insert = "INSERT INTO claims (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
        if claim.execute(insert, &[&payment.id]).await? == 1 {
            stripe.charge(&payment, None).await?;
        }
        claim.commit().await?;

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
