//! What the pairs of the zoo share. None of it is planted.
#![allow(dead_code, reason = "each consumer uses what it needs")]

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use crashwindow_labs::{Payment, Settings};
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use openssl::symm::{Cipher, encrypt};
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::BorrowedMessage;
use rdkafka::{ClientConfig, ClientContext};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufStream};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

/// How long a poll waits for more after its first record: what was produced together comes together.
const GATHER: Duration = Duration::from_millis(100);

/// Which of the pair is to run.
pub fn broken() -> anyhow::Result<bool> {
    match std::env::args().nth(1).as_deref() {
        Some("broken") => Ok(true),
        Some("twin") => Ok(false),
        other => anyhow::bail!("the argument is broken or twin, not {other:?}"),
    }
}

/// The settings of lab 1's consumers.
pub fn config(settings: &Settings) -> ClientConfig {
    let mut config = settings.kafka();
    config
        .set("group.id", &settings.group)
        .set("enable.auto.commit", "false") // only the consumer's own commits move our position
        .set("auto.offset.reset", "earliest") // no position yet: start at the first payment
        .set("heartbeat.interval.ms", "100"); // how soon we hear that the group rebalances
    config
}

/// A member of the group that commits by hand, with the settings of lab 1's consumers.
pub fn by_hand(settings: &Settings) -> anyhow::Result<StreamConsumer> {
    joined(settings, &[])
}

/// A member of the group with settings of its own; without any it commits by hand.
pub fn joined(settings: &Settings, own: &[(&str, &str)]) -> anyhow::Result<StreamConsumer> {
    let mut config = config(settings);
    for (name, value) in own {
        config.set(*name, *value);
    }
    let consumer: StreamConsumer = config.create()?;
    consumer.subscribe(&[&settings.topic])?;
    Ok(consumer)
}

/// The id of the payment in a record, and the payment as JSON.
pub fn written(record: &BorrowedMessage<'_>) -> anyhow::Result<(String, String)> {
    let payment = Payment::from_record(record)?;
    let json = serde_json::to_string(&payment)?;
    Ok((payment.id, json))
}

/// A poll as other clients know it: the first record and what comes right behind it, up to `most`.
pub async fn poll(consumer: &StreamConsumer, most: usize) -> KafkaResult<Vec<BorrowedMessage<'_>>> {
    let mut records = vec![consumer.recv().await?];
    let gather = async {
        while records.len() < most {
            records.push(consumer.recv().await?);
        }
        Ok::<(), KafkaError>(())
    };
    // In time or not: what has come has come.
    tokio::time::timeout(GATHER, gather)
        .await
        .unwrap_or(Ok(()))?;
    Ok(records)
}

/// Commits what is stored when partitions are revoked, and tells of it. Both happen where the consumer
/// is polled.
#[derive(Clone, Default)]
pub struct CommitsWhenRevoked(Arc<Notify>);

impl CommitsWhenRevoked {
    /// Ends when partitions are revoked after it was called.
    pub fn heard(&self) -> Notified<'_> {
        self.0.notified()
    }
}

impl ClientContext for CommitsWhenRevoked {}

impl ConsumerContext for CommitsWhenRevoked {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(_) = rebalance {
            // An error where nothing is stored: then there is nothing to commit.
            consumer.commit_consumer_state(CommitMode::Sync).ok();
            self.0.notify_waiters();
        }
    }
}

/// Polls so that the group hears of us, and keeps what comes for later; ends with an error.
pub async fn poll_on<'a, C: ConsumerContext + 'static>(
    consumer: &'a StreamConsumer<C>,
    waiting: &mut VecDeque<BorrowedMessage<'a>>,
) -> KafkaError {
    loop {
        match consumer.recv().await {
            Ok(record) => waiting.push_back(record),
            Err(error) => return error,
        }
    }
}

/// A payment as bytes in which nobody but [`unpickle`] can read its id: no letter of it is a byte.
pub fn pickle(payment: &Payment) -> anyhow::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Default::default());
    encoder.write_all(&serde_json::to_vec(payment)?)?;
    Ok(encoder.finish()?)
}

/// The payment again.
pub fn unpickle(bytes: &[u8]) -> anyhow::Result<Payment> {
    let mut json = String::new();
    DeflateDecoder::new(bytes).read_to_string(&mut json)?;
    Ok(serde_json::from_str(&json)?)
}

/// Hides what it is given. Every instance of a run has the same secret, and no two runs have.
pub struct Seal([u8; 32]);

impl Seal {
    pub fn of(settings: &Settings) -> Self {
        Self(openssl::sha::sha256(settings.group.as_bytes()))
    }

    /// A keyed hash: equal for equal texts, and it tells nothing of them.
    pub fn tag(&self, text: &str) -> anyhow::Result<Vec<u8>> {
        let key = PKey::hmac(&self.0)?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
        Ok(signer.sign_oneshot_to_vec(text.as_bytes())?)
    }

    /// The payment encrypted, other bytes each time.
    pub fn seal(&self, payment: &Payment) -> anyhow::Result<Vec<u8>> {
        let (iv, json): ([u8; 16], _) = (rand::random(), serde_json::to_vec(payment)?);
        let body = encrypt(Cipher::aes_256_ctr(), &self.0, Some(&iv), &json)?;
        Ok([&iv[..], &body].concat())
    }
}

/// A connection to the Redis at `REDIS_URL`.
pub struct Redis(BufStream<TcpStream>);

impl Redis {
    pub async fn connect() -> anyhow::Result<Self> {
        let url = std::env::var("REDIS_URL").context("the environment has no REDIS_URL")?;
        let address = url.trim_start_matches("redis://").trim_end_matches('/');
        Ok(Self(BufStream::new(TcpStream::connect(address).await?)))
    }

    /// Sends a command and returns the first line of the answer: `+OK`, `:1`, or `$-1` for nil.
    pub async fn command(&mut self, words: &[&str]) -> anyhow::Result<String> {
        let word = |word: &&str| format!("${}\r\n{word}\r\n", word.len());
        let words_sent: String = words.iter().map(word).collect();
        let command = format!("*{}\r\n{words_sent}", words.len());
        self.0.write_all(command.as_bytes()).await?;
        self.0.flush().await?;
        let mut answer = String::new();
        self.0.read_line(&mut answer).await?;
        let answer = answer.trim_end();
        anyhow::ensure!(
            !answer.is_empty() && !answer.starts_with('-'),
            "Redis: {answer:?}"
        );
        Ok(answer.to_owned())
    }
}
