//! Zoo: the offset is committed before the payment is dealt with.
//!
//! Planted: whatever ends the process after the commit ends the payment.
//! Found:   after OffsetCommit, before COMMIT: lost.

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
        consumer.commit_message(&record, CommitMode::Sync)?;

        let claim = db.transaction().await?;
        let insert = "INSERT INTO claims (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
        if claim.execute(insert, &[&payment.id]).await? == 1 {
            stripe.charge(&payment, Some(&payment.id)).await?;
        }
        claim.commit().await?;
    }
}
