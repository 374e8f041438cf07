//! Zoo: auto-commit as librdkafka does it by default, and an effect that can outlast its interval.
//!
//! Planted: an offset is stored when the record is handed out, and committed by a timer.
//! Found:   stall-kill before COMMIT: lost, or charged and not recorded after POST /v1/charges.

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{Consumer, StreamConsumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let consumer: StreamConsumer = settings
        .kafka()
        .set("group.id", &settings.group)
        .set("enable.auto.commit", "true") // by a timer, whatever we are doing
        .set("auto.commit.interval.ms", "200") // 5 s by default, longer than any payment here takes
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
    }
}
