//! Zoo, a pair: the statements name the order, and no payment.
//!
//! Planted: look, charge without a key, write down. The twin claims the order's row first, charges
//!          inside that transaction, and makes the key of the order.
//! Found:   after SELECT and after POST /v1/charges: duplicated, as in lab 1.

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

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;
        let order = &payment.order_id;

        if broken {
            let paid = "SELECT 1 FROM paid_orders WHERE order_id = $1";
            if db.query_opt(paid, &[order]).await?.is_none() {
                stripe.charge(&payment, None).await?;
                let insert = "INSERT INTO paid_orders (order_id) VALUES ($1)";
                db.execute(insert, &[order]).await?;
            }
        } else {
            let claim = db.transaction().await?;
            let insert = "INSERT INTO paid_orders (order_id) VALUES ($1) ON CONFLICT DO NOTHING";
            if claim.execute(insert, &[order]).await? == 1 {
                stripe.charge(&payment, Some(order)).await?;
            }
            claim.commit().await?;
        }
        consumer.commit_message(&record, CommitMode::Sync)?;
    }
}
