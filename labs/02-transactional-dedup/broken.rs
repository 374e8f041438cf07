//! Lab 2, broken: the effect first, its marker after it, in a transaction of its own.
//!
//! Promised:      every order is marked paid, wherever the process dies.
//! Not promised:  that it is marked paid only once.

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

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;

        let seen = "SELECT 1 FROM processed WHERE msg_id = $1";
        if db.query_opt(seen, &[&payment.id]).await?.is_none() {
            let pay = "UPDATE orders SET status = 'paid', paid_by = $2 WHERE order_id = $1";
            db.execute(pay, &[&payment.order_id, &payment.id]).await?; // is committed here

            let mark = "INSERT INTO processed (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
            db.execute(mark, &[&payment.id]).await?; // and this is another transaction
        }

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
