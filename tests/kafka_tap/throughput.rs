//! What the tap costs: records per second through it and past it, in one run. Printed, not judged:
//! shared machines are noisy. `cargo test --test kafka_tap throughput -- --nocapture`

use std::time::{Duration, Instant};

use crashwindow::stack::{Kafka, Security};
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::cluster::Cluster;
use crate::recorder::{DEADLINE, Recorder};

const RECORDS: usize = 200_000;
const SIZE: usize = 200;
const ROUNDS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throughput_of_the_tap() {
    let cluster = Cluster::new("throughput", 1).await;
    let filled = tokio::task::spawn_blocking({
        let (kafka, topic) = (cluster.kafka.clone(), cluster.topic.clone());
        move || fill(&kafka, &topic)
    });
    filled.await.expect("the records are there");

    let mut seconds = [[0.0; ROUNDS]; 3];
    for round in 0..ROUNDS {
        for (way, times) in seconds.iter_mut().enumerate() {
            let tap = (way > 0).then(|| cluster.tap_with(&Recorder::new(), way == 1));
            let kafka = tap.as_ref().map_or_else(
                || cluster.kafka.clone(),
                |tap| Kafka {
                    bootstrap: tap.bootstrap(),
                    security: Security::default(),
                },
            );
            let topic = cluster.topic.clone();
            let read = tokio::task::spawn_blocking(move || read_all(&kafka, &topic));
            times[round] = read.await.expect("everything is read").as_secs_f64();
        }
    }
    let [direct, decoded, forwarded] = seconds.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    });
    println!(
        "{RECORDS} records of {SIZE} B, medians of {ROUNDS}: decoded {:.2}x, forwarded {:.2}x of \
         the time past the tap ({direct:.2} s)",
        decoded / direct,
        forwarded / direct
    );
}

fn fill(kafka: &Kafka, topic: &str) {
    let producer: BaseProducer = kafka
        .client_config()
        .set("linger.ms", "20")
        .create()
        .expect("a producer");
    for number in 0..RECORDS {
        let payload = format!("{:width$}", format!("msg-{number:07}"), width = SIZE);
        let mut record = BaseRecord::to(topic).key("order").payload(&payload);
        while let Err((_, full)) = producer.send(record) {
            record = full;
            producer.poll(Duration::from_millis(10));
        }
    }
    producer.flush(DEADLINE).expect("the broker acknowledges");
}

fn read_all(kafka: &Kafka, topic: &str) -> Duration {
    let consumer: BaseConsumer = kafka
        .client_config()
        .set("group.id", topic)
        .create()
        .expect("a consumer");
    let mut assigned = TopicPartitionList::new();
    assigned
        .add_partition_offset(topic, 0, Offset::Beginning)
        .expect("an offset");
    consumer.assign(&assigned).expect("an assignment");
    let next = || {
        consumer
            .poll(DEADLINE)
            .expect("a record in time")
            .expect("a record")
            .offset()
    };
    // The connection and the first fetch are not what is measured.
    assert_eq!(next(), 0);
    let since = Instant::now();
    while next() < i64::try_from(RECORDS - 1).expect("small") {}
    since.elapsed()
}
