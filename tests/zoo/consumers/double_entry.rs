//! Zoo: a payment is two rows of a ledger, which one statement writes. Must not be accused.

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

        let booking = db.transaction().await?;
        // What is hard to tell: two events of one name, and so two windows.
        let insert = "INSERT INTO entries VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        for (account, amount) in [("customer", -payment.amount), ("revenue", payment.amount)] {
            booking
                .execute(insert, &[&payment.id, &account, &amount])
                .await?;
        }
        stripe.charge(&payment, Some(&payment.id)).await?;
        booking.commit().await?;

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
