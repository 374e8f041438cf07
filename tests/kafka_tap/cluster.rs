//! The broker under test, reached without the tap: topics, records, and what a group committed.

use std::sync::Arc;

use crashwindow::event::{Source, message_id};
use crashwindow::stack::{Kafka, Security};
use crashwindow::tap::kafka::{KafkaTap, Options};
use rand::distr::{Alphanumeric, SampleString};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, StreamConsumer};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::recorder::{DEADLINE, Recorder, within};

/// A topic of one test on the tests' broker, and a group of the same name.
pub struct Cluster {
    pub kafka: Kafka,
    pub topic: String,
}

impl Cluster {
    pub async fn new(what: &str, partitions: i32) -> Self {
        let endpoints = tokio::task::spawn_blocking(crate::support::endpoints).await;
        let kafka = endpoints.expect("the stack is up").kafka;
        let salt = Alphanumeric.sample_string(&mut rand::rng(), 8);
        let cluster = Self {
            kafka,
            topic: format!("{what}-{salt}"),
        };
        cluster.create(&cluster.topic, partitions).await;
        cluster
    }

    pub async fn create(&self, topic: &str, partitions: i32) {
        let admin: AdminClient<DefaultClientContext> = self
            .kafka
            .client_config()
            .create()
            .expect("an admin client");
        let topic = NewTopic::new(topic, partitions, TopicReplication::Fixed(1));
        let created = admin.create_topics([&topic], &AdminOptions::new());
        let created = within("the topic", created).await.expect("an answer");
        created[0].as_ref().expect("the topic is new");
    }

    /// A tap in which the topic's name stands as `{topic}`.
    pub fn tap(&self, recorder: &Arc<Recorder>) -> KafkaTap {
        self.tap_with(recorder, true)
    }

    pub fn tap_with(&self, recorder: &Arc<Recorder>, decode_fetches: bool) -> KafkaTap {
        let placeholders = vec![(self.topic.clone(), "{topic}".to_owned())];
        let options = Options {
            decode_fetches,
            placeholders,
            ..Options::default()
        };
        KafkaTap::listen(source(), &self.kafka, recorder.clone(), options).expect("a free port")
    }

    /// Payments from `first` to `last`, one after another on the partitions in turn, past the tap.
    pub async fn produce(&self, first: u32, last: u32, partitions: u32) {
        let producer: FutureProducer = self
            .kafka
            .client_config()
            .set("linger.ms", "0")
            .create()
            .expect("a producer");
        for number in first..=last {
            let partition = i32::try_from((number - 1) % partitions).expect("few");
            send(&producer, &self.topic, partition, &message_id(number)).await;
        }
    }

    /// What the group has committed, asked past the tap; none without a commit.
    pub async fn committed(&self, partition: i32) -> Option<i64> {
        let mut config = self.kafka.client_config();
        config.set("group.id", &self.topic);
        let topic = self.topic.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = config.create().expect("a consumer");
            let mut wanted = TopicPartitionList::new();
            wanted.add_partition(&topic, partition);
            let committed = consumer
                .committed_offsets(wanted, DEADLINE)
                .expect("an answer");
            match committed.elements()[0].offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            }
        });
        asked.await.expect("the question is asked")
    }
}

pub fn source() -> Source {
    Source {
        instance: "a".to_owned(),
        incarnation: 1,
    }
}

pub async fn send(producer: &FutureProducer, topic: &str, partition: i32, id: &str) -> i64 {
    let headers = OwnedHeaders::new().insert(Header {
        key: "message-id",
        value: Some(id),
    });
    let record = FutureRecord::to(topic)
        .key("order")
        .payload("{}")
        .partition(partition);
    let sent = producer.send(record.headers(headers), DEADLINE).await;
    sent.expect("the broker acknowledges").offset
}

/// The settings of a consumer behind a tap, which commits what it is told to commit.
pub fn behind(tap: &KafkaTap, group: &str) -> ClientConfig {
    let tap = Kafka {
        bootstrap: tap.bootstrap(),
        security: Security::default(),
    };
    let mut config = tap.client_config();
    config
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        // The default waits half a second after an error; these tests cause errors.
        .set("reconnect.backoff.ms", "10")
        .set("reconnect.backoff.max.ms", "100")
        .set("retry.backoff.ms", "20");
    config
}

pub fn subscribed(config: &ClientConfig, topic: &str) -> StreamConsumer {
    let consumer: StreamConsumer = config.create().expect("a consumer");
    consumer.subscribe(&[topic]).expect("a topic");
    consumer
}

/// Dropping a consumer leaves the group, which blocks.
pub async fn close(consumer: StreamConsumer) {
    let closed = tokio::task::spawn_blocking(move || drop(consumer));
    within("the consumer to close", closed)
        .await
        .expect("it closes");
}
