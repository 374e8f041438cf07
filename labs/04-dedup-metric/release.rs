//! Lab 4, a release that broke dedup: each process has a namespace of its own among the processed
//! payments, "so that each can clear up after itself".
//!
//! Promised:      every payment is in the ledger, wherever the process dies.
//! Not promised:  that it is there once: who takes over a partition looks in another namespace.

use crashwindow_labs::{Batch, Metrics, Settings};
use futures::StreamExt;
use rdkafka::consumer::{Consumer, StreamConsumer};

const STORED: &str = r#"SELECT key, partition, "offset" FROM processed WHERE key = ANY($1)"#;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (settings, metrics) = (Settings::from_env()?, Metrics::serve().await?);
    let consumer: StreamConsumer<Metrics> = settings
        .kafka()
        .set("group.id", &settings.group)
        .set("auto.commit.interval.ms", "2000") // what is lost with a partition: two seconds' work
        .set("enable.auto.offset.store", "false") // commit only what is in the ledger
        .set("auto.offset.reset", "earliest") // no position yet: start at the first payment
        .set("partition.assignment.strategy", "cooperative-sticky") // move what must, no more
        .set("session.timeout.ms", "3000") // the lab's time runs about twelve times as fast
        .set("max.poll.interval.ms", "4000") // a batch is done in this time, or we are out
        .set("heartbeat.interval.ms", "100") // how soon we hear that the group rebalances
        .set("statistics.interval.ms", "500") // lag and uncommitted records, for the metrics
        .create_with_context(metrics.clone())?;
    consumer.subscribe(&[&settings.topic])?;
    let db = settings.database().await?;
    let claim = db.prepare(include_str!("claim.sql")).await?;

    let mut polls = consumer.stream().ready_chunks(500); // what is there, never waiting for more
    while let Some(polled) = polls.next().await {
        let _busy = metrics.busy();
        let batch = Batch::read(polled)?;
        let keys = batch.column(|payment| format!("{}/{}", std::process::id(), payment.id));

        let claimed = db
            .query(&claim, &batch.columns(&keys, &settings.topic))
            .await?;
        let stored = match claimed.len() == keys.len() {
            true => Vec::new(),
            false => db.query(STORED, &[&keys]).await?,
        };
        metrics.checked(&batch.checks(&keys, &claimed, &stored));
        for (partition, offset) in batch.ends() {
            // Refused where the partition is ours no more: its new owner begins at the commit.
            let _ = consumer.store_offset(&settings.topic, partition, offset);
        }
    }
    Ok(())
}
