//! Zoo: think for a while, look, act.
//!
//! Planted: SELECT-then-act, after 1.5 s of thought in which nothing is to be seen.
//! Found:   after SELECT, before the charge: the zombie charges although its successor did, however
//!          long that took. A successor that is only slow must not be taken for one that is done.

use std::time::Duration;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};

/// Long beside every answer of a server of the lab: whoever judges by silence calls this the end.
const THOUGHT: Duration = Duration::from_millis(1_500);

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

        tokio::time::sleep(THOUGHT).await;
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
