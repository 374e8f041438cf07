//! Zoo, a pair: what it has seen is in a Redis.
//!
//! Planted: the marker is set before the charge. The twin charges with a key, and marks afterwards.
//! Found:   before POST /v1/charges: lost, because the marker says that it was done.

mod shared;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let broken = shared::broken()?;
    let settings = Settings::from_env()?;
    let consumer = shared::by_hand(&settings)?;
    let mut redis = shared::Redis::connect().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;
        let marker = format!("seen:{}", payment.id);

        if broken {
            let set = ["SET", &marker, "1", "NX", "EX", "86400"];
            if redis.command(&set).await? == "+OK" {
                stripe.charge(&payment, Some(&payment.id)).await?;
            }
        } else if redis.command(&["EXISTS", &marker]).await? == ":0" {
            stripe.charge(&payment, Some(&payment.id)).await?;
            redis.command(&["SET", &marker, "1", "EX", "86400"]).await?;
        }
        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
