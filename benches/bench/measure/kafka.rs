//! Records of 1 KiB: many at once in both directions, and one after another.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use crashwindow::event::message_id;
use crashwindow::stack::Kafka;
use rdkafka::ClientContext;
use rdkafka::Message;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use tokio::runtime::Handle;

use super::stats::{Latency, Rounds};
use super::ways::{Way, Ways};
use super::{Print, Scale};

pub(super) const SIZE: usize = 1024;
/// Nothing here takes a tenth of it.
const DEADLINE: Duration = Duration::from_secs(60);
/// How many records of a way follow one another before the next way's turn: enough for it to run
/// warm, and few against the noise of a shared machine.
const TURN: usize = 50;

pub(super) async fn measure(
    ways: &Arc<Ways>,
    scale: Scale,
    print: &mut Print<'_>,
) -> anyhow::Result<()> {
    let ways = Arc::clone(ways);
    // Clients of librdkafka block.
    let measured = tokio::task::spawn_blocking(move || blocking(&ways, scale)).await?;
    for line in measured? {
        print(&line);
    }
    Ok(())
}

fn blocking(ways: &Ways, scale: Scale) -> anyhow::Result<Vec<String>> {
    for way in &ways.all {
        leads_through(way)?;
    }
    let mut produced = Rounds::new(ways.names());
    let mut consumed = Rounds::new(ways.names());
    let mut single = Rounds::new(ways.names());
    let before = events(ways);
    for round in 0..scale.rounds {
        let (mut rates_in, mut rates_out) = (vec![0.0; ways.all.len()], vec![0.0; ways.all.len()]);
        for index in ways.order(round) {
            let way = &ways.all[index];
            let topic = Topic::create(&ways.all[0].kafka, &format!("many-{round}-{index}"))?;
            rates_in[index] = scale.records as f64 / produce(way, &topic, scale)?.as_secs_f64();
            rates_out[index] = scale.records as f64 / consume(way, &topic, scale)?.as_secs_f64();
            topic.delete()?;
        }
        produced.push(rates_in);
        consumed.push(rates_out);
    }
    for round in 0..scale.rounds {
        let topic = Topic::create(&ways.all[0].kafka, &format!("single-{round}"))?;
        single.push(one_by_one(ways, &topic, round, scale)?);
        topic.delete()?;
    }
    let seen = events(ways) - before;
    let least = (scale.rounds * scale.single_records) as u64;
    ensure!(
        seen > least,
        "the tap saw {seen} events, fewer than {least} records"
    );
    let mib = SIZE as f64 / f64::from(1 << 20);
    Ok(vec![
        format!(
            "kafka, 1 KiB records produced:  {}",
            produced.rates("MiB/s", mib)
        ),
        format!(
            "kafka, 1 KiB records consumed:  {}",
            consumed.rates("MiB/s", mib)
        ),
        format!("kafka, one record acknowledged: {}", single.latencies()),
    ])
}

fn events(ways: &Ways) -> u64 {
    let recorders = ways.all.iter().filter_map(|way| way.seen.as_ref());
    recorders.map(|recorder| recorder.events()).sum()
}

/// Proves that a client stays on its way: every broker that it is told of is where it came in.
fn leads_through(way: &Way) -> anyhow::Result<()> {
    let client: BaseConsumer = way.kafka.client_config().create()?;
    let metadata = client.fetch_metadata(None, DEADLINE)?;
    let mut told = metadata
        .brokers()
        .iter()
        .map(|b| format!("{}:{}", b.host(), b.port()));
    ensure!(
        told.all(|address| address == way.kafka.bootstrap) && !metadata.brokers().is_empty(),
        "the way {} begins at {} and leads elsewhere",
        way.name,
        way.kafka.bootstrap
    );
    Ok(())
}

/// A topic with one partition, made past everything.
struct Topic {
    name: String,
    admin: AdminClient<DefaultClientContext>,
}

impl Topic {
    fn create(kafka: &Kafka, name: &str) -> anyhow::Result<Self> {
        let admin: AdminClient<DefaultClientContext> = kafka.client_config().create()?;
        let new = NewTopic::new(name, 1, TopicReplication::Fixed(1));
        let created =
            Handle::current().block_on(admin.create_topics([&new], &AdminOptions::new()))?;
        for created in created {
            created.map_err(|(topic, error)| anyhow::anyhow!("topic {topic}: {error}"))?;
        }
        Ok(Self {
            name: name.to_owned(),
            admin,
        })
    }

    fn delete(self) -> anyhow::Result<()> {
        let names = [self.name.as_str()];
        let deleting = self.admin.delete_topics(&names, &AdminOptions::new());
        Handle::current().block_on(deleting)?;
        Ok(())
    }
}

/// Counts what was acknowledged, and keeps the first failure.
#[derive(Default)]
struct Acknowledged;

impl ClientContext for Acknowledged {}

impl ProducerContext for Acknowledged {
    type DeliveryOpaque = Arc<Delivery>;

