//! Lab 2, fixed: the marker and the effect are one transaction.
//!
//! Promised:      every order is marked paid, and is marked paid once.
//! Not promised:  that a frozen instance cannot hold up its successor: it holds the row lock.

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use tokio_postgres::error::SqlState;

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

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;

        let work = db.transaction().await?;
        let mark = "INSERT INTO processed (msg_id) VALUES ($1)"; // UNIQUE: only one can commit
        match work.execute(mark, &[&payment.id]).await {
            Ok(_) => {
                let pay = "UPDATE orders SET status = 'paid', paid_by = $2 WHERE order_id = $1";
                work.execute(pay, &[&payment.order_id, &payment.id]).await?;
                work.commit().await?;
            }
            Err(e) if e.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                work.rollback().await?; // the failed INSERT has ended the transaction anyway
                tracing::info!(payment = payment.id, "duplicate");
            }
            Err(e) => return Err(e.into()),
        }

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
