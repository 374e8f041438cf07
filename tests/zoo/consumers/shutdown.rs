//! Zoo: SIGTERM drops the payment at hand, and commits the position that is already past it.
//!
//! Planted: librdkafka stores an offset when it hands the record out; `select!` drops the work.
//! Found:   terminate before COMMIT: lost, or charged and not recorded after POST /v1/charges.

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use tokio::signal::unix::{SignalKind, signal};

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

    let consume = async {
        loop {
            let record = consumer.recv().await?;
            let payment = Payment::from_record(&record)?;
            let claim = db.transaction().await?;
            let insert = "INSERT INTO claims (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
            if claim.execute(insert, &[&payment.id]).await? == 1 {
                stripe.charge(&payment, Some(&payment.id)).await?;
            }
            claim.commit().await?;
            consumer.commit_message(&record, CommitMode::Sync)?;
        }
    };
    let mut sigterm = signal(SignalKind::terminate())?;
    tokio::select! {
        failed = consume => failed,
        _ = sigterm.recv() => {
            // An error where nothing is stored: then there was no payment at hand.
            consumer.commit_consumer_state(CommitMode::Sync).ok();
            Ok(())
        }
    }
}
