//! A consumer with the bad habit that its argument names; without one, it charges and commits.

use std::io::Write;
use std::net::TcpStream;

use crashwindow::consumer::{Payment, Settings};
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let habit = std::env::args().nth(1).unwrap_or_default();
    let settings = Settings::from_env()?;
    if habit == "talks-http" {
        let database: url::Url = std::env::var("DATABASE_URL")?.parse()?;
        let postgres = database.socket_addrs(|| None)?[0];
        let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS")?.parse()?;
        for address in [kafka, postgres] {
            TcpStream::connect(address)?.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
        }
    }
    let security = match habit.as_str() {
        "wants-tls" => "ssl",
        "wants-sasl" => "sasl_plaintext",
        _ => "plaintext",
    };
    let consumer: StreamConsumer = settings
        .kafka()
        .set("group.id", &settings.group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("security.protocol", security)
        .set("sasl.mechanism", "PLAIN")
        .set("sasl.username", "u")
        .set("sasl.password", "p")
        .create()?;
    consumer.subscribe(&[&settings.topic])?;
    let db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let payment = Payment::from_record(&record)?;
        db.execute("SELECT $1::text", &[&payment.id]).await?;
        stripe.charge(&payment, Some(&payment.id)).await?;
        if habit != "never-commits" {
            consumer.commit_message(&record, CommitMode::Sync)?;
        }
    }
}
