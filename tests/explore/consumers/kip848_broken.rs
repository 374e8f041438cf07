//! Lab 1, broken, in a group of KIP-848: look first, act second.
//!
//! Promised:      every payment is charged, wherever the process dies.
//! Not promised:  that it is charged only once.

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
        .set("group.protocol", "consumer") // KIP-848: the broker assigns, and sets the heartbeat
        .create()?;
    consumer.subscribe(&[&settings.topic])?;
    let db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;

        let seen = db
            .query_opt("SELECT 1 FROM processed WHERE msg_id = $1", &[&payment.id])
            .await?;
        if seen.is_none() {
            stripe.charge(&payment, None).await?;
            db.execute("INSERT INTO processed (msg_id) VALUES ($1)", &[&payment.id])
                .await?;
        }

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
