//! Lab 3, fixed: a durable intent, a stable key, and a look at the provider before a second try.
//!
//! Promised:      every payment is charged, and is charged once, however late the redelivery.
//! Not promised:  that an attempt which is itself a day old, frozen, cannot charge again.

use crashwindow_labs::{Payment, Settings};
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
    let db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;

        let begin = "UPDATE intents SET tries = tries + 1 WHERE payment_id = $1
                     RETURNING tries, charge_id";
        let intent = db.query_one(begin, &[&payment.id]).await?;
        let (tries, saved): (i32, Option<String>) = (intent.get(0), intent.get(1));
        if saved.is_none() {
            // A key forgets after a day; a search does not know the last minute. Together: always.
            let earlier = match tries {
                1 => None,
                _ => stripe.find_charge(&payment).await?,
            };
            let charge = match earlier {
                Some(charge) => charge,
                None => stripe.charge(&payment, Some(&payment.id)).await?,
            };
            let save = "UPDATE intents SET charge_id = $2 WHERE payment_id = $1";
            db.execute(save, &[&payment.id, &charge.id]).await?;
        }

        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
