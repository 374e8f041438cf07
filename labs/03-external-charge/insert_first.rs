//! Lab 3, claimed first: INSERT, charge and UPDATE in one transaction, and no key.
//!
//! Promised:      two instances never charge one payment at the same time.
//! Not promised:  that a rolled-back transaction takes its charge with it. It cannot.

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
    let mut db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;

        let work = db.transaction().await?;
        let claim = "INSERT INTO claims (payment_id) VALUES ($1) ON CONFLICT DO NOTHING";
        if work.execute(claim, &[&payment.id]).await? == 1 {
            let charge = stripe.charge(&payment, None).await?; // outside of every transaction
            let save = "UPDATE intents SET charge_id = $2 WHERE payment_id = $1";
            work.execute(save, &[&payment.id, &charge.id]).await?;
        }
        work.commit().await?;

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
