//! A consumer with the bad habit that its argument names; without one, it charges and commits.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crashwindow_labs::{Payment, PaymentApi, Settings};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{FutureProducer, FutureRecord};

/// Asks for TLS (PostgreSQL: Frontend/Backend Protocol, "SSLRequest").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let habit = std::env::args().nth(1).unwrap_or_default();
    let settings = Settings::from_env()?;
    let _idle = match habit.as_str() {
        "talks-http" => {
            let kafka = std::env::var("KAFKA_BOOTSTRAP_SERVERS")?.parse()?;
            for address in [kafka, postgres()?] {
                TcpStream::connect(address)?.write_all(b"GET / HTTP/1.1\r\n\r\n")?;
            }
            None
        }
        // As drivers do whose `sslmode` is `prefer`, and which reconnect.
        "falls-back" => {
            ask_for_tls()?;
            None
        }
        // As a pool does in which a connection is being made when the process ends.
        "is-always-connecting" => Some(ask_for_tls()?),
        _ => None,
    };
    let consumer = consumer(&habit, &settings).await?;
    let db = settings.database().await?;
    let stripe = settings.payment_api();

    loop {
        let record = consumer.recv().await?;
        let done = match habit.as_str() {
            "commits-in-pairs" => in_pairs(&db, &consumer, &record).await,
            "parks-and-makes-topics" => {
                park_the_first(&settings, &record).await?;
                charge(&db, &stripe, &record).await
            }
            _ => charge(&db, &stripe, &record).await,
        };
        match done {
            // It keeps its partition, and its process its place.
            Err(error) if habit == "hangs-on-errors" => {
                eprintln!("{error}");
                std::future::pending().await
            }
            done => done?,
        }
        if !matches!(habit.as_str(), "never-commits" | "commits-in-pairs") {
            consumer.commit_message(&record, CommitMode::Sync)?;
        }
    }
}

async fn consumer(habit: &str, settings: &Settings) -> anyhow::Result<StreamConsumer> {
    let security = match habit {
        "wants-tls" => "ssl",
        "wants-sasl" => "sasl_plaintext",
        _ => "plaintext",
    };
    // As Nest's transport names it.
    let group = match habit {
        "joins-another-group" => format!("{}-server", settings.group),
        _ => settings.group.clone(),
    };
    let topic = match habit {
        "reads-a-missing-topic" => "orders.v1".to_owned(),
        "reads-its-own-topic" => make_topic(settings, "own").await?,
        _ => settings.topic.clone(),
    };
    let consumer: StreamConsumer = settings
        .kafka()
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("security.protocol", security)
        .set("sasl.mechanism", "PLAIN")
        .set("sasl.username", "u")
        .set("sasl.password", "p")
        .create()?;
    if habit != "reads-nothing" {
        consumer.subscribe(&[&topic])?;
    }
    Ok(consumer)
}

async fn charge(
    db: &tokio_postgres::Client,
    stripe: &PaymentApi,
    record: &BorrowedMessage<'_>,
) -> anyhow::Result<()> {
    let payment = Payment::from_record(record)?;
    db.execute("SELECT $1::text", &[&payment.id]).await?;
    stripe.charge(&payment, Some(&payment.id)).await?;
    Ok(())
}

/// A second payment that comes soon shares the transaction of the first, and thereby its locks.
async fn in_pairs(
    db: &tokio_postgres::Client,
    consumer: &StreamConsumer,
    first: &BorrowedMessage<'_>,
) -> anyhow::Result<()> {
    let claim = "INSERT INTO claims (msg_id) VALUES ($1) ON CONFLICT DO NOTHING";
    let payment = Payment::from_record(first)?;
    db.batch_execute("BEGIN").await?;
    db.execute(claim, &[&payment.id]).await?;
    let second = tokio::time::timeout(Duration::from_millis(300), consumer.recv()).await;
    let second = second.ok().transpose()?;
    if let Some(second) = &second {
        let payment = Payment::from_record(second)?;
        db.execute(claim, &[&payment.id]).await?;
    }
    db.batch_execute("COMMIT").await?;
    let last = second.as_ref().unwrap_or(first);
    Ok(consumer.commit_message(last, CommitMode::Sync)?)
}

/// The first payment goes to the lab's topic for
/// what cannot be done, and is done all the same.
async fn park_the_first(settings: &Settings, record: &BorrowedMessage<'_>) -> anyhow::Result<()> {
    let payment = Payment::from_record(record)?;
    // What follows is the run's own.
    if !payment.id.starts_with("msg-0001-") {
        return Ok(());
    }
    make_topic(settings, "retry-0").await?;
    let parked = std::env::var("KAFKA_PARKED_TOPIC")?;
    let producer: FutureProducer = settings.kafka().create()?;
    let record = FutureRecord::to(&parked).key("").payload(&payment.id);
    let sent = producer.send(record, Duration::from_secs(10)).await;
    sent.map_err(|(error, _)| error)?;
    Ok(())
}

/// As retries and changelogs are made by who needs them.
async fn make_topic(settings: &Settings, suffix: &str) -> anyhow::Result<String> {
    let admin: AdminClient<DefaultClientContext> = settings.kafka().create()?;
    let name = format!("{}-{suffix}", settings.topic);
    let topic = NewTopic::new(&name, 1, TopicReplication::Fixed(1));
    admin.create_topics([&topic], &AdminOptions::new()).await?;
    Ok(name)
}

fn postgres() -> anyhow::Result<SocketAddr> {
    let database: url::Url = std::env::var("DATABASE_URL")?.parse()?;
    Ok(database.socket_addrs(|| None)?[0])
}

/// A connection that was told that there is no TLS.
fn ask_for_tls() -> anyhow::Result<TcpStream> {
    let mut connection = TcpStream::connect(postgres()?)?;
    connection.write_all(&SSL_REQUEST)?;
    connection.read_exact(&mut [0])?;
    Ok(connection)
}
