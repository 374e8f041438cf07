//! Zoo, a pair: it ends without a word to its group, whose session lasts as long as by default.
//!
//! Planted: the offset is committed before the payment is dealt with. The twin commits last.
//! Found:   as of zoo-commit-first. Neither may be unknown for a member that is gone and stays.

mod shared;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let session = ("session.timeout.ms", "45000"); // the default: how long the dead stay members
    let heartbeat = ("heartbeat.interval.ms", "3000"); // the default: how late we hear of others
    let consumer = shared::joined(&settings, &[session, heartbeat])?;
    let mut sigterm = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        sigterm.recv().await;
        std::process::abort(); // nothing is closed
    });
    tracing::error!("{:?}", consume(&settings, &consumer).await);
    std::process::abort(); // here, too, before the consumer is dropped
}

async fn consume(settings: &Settings, consumer: &StreamConsumer) -> anyhow::Result<()> {
    let broken = shared::broken()?;
    let mut db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;
        if broken {
            consumer.commit_message(&record, CommitMode::Sync)?;
        }
        let claim = db.transaction().await?;
        let insert = "INSERT INTO claims (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
        if claim.execute(insert, &[&payment.id]).await? == 1 {
            stripe.charge(&payment, Some(&payment.id)).await?;
        }
        claim.commit().await?;
        if !broken {
            consumer.commit_message(&record, CommitMode::Sync)?;
        }
    }
}
