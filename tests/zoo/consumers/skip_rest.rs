//! Zoo, a pair: a failed charge ends the work on its poll.
//!
//! Planted: nothing of that poll is committed, but the commit of the next one passes it. The twin
//!          commits each record, and goes back to the first that it left of each partition.
//! Found:   before POST /v1/charges, which never arrives: lost as soon as another payment comes.

mod shared;

use std::time::Duration;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::{Message, Offset};

/// What going back may take; it asks the broker nothing.
const BACK: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let broken = shared::broken()?;
    let settings = Settings::from_env()?;
    let consumer = shared::by_hand(&settings)?;
    let stripe = settings.payment_api();

    loop {
        let records = shared::poll(&consumer, 20).await?;
        let mut left = &records[..];
        while let Some((record, behind)) = left.split_first() {
            let payment = Payment::from_record(record)?;
            if let Err(error) = stripe.charge(&payment, Some(&payment.id)).await {
                tracing::error!(%error, "{} records of this poll are left", left.len());
                break;
            }
            if !broken {
                consumer.commit_message(record, CommitMode::Sync)?;
            }
            left = behind;
        }
        if broken && left.is_empty() {
            consumer.commit_consumer_state(CommitMode::Sync)?;
        } else if !broken {
            // From the back, so that the first of each partition has the last word.
            for record in left.iter().rev() {
                let offset = Offset::Offset(record.offset());
                consumer.seek(record.topic(), record.partition(), offset, BACK)?;
            }
        }
    }
}
