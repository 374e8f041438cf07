//! Passes payments on from topic to topic, each in a transaction with its own offset.
//!
//! Promised:      what Kafka hands over again is passed on once.
//! Not promised:  that a frozen instance cannot hold up its successor: its transaction stays open.

use std::time::Duration;

use crashwindow_labs::Settings;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{Offset, TopicPartitionList};

/// More than Kafka takes for a step of a transaction on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

fn main() -> anyhow::Result<()> {
    let settings = Settings::from_env()?;
    let output = std::env::var("KAFKA_OUTPUT_TOPIC")?;
    let producer: ThreadedProducer<DefaultProducerContext> = settings
        .kafka()
        // A replacement fences its predecessor by this; a zombie's successor has another.
        .set(
            "transactional.id",
            format!("{}-{}", settings.group, settings.consumer_id),
        )
        .create()?;
    producer.init_transactions(DEADLINE)?;
    let consumer: BaseConsumer = settings
        .kafka()
        .set("group.id", &settings.group)
        .set("auto.offset.reset", "earliest")
        // The offset is committed in the transaction alone.
        .set("enable.auto.commit", "false")
        // Waits for positions of transactions that are open (KIP-447).
        .set("isolation.level", "read_committed")
        .create()?;
    consumer.subscribe(&[&settings.topic])?;
    loop {
        let Some(record) = consumer.poll(Duration::from_millis(100)) else {
            continue;
        };
        let record = record?;
        producer.begin_transaction()?;
        let payload = record.payload().unwrap_or_default();
        let passed_on = BaseRecord::<(), [u8]>::to(&output).payload(payload);
        producer.send(passed_on).map_err(|(error, _)| error)?;
        let mut next = TopicPartitionList::new();
        let offset = Offset::Offset(record.offset() + 1);
        next.add_partition_offset(record.topic(), record.partition(), offset)?;
        let member = consumer.group_metadata().expect("it is a member");
        producer.send_offsets_to_transaction(&next, &member, DEADLINE)?;
        producer.commit_transaction(DEADLINE)?;
    }
}
