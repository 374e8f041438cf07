//! Records of an output topic.

use std::time::Duration;

use crashwindow::effects::{EffectsError, TopicCounter};
use crashwindow::event::Marks;
use crashwindow::group::Cluster;
use crashwindow::stack::Kafka;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};

use crate::{assert_told_apart, payments, support, within};

const PATIENCE: Duration = Duration::from_secs(20);

struct Output {
    kafka: Kafka,
    topic: String,
    cluster: Cluster,
    counter: TopicCounter,
}

impl Output {
    async fn new(partitions: i32) -> Self {
        let kafka = support::endpoints().kafka;
        let topic = format!("effects-test-{:016x}", rand::random::<u64>());
        let cluster = Cluster::new(&kafka.bootstrap, kafka.security.clone()).unwrap();
        cluster.create_topic(&topic, partitions, 1).await.unwrap();
        Self {
            counter: TopicCounter::new(&kafka, &topic, Marks::default()).unwrap(),
            kafka,
            topic,
            cluster,
        }
    }

    fn producer(&self, settings: &[(&str, &str)]) -> FutureProducer {
        let mut config = self.kafka.client_config();
        config.set("linger.ms", "0");
        for (key, value) in settings {
            config.set(*key, *value);
        }
        config.create().expect("a producer")
    }

    /// A producer in a transaction of its own.
    fn transactional(&self) -> FutureProducer {
        let id = format!("effects-test-{:016x}", rand::random::<u64>());
        let producer = self.producer(&[("transactional.id", &id)]);
        producer.init_transactions(PATIENCE).unwrap();
        producer.begin_transaction().unwrap();
        producer
    }

    async fn send(&self, producer: &FutureProducer, partition: i32, value: &str) -> i64 {
        let record = FutureRecord::<(), _>::to(&self.topic)
            .partition(partition)
            .payload(value);
        let sent = producer.send(record, PATIENCE).await;
        sent.expect("an acknowledgement").offset
    }

