//! Zoo, a pair: what cannot be charged is parked in a topic, committed, and the process starts afresh.
//!
//! Planted: nobody waits until the parked record is delivered, and it ends with the process. The
//!          twin sees it delivered before it commits.
//! Found:   before POST /v1/charges, which never arrives: lost; the twin's is parked.

mod shared;

use std::time::Duration;

use anyhow::Context;
use crashwindow_labs::{Payment, Settings};
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let broken = shared::broken()?;
    let settings = Settings::from_env()?;
    let topic = std::env::var("KAFKA_PARKED_TOPIC").context("no KAFKA_PARKED_TOPIC")?;
    let consumer = shared::by_hand(&settings)?;
    let stripe = settings.payment_api();
    let parking: FutureProducer = settings
        .kafka()
        .set("linger.ms", "1000") // parked records are few, and nobody waits for them
        .create()?;

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;

        let charged = stripe.charge(&payment, Some(&payment.id)).await;
        if charged.is_err() {
            let payload = record.payload().unwrap_or_default();
            let parked = FutureRecord::to(&topic).key(&payment.id).payload(payload);
            let delivered = parking.send_result(parked).map_err(|(error, _)| error)?;
            if !broken {
                parking.flush(Duration::from_secs(10))?; // it does not wait for the lingering
                delivered.await?.map_err(|(error, _)| error)?;
            }
        }
        consumer.commit_message(&record, CommitMode::Sync)?;
        charged?;
    }
}
