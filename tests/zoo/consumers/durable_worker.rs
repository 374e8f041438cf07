//! Zoo: a payment is written down, committed, and charged up to 12 s later. Must not be accused.

use std::time::Duration;

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
    let mut workers_db = settings.database().await?;
    let stripe = settings.payment_api();

    let intake = async {
        loop {
            let record = consumer.recv().await?;
            let payment = Payment::from_record(&record)?;
            let json = serde_json::to_string(&payment)?;
            let insert = "INSERT INTO work VALUES ($1, $2) ON CONFLICT DO NOTHING";
            db.execute(insert, &[&payment.id, &json]).await?;
            consumer.commit_message(&record, CommitMode::Sync)?;
        }
    };
    let worker = async {
        loop {
            // The planted behaviour: this silence is not a loss, the table remembers the payment.
            tokio::time::sleep(Duration::from_secs(12)).await;
            let claim = workers_db.transaction().await?;
            let due = "SELECT payment FROM work WHERE NOT charged FOR UPDATE SKIP LOCKED";
            for row in claim.query(due, &[]).await? {
                let payment: Payment = serde_json::from_str(row.get(0))?;
                stripe.charge(&payment, Some(&payment.id)).await?;
                let done = "UPDATE work SET charged = true WHERE msg_id = $1";
                claim.execute(done, &[&payment.id]).await?;
            }
            claim.commit().await?;
        }
    };
    tokio::select! { failed = intake => failed, failed = worker => failed }
}
