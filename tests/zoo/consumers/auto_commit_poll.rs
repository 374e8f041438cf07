//! Zoo: auto-commit, of payments that are done. Must not be accused.
//!
//! As the Java client does it: what the timer commits was asked for after the effect before it.

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{Consumer, StreamConsumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let consumer: StreamConsumer = settings
        .kafka()
        .set("group.id", &settings.group)
        .set("enable.auto.commit", "true") // by a timer, what is stored
        .set("auto.commit.interval.ms", "200") // 5 s by default, and a run would wait for it
        .set("enable.auto.offset.store", "false") // only the call below stores an offset
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
            stripe.charge(&payment, Some(&payment.id)).await?;
        }
        claim.commit().await?;

        consumer.store_offset_from_message(&record)?;
    }
}
