//! Zoo: a payment is known by where it lies in the log, not by its id.
//!
//! Planted: the same payment at a new offset is a new payment, to the table and to the provider.
//! Found:   with the fault duplicate: charged twice.

use crashwindow_labs::{Payment, Settings};
use rdkafka::Message;
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
        let (topic, partition, offset) = (record.topic(), record.partition(), record.offset());

        let claim = db.transaction().await?;
        let insert = "INSERT INTO claimed_offsets VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
        let place: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&topic, &partition, &offset, &payment.id];
        if claim.execute(insert, &place).await? == 1 {
            let key = format!("{topic}/{partition}/{offset}");
            stripe.charge(&payment, Some(&key)).await?;
        }
        claim.commit().await?;

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
