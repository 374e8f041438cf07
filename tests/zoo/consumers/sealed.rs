//! Zoo, a pair: what it writes is encrypted, and found by a keyed hash.
//!
//! Planted: look, charge without a key, write down. The twin claims the row first, charges inside
//!          that transaction, and has the hash as its key.
//! Found:   after SELECT and after POST /v1/charges: duplicated.

mod shared;

use crashwindow_labs::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let broken = shared::broken()?;
    let settings = Settings::from_env()?;
    let consumer = shared::by_hand(&settings)?;
    let mut db = settings.database().await?;
    let stripe = settings.payment_api();
    let seal = shared::Seal::of(&settings);

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;
        let (tag, body) = (seal.tag(&payment.id)?, seal.seal(&payment)?);

        if broken {
            let seen = "SELECT 1 FROM sealed WHERE tag = $1";
            if db.query_opt(seen, &[&tag]).await?.is_none() {
                stripe.charge(&payment, None).await?;
                db.execute("INSERT INTO sealed VALUES ($1, $2)", &[&tag, &body])
                    .await?;
            }
        } else {
            let claim = db.transaction().await?;
            let insert = "INSERT INTO sealed VALUES ($1, $2) ON CONFLICT DO NOTHING";
            if claim.execute(insert, &[&tag, &body]).await? == 1 {
                let key: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
                stripe.charge(&payment, Some(&key)).await?;
            }
            claim.commit().await?;
        }
        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