    /// Waits until every transaction that has ended is visible as such: Kafka answers its producer
    /// before it writes the markers.
    async fn until_stable(&self) {
        let partitions = self.cluster.partitions(&self.topic).await.unwrap().unwrap();
        within("the last stable offsets to be the ends", async {
            loop {
                let stable = self.cluster.stable_offsets(&self.topic, &partitions).await;
                let ends = self.cluster.end_offsets(&self.topic, &partitions).await;
                if stable.unwrap() == ends.unwrap() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    async fn counted(&self) -> Vec<crashwindow::verdict::Effect> {
        let counted = within("the topic to be counted", self.counter.effects()).await;
        counted.unwrap_or_else(|e| panic!("{e}"))
    }

    async fn assert_counted(&self, expected: &[&str]) {
        let effects = self.counted().await;
        assert_eq!(payments(&effects), expected);
        assert_told_apart(&effects);
    }
}

#[tokio::test]
async fn records_are_counted_on_every_partition_a_duplicate_too() {
    let output = Output::new(3).await;
    let producer = output.producer(&[]);
    for (partition, value) in [(0, "msg-0001"), (2, "msg-0002"), (2, "msg-0001")] {
        output.send(&producer, partition, value).await;
    }
    output
        .assert_counted(&["msg-0001", "msg-0001", "msg-0002"])
        .await;
    let effects = output.counted().await;
    let id = format!("{}[2]@1", output.topic);
    let planted = effects.iter().find(|e| e.charge == id).expect("the last");
    assert_eq!(planted.payment.as_deref(), Some("msg-0001"));
    output.send(&producer, 1, "msg-0003").await;
    assert_eq!(output.counted().await.len(), 4, "it can be asked again");
}

#[tokio::test]
async fn an_empty_topic_has_no_effects_and_a_missing_one_is_an_error() {
    let output = Output::new(2).await;
    output.assert_counted(&[]).await;
    let missing = TopicCounter::new(&output.kafka, "no-such-topic", Marks::default()).unwrap();
    let missing = missing.effects().await.unwrap_err();
    assert!(matches!(missing, EffectsError::Missing { .. }), "{missing}");
    assert!(missing.to_string().contains("no-such-topic"), "{missing}");
}

#[tokio::test]
async fn a_payment_is_named_by_the_header_then_the_key_then_the_value() {
    let output = Output::new(1).await;
    let producer = output.producer(&[]);
    let cases = [
        (Some("msg-0001"), "msg-0002", "msg-0003"),
        (None, "paid-msg-0002", "msg-0003"),
        (None, "order-0009", r#"{"id":"msg-0003"}"#),
        (None, "order-0004", "{}"),
        (None, "k", "\u{0}nothing"),
    ];
    for (header, key, value) in cases {
        let mut record = FutureRecord::to(&output.topic).key(key).payload(value);
        if let Some(id) = header {
            record = record.headers(OwnedHeaders::new().insert(Header {
                key: "message-id",
                value: Some(id),
            }));
        }
        producer.send(record, PATIENCE).await.unwrap();
    }
    output
        .assert_counted(&["-", "msg-0001", "msg-0002", "msg-0003", "msg-0004"])
        .await;
}

#[tokio::test]
async fn committed_transactions_count_and_aborted_ones_do_not() {
    let output = Output::new(2).await;
    let producer = output.transactional();
    output.send(&producer, 0, "msg-0001").await;
    output.send(&producer, 1, "msg-0001").await;
    producer.commit_transaction(PATIENCE).unwrap();
    output.until_stable().await;
    // The end of one partition is a commit marker now.
    output.assert_counted(&["msg-0001", "msg-0001"]).await;

    producer.begin_transaction().unwrap();
    output.send(&producer, 0, "msg-0002").await;
    producer.abort_transaction(PATIENCE).unwrap();
    output.until_stable().await;
    // And of the other one an aborted record with its marker.
    output.assert_counted(&["msg-0001", "msg-0001"]).await;

    producer.begin_transaction().unwrap();
    output.send(&producer, 0, "msg-0003").await;
    producer.commit_transaction(PATIENCE).unwrap();
    output.until_stable().await;
    output
        .assert_counted(&["msg-0001", "msg-0001", "msg-0003"])
        .await;
}

#[tokio::test]
async fn a_topic_of_nothing_but_aborted_records_has_no_effects() {
    let output = Output::new(1).await;
    let producer = output.transactional();
    for _ in 0..3 {
        output.send(&producer, 0, "msg-0001").await;
        producer.abort_transaction(PATIENCE).unwrap();
        producer.begin_transaction().unwrap();
    }
    output.until_stable().await;
    output.assert_counted(&[]).await;
    output.send(&producer, 0, "msg-0002").await;
    producer.commit_transaction(PATIENCE).unwrap();
    output.until_stable().await;
    output.assert_counted(&["msg-0002"]).await;
}

#[tokio::test]
async fn an_open_transaction_hides_what_comes_after_it_until_it_ends() {
    let output = Output::new(1).await;
    let plain = output.producer(&[]);
    output.send(&plain, 0, "msg-0001").await;
    let open = output.transactional();
    let first_open = output.send(&open, 0, "msg-0002").await;
    output.send(&plain, 0, "msg-0001").await;

    let stable = output.cluster.stable_offsets(&output.topic, &[0]).await;
    assert_eq!(stable.unwrap()[&0], first_open);
    let end = output.cluster.end_offsets(&output.topic, &[0]).await;
    assert_eq!(end.unwrap()[&0], first_open + 2);
    output.assert_counted(&["msg-0001"]).await;

    open.abort_transaction(PATIENCE).unwrap();
    output.until_stable().await;
    output.assert_counted(&["msg-0001", "msg-0001"]).await;
}

#[tokio::test]
async fn compressed_records_are_read() {
    for codec in ["gzip", "snappy", "lz4"] {
        let output = Output::new(1).await;
        let producer = output.producer(&[("compression.type", codec), ("linger.ms", "50")]);
        // Long enough that a batch is smaller when it is compressed, or it is sent as it is.
        let value = format!("{} msg-0001", "x".repeat(2000));
        let sends = (0..5).map(|_| output.send(&producer, 0, &value));
        futures::future::join_all(sends).await;
        output.assert_counted(&["msg-0001"; 5]).await;
    }
}

#[tokio::test]
async fn a_tombstone_is_no_effect() {
    let output = Output::new(1).await;
    let producer = output.producer(&[]);
    output.send(&producer, 0, "msg-0001").await;
    for _ in 0..2 {
        let tombstone = FutureRecord::<_, ()>::to(&output.topic).key("msg-0001");
        producer.send(tombstone, PATIENCE).await.unwrap();
    }
    output.assert_counted(&["msg-0001"]).await;
    let empty = FutureRecord::to(&output.topic).key("msg-0001").payload("");
    producer.send(empty, PATIENCE).await.unwrap();
    output.assert_counted(&["msg-0001", "msg-0001"]).await;
}

#[tokio::test]
async fn counting_leaves_no_group_behind() {
    let output = Output::new(1).await;
    let producer = output.producer(&[]);
    output.send(&producer, 0, "msg-0001").await;
    output.assert_counted(&["msg-0001"]).await;
    let group = output.cluster.group("crashwindow-effects").await.unwrap();
    let found = group.describe().await.unwrap();
    assert_eq!(found.members.len(), 0, "{found}");
    assert_eq!(group.committed(&output.topic).await.unwrap(), [].into());
}

#[tokio::test]
async fn records_that_were_deleted_are_passed_over() {
    use rdkafka::TopicPartitionList;
    use rdkafka::admin::{AdminClient, AdminOptions};
    let output = Output::new(2).await;
    let producer = output.producer(&[]);
    for value in ["msg-0001", "msg-0002", "msg-0002"] {
        output.send(&producer, 0, value).await;
    }
    output.send(&producer, 1, "msg-0003").await;
    let admin: AdminClient<_> = output.kafka.client_config().create().unwrap();
    let mut before = TopicPartitionList::new();
    for (partition, offset) in [(0, 1), (1, 1)] {
        let offset = rdkafka::Offset::Offset(offset);
        before
            .add_partition_offset(&output.topic, partition, offset)
            .unwrap();
    }
    admin
        .delete_records(&before, &AdminOptions::new())
        .await
        .unwrap();
    let starts = output.cluster.start_offsets(&output.topic, &[0, 1]).await;
    assert_eq!(starts.unwrap(), [(0, 1), (1, 1)].into());
    output.assert_counted(&["msg-0002", "msg-0002"]).await;
}
