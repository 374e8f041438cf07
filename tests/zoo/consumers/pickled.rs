//! Zoo, a pair: a payment becomes a job, whose row holds it pickled; a worker that polls charges it.
//!
//! Planted: a timer commits what was handed out. The twin's commits what is written down.
//! Found:   stall-kill before the INSERT: acknowledged, and written down nowhere.

mod shared;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::Consumer;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let when_handed_out = if shared::broken()? { "true" } else { "false" };
    let settings = Settings::from_env()?;
    let own = [
        ("enable.auto.commit", "true"),      // by a timer, what is stored
        ("auto.commit.interval.ms", "1000"), // 5 s by default; far longer than a payment takes
        ("enable.auto.offset.store", when_handed_out),
    ];
    let consumer = shared::joined(&settings, &own)?;
    let (intake, worker) = (settings.database().await?, settings.database().await?);
    let stripe = settings.payment_api();

    let intake = async {
        loop {
            let record = consumer.recv().await?;
            let body = shared::pickle(&Payment::from_record(&record)?)?;
            let insert = "INSERT INTO jobs (body) VALUES ($1)";
            intake.execute(insert, &[&body]).await?;
            if when_handed_out == "false" {
                consumer.store_offset_from_message(&record)?;
            }
        }
    };
    let worker = async {
        loop {
            let due = "SELECT id, body FROM jobs WHERE NOT done ORDER BY id LIMIT 1";
            let Some(job) = worker.query_opt(due, &[]).await? else {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                continue;
            };
            let payment = shared::unpickle(job.get(1))?;
            stripe.charge(&payment, Some(&payment.id)).await?;
            let done = "UPDATE jobs SET done = true WHERE id = $1";
            worker.execute(done, &[&job.get::<_, i64>(0)]).await?;
        }
    };
    tokio::select! { failed = intake => failed, failed = worker => failed }
}
