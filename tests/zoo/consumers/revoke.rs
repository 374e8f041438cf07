//! Zoo, a pair: it polls while it works, and drops what it has in hand when its partitions are revoked.
//!
//! Planted: it commits then what it was handed out, and its twin no more than it has done.
//! Found:   with the fault join, wherever the partitions are revoked: lost.

mod shared;

use std::collections::VecDeque;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let handed_out_is_done = shared::broken()?.to_string();
    let settings = Settings::from_env()?;
    let revoked = shared::CommitsWhenRevoked::default();
    let consumer: StreamConsumer<_> = shared::config(&settings)
        .set("enable.auto.offset.store", handed_out_is_done) // what a revocation commits
        .create_with_context(revoked.clone())?;
    consumer.subscribe(&[&settings.topic])?;
    let mut db = settings.database().await?;
    let stripe = settings.payment_api();

    let mut waiting = VecDeque::new();
    loop {
        let record = match waiting.pop_front() {
            Some(record) => record,
            None => consumer.recv().await?,
        };
        let payment = Payment::from_record(&record)?;
        let work = async {
            let claim = db.transaction().await?;
            let insert = "INSERT INTO claims (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
            if claim.execute(insert, &[&payment.id]).await? == 1 {
                stripe.charge(&payment, Some(&payment.id)).await?;
            }
            Ok::<(), anyhow::Error>(claim.commit().await?)
        };
        tokio::select! {
            biased;
            () = revoked.heard() => waiting.clear(),
            done = work => {
                done?;
                consumer.commit_message(&record, CommitMode::Sync)?;
            }
            failed = shared::poll_on(&consumer, &mut waiting) => return Err(failed.into()),
        }
    }
}
