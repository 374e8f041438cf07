//! Zoo, a pair: a whole poll is one statement, of as many rows as it brought; the row is the effect.
//!
//! Planted: the offsets of the poll are committed before its rows are written. The twin writes first.
//! Found:   before the INSERT: lost.

mod shared;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer};
use tokio_postgres::types::ToSql;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let broken = shared::broken()?;
    let settings = Settings::from_env()?;
    let consumer = shared::by_hand(&settings)?;
    let db = settings.database().await?;

    loop {
        let records = shared::poll(&consumer, 20).await?;
        let payments = records.iter().map(Payment::from_record);
        let payments: Vec<Payment> = payments.collect::<Result<_, _>>()?;

        if broken {
            consumer.commit_consumer_state(CommitMode::Sync)?;
        }
        let row = |i: usize| format!("(${}, ${})", 2 * i + 1, 2 * i + 2);
        let rows: Vec<String> = (0..payments.len()).map(row).collect();
        let rows = rows.join(", ");
        let insert =
            format!("INSERT INTO ledger (msg_id, amount) VALUES {rows} ON CONFLICT DO NOTHING");
        let mut values: Vec<&(dyn ToSql + Sync)> = Vec::new();
        for payment in &payments {
            values.extend([&payment.id as &(dyn ToSql + Sync), &payment.amount]);
        }
        db.execute(&insert, &values).await?;
        if !broken {
            consumer.commit_consumer_state(CommitMode::Sync)?;
        }
    }
}
