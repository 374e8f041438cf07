//! Lab 2, marker first: the marker decides, and is committed before the effect.
//!
//! Promised:      no order is marked paid twice, wherever the process dies.
//! Not promised:  that every order is marked paid at all.

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

        let mark = "INSERT INTO processed (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
        // Is committed here: from now on, every redelivery is a duplicate.
        if db.execute(mark, &[&payment.id]).await? == 1 {
            let pay = "UPDATE orders SET status = 'paid', paid_by = $2 WHERE order_id = $1";
            db.execute(pay, &[&payment.order_id, &payment.id]).await?; // another transaction
        }

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
