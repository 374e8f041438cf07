//! Zoo, a pair: a payment becomes a row of a queue; a worker takes it, charges it and marks it done.
//!
//! Planted: nobody looks for what was taken and is not done. The twin does when it starts.
//! Found:   whatever keeps the worker from a payment that it took; unanswered, it just goes on.

mod shared;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let (intake, mut worker) = (settings.database().await?, settings.database().await?);
    let recover = "UPDATE queue SET taken = false WHERE NOT charged";
    if !shared::broken()? {
        worker.execute(recover, &[]).await?;
    }
    let consumer = shared::joined(&settings, &[("enable.auto.commit", "false")])?;

    let intake = async {
        loop {
            let record = consumer.recv().await?;
            let (id, json) = shared::written(&record)?;
            let insert = "INSERT INTO queue VALUES ($1, $2) ON CONFLICT DO NOTHING";
            intake.execute(insert, &[&id, &json]).await?;
            consumer.commit_message(&record, CommitMode::Sync)?;
        }
    };
    let work = async {
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            let due = "SELECT payment FROM queue WHERE NOT taken LIMIT 1";
            for row in worker.query(due, &[]).await? {
                let payment: Payment = serde_json::from_str(row.get(0))?;
                let take = "UPDATE queue SET taken = true WHERE msg_id = $1";
                if worker.execute(take, &[&payment.id]).await.is_err() {
                    worker = settings.database().await?;
                    continue;
                }
                let stripe = settings.payment_api();
                stripe.charge(&payment, Some(&payment.id)).await?;
                let done = "UPDATE queue SET charged = true WHERE msg_id = $1";
                worker.execute(done, &[&payment.id]).await?;
            }
        }
    };
    tokio::select! { failed = intake => failed, failed = work => failed }
}
