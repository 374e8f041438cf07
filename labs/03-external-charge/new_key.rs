//! Lab 3, a new key: every attempt makes an idempotency key of its own.
//!
//! Promised:      every payment is charged, wherever the process dies.
//! Not promised:  that it is charged only once: a redelivery is another attempt.

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
    let db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;

        let look = "SELECT charge_id FROM intents WHERE payment_id = $1";
        let intent = db.query_one(look, &[&payment.id]).await?;
        if intent.get::<_, Option<String>>(0).is_none() {
            let key = format!("{:032x}", rand::random::<u128>()); // as SDKs do by themselves
            let charge = stripe.charge(&payment, Some(&key)).await?;
            let save = "UPDATE intents SET charge_id = $2 WHERE payment_id = $1";
            db.execute(save, &[&payment.id, &charge.id]).await?;
        }

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