    fn delivery(&self, result: &DeliveryResult<'_>, delivery: Arc<Delivery>) {
        match result {
            Ok(_) => delivery
                .done
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed),
            Err(_) => delivery
                .failed
                .fetch_add(1, std::sync::atomic::Ordering::Relaxed),
        };
    }
}

#[derive(Default)]
struct Delivery {
    done: std::sync::atomic::AtomicUsize,
    failed: std::sync::atomic::AtomicUsize,
}

impl Delivery {
    fn done(&self) -> anyhow::Result<usize> {
        let failed = self.failed.load(std::sync::atomic::Ordering::Relaxed);
        ensure!(failed == 0, "{failed} records were not acknowledged");
        Ok(self.done.load(std::sync::atomic::Ordering::Relaxed))
    }
}

/// A producer and what was acknowledged to it.
struct Sending {
    producer: BaseProducer<Acknowledged>,
    delivery: Arc<Delivery>,
    topic: String,
    payload: String,
    sent: usize,
}

impl Sending {
    /// A producer that is connected: its first record has been acknowledged.
    fn connected(way: &Way, topic: &Topic, linger_ms: &str) -> anyhow::Result<Self> {
        let mut config = way.kafka.client_config();
        config.set("linger.ms", linger_ms);
        let mut sending = Self {
            producer: config.create_with_context(Acknowledged)?,
            delivery: Arc::default(),
            topic: topic.name.clone(),
            payload: "x".repeat(SIZE),
            sent: 0,
        };
        sending.send()?;
        sending.wait()?;
        Ok(sending)
    }

    /// Sends a payment as the lab does: its id is in the header.
    fn send(&mut self) -> anyhow::Result<()> {
        self.sent += 1;
        let id = message_id(u32::try_from(self.sent)?);
        let headers = OwnedHeaders::new().insert(Header {
            key: "message-id",
            value: Some(&id),
        });
        let opaque = Arc::clone(&self.delivery);
        let mut record = BaseRecord::with_opaque_to(&self.topic, opaque)
            .key("order")
            .payload(&self.payload)
            .headers(headers);
        while let Err((error, refused)) = self.producer.send(record) {
            let is_full =
                error.rdkafka_error_code() == Some(rdkafka::types::RDKafkaErrorCode::QueueFull);
            ensure!(is_full, "a record was refused: {error}");
            record = refused;
            self.producer.poll(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Waits until everything that was sent is acknowledged.
    fn wait(&self) -> anyhow::Result<()> {
        let since = Instant::now();
        while self.delivery.done()? < self.sent {
            ensure!(
                since.elapsed() < DEADLINE,
                "waited {DEADLINE:?} for acknowledgements"
            );
            self.producer.poll(Duration::from_millis(100));
        }
        Ok(())
    }
}

fn produce(way: &Way, topic: &Topic, scale: Scale) -> anyhow::Result<Duration> {
    let mut sending = Sending::connected(way, topic, "5")?;
    let since = Instant::now();
    for _ in 0..scale.records {
        sending.send()?;
    }
    sending.producer.flush(DEADLINE)?;
    sending.wait()?;
    Ok(since.elapsed())
}

fn consume(way: &Way, topic: &Topic, scale: Scale) -> anyhow::Result<Duration> {
    let mut config = way.kafka.client_config();
    let consumer: BaseConsumer = config.set("group.id", &topic.name).create()?;
    let mut assigned = TopicPartitionList::new();
    assigned.add_partition_offset(&topic.name, 0, Offset::Beginning)?;
    consumer.assign(&assigned)?;
    let next = || {
        let polled = consumer.poll(DEADLINE).context("no record came")?;
        let record = polled?;
        ensure!(record.payload_len() == SIZE, "a record is not whole");
        anyhow::Ok(record.offset())
    };
    // The connection and the first fetch are not what is measured.
    ensure!(next()? == 0, "the first record is missing");
    let since = Instant::now();
    let last = i64::try_from(scale.records)?;
    while next()? < last {}
    Ok(since.elapsed())
}

/// The ways take turns, so that whatever else the machine does strikes each alike.
fn one_by_one(
    ways: &Ways,
    topic: &Topic,
    round: usize,
    scale: Scale,
) -> anyhow::Result<Vec<Latency>> {
    let connected = ways
        .all
        .iter()
        .map(|way| Sending::connected(way, topic, "0"));
    let mut producers: Vec<Sending> = connected.collect::<anyhow::Result<_>>()?;
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); producers.len()];
    let turns = scale.single_records.div_ceil(TURN);
    for turn in 0..turns {
        for index in ways.order(round + turn) {
            let left = scale.single_records - turn * TURN;
            for _ in 0..left.min(TURN) {
                let since = Instant::now();
                producers[index].send()?;
                producers[index].wait()?;
                times[index].push(since.elapsed());
            }
        }
    }
    Ok(times.iter().map(|times| Latency::of(times)).collect())
}
