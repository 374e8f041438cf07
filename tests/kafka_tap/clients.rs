//! librdkafka in every way to be a member, unchanged: what it consumes and commits through the tap
//! is what it would have without, and the events say so.

use std::collections::BTreeMap;

use crashwindow::event::{Stage, message_id};
use crashwindow::tap::kafka::{Detail, Member, Protocol, TopicPartition};
use crashwindow::tap::{self, BoundaryEvent};
use rdkafka::ClientConfig;
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::message::Headers;
use rdkafka::producer::FutureProducer;

use crate::cluster::{Cluster, behind, close, send, subscribed};
use crate::recorder::{Recorder, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_eager_consumer_works_and_is_seen() {
    consumes("range", |config| {
        config.set("partition.assignment.strategy", "range")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_cooperative_consumer_works_and_is_seen() {
    let member = consumes("cooperative", |config| {
        config.set("partition.assignment.strategy", "cooperative-sticky")
    });
    assert_eq!(member.await.protocol, Protocol::Classic);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_consumer_whose_partitions_the_broker_assigns_works_and_is_seen() {
    let member = consumes("kip848", |config| config.set("group.protocol", "consumer")).await;
    assert_eq!(member.protocol, Protocol::Consumer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_static_member_works_and_is_seen() {
    let member = consumes("static", |config| config.set("group.instance.id", "pod-0")).await;
    assert_eq!(member.group_instance_id.as_deref(), Some("pod-0"));
}

/// Consumes and commits 20 payments on two partitions, one by one; returns who the tap says it was.
async fn consumes(
    what: &str,
    settings: impl FnOnce(&mut ClientConfig) -> &mut ClientConfig,
) -> Member {
    let cluster = Cluster::new(what, 2).await;
    cluster.produce(1, 20, 2).await;
    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);
    let mut config = behind(&tap, &cluster.topic);
    settings(&mut config);
    let consumer = subscribed(&config, &cluster.topic);

    let mut consumed = BTreeMap::new();
    for _ in 0..20 {
        let record = within("a record", consumer.recv()).await.expect("a record");
        let id = record
            .headers()
            .expect("headers")
            .get_as::<str>(0)
            .expect("text");
        let id = id.value.expect("an id").to_owned();
        consumed.insert((record.partition(), record.offset()), id);
        consumer
            .commit_message(&record, CommitMode::Sync)
            .expect("the commit is accepted");
    }
    let member = tap.member().expect("it is in the group");
    assert_eq!(member.group, cluster.topic);
    assert_eq!(
        Some(member.member_id.as_str()),
        member_id(&consumer).as_deref()
    );
    let committed = tap.committed();
    close(consumer).await;

    let payments = (1..=20).map(message_id).collect::<Vec<_>>();
    let mut ids = consumed.values().cloned().collect::<Vec<_>>();
    ids.sort();
    assert_eq!(ids, payments);
    assert_eq!(cluster.committed(0).await, Some(10));
    assert_eq!(cluster.committed(1).await, Some(10));
    let both = [0, 1].map(|partition| (of(&cluster.topic, partition), 10));
    assert_eq!(committed, BTreeMap::from(both));

    let events = recorder.events();
    assert_eq!(delivered(&events, &cluster.topic), consumed);
    committed_one_by_one(&events, &consumed, &member);
    assigned_both(&events);
    // A static member keeps its place when it closes.
    let leaves = member.group_instance_id.is_none() || member.protocol == Protocol::Consumer;
    assert_eq!(tap.member().is_none(), leaves, "{:?}", tap.member());
    member
}

fn member_id(consumer: &rdkafka::consumer::StreamConsumer) -> Option<String> {
    use rdkafka::bindings as rd;
    // The crate has no safe way to ask for it.
    let client = consumer.client().native_ptr();
    // SAFETY: the client lives as long as the consumer; the string is librdkafka's to free.
    unsafe {
        let id = rd::rd_kafka_memberid(client);
        let text = std::ffi::CStr::from_ptr(id)
            .to_str()
            .ok()
            .map(str::to_owned);
        rd::rd_kafka_mem_free(client, id.cast());
        text
    }
}

fn of(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition {
        topic: topic.to_owned(),
        partition,
    }
}

pub fn kafka(event: &BoundaryEvent) -> &Detail {
    match &event.detail {
        Some(tap::Detail::Kafka(detail)) => detail,
        other => panic!("{other:?} of {event:?}"),
    }
}

/// What the Fetch events say was delivered.
pub fn delivered(events: &[BoundaryEvent], topic: &str) -> BTreeMap<(i32, i64), String> {
    let mut delivered = BTreeMap::new();
    for event in events
        .iter()
        .filter(|event| event.signature == "kafka Fetch")
    {
        assert_eq!(event.stage, Stage::Answered);
        let Detail::Fetch(deliveries) = kafka(event) else {
            panic!("{event:?}")
        };
        for delivery in deliveries {
            assert_eq!(delivery.topic, topic);
            for record in &delivery.records {
                let payment = record
                    .payment
                    .clone()
                    .expect("every record is about a payment");
                delivered.insert((delivery.partition, record.offset), payment);
            }
        }
    }
    delivered
}

fn committed_one_by_one(
    events: &[BoundaryEvent],
    consumed: &BTreeMap<(i32, i64), String>,
    member: &Member,
) {
    let commits = events
        .iter()
        .filter(|event| event.signature == "kafka OffsetCommit");
    let (received, answered): (Vec<_>, Vec<_>) =
        commits.partition(|event| event.stage == Stage::Received);
    assert_eq!((received.len(), answered.len()), (20, 20));
    let mut payments = Vec::new();
    for (before, after) in received.iter().zip(&answered) {
        let Detail::Commit(commit) = kafka(after) else {
            panic!("{after:?}")
        };
        let [position] = commit.offsets.as_slice() else {
            panic!("{commit:?}")
        };
        assert_eq!(after.outcome, format!("offset {}", position.offset));
        assert_eq!(before.outcome, "");
        assert!(after.writes);
        assert_eq!(position.error, None);
        let payment = &consumed[&(position.partition, position.offset - 1)];
        assert_eq!(after.message(), Some(payment.as_str()));
        assert_eq!(before.message(), Some(payment.as_str()));
        assert_eq!(commit.member_id, member.member_id);
        assert_eq!(commit.generation, member.generation);
        payments.push(payment.clone());
    }
    payments.sort();
    assert_eq!(payments, (1..=20).map(message_id).collect::<Vec<_>>());
}

/// Where the broker assigns by id, before the client has asked for the name, the id stands for it.
fn assigned_both(events: &[BoundaryEvent]) {
    let assigned = events.iter().find(|event| {
        matches!(&event.detail, Some(tap::Detail::Kafka(Detail::Membership(membership)))
            if membership.partitions.iter().flatten().map(|p| p.partition).eq([0, 1]))
    });
    let assigned = assigned.unwrap_or_else(|| panic!("no assignment in {events:#?}"));
    assert!(
        assigned.outcome.ends_with(", partitions 0 1"),
        "{}",
        assigned.outcome
    );
    assert!(
        assigned.outcome.starts_with("generation "),
        "{}",
        assigned.outcome
    );
    assert!(!assigned.writes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn compressed_records_are_seen_on_both_ways() {
    for codec in ["none", "gzip", "snappy", "lz4"] {
        let cluster = Cluster::new(codec, 1).await;
        let recorder = Recorder::new();
        let tap = cluster.tap(&recorder);
        let mut config = behind(&tap, &cluster.topic);
        let producer: FutureProducer = config
            .clone()
            .set("compression.codec", codec)
            // So that several records are worth compressing.
            .set("linger.ms", "50")
            .create()
            .expect("a producer");
        let ids: Vec<_> = (1..=30).map(message_id).collect();
        let sent = ids.iter().map(|id| send(&producer, &cluster.topic, 0, id));
        let offsets = within("the records", futures::future::join_all(sent)).await;
        assert_eq!(offsets, (0..30).collect::<Vec<_>>());

        let consumer = subscribed(config.set("fetch.min.bytes", "1"), &cluster.topic);
        for id in &ids {
            let record = within("a record", consumer.recv()).await.expect("a record");
            let header = record.headers().expect("headers").get(0);
            assert_eq!(header.value, Some(id.as_bytes()), "{codec}");
        }
        close(consumer).await;

        let events = recorder.events();
        let seen: Vec<_> = delivered(&events, &cluster.topic).into_values().collect();
        assert_eq!(seen, ids, "{codec}");
        let produced = events.iter().filter(|event| {
            event.signature == "kafka Produce {topic}" && event.stage == Stage::Answered
        });
        let mut payments = Vec::new();
        for event in produced {
            let Detail::Produce(productions) = kafka(event) else {
                panic!("{event:?}")
            };
            let [production] = productions.as_slice() else {
                panic!("{productions:?}")
            };
            let first = i64::try_from(payments.len()).expect("few");
            assert_eq!(production.base_offset, Some(first), "{codec}");
            assert_eq!(event.outcome, format!("offset {first}"));
            payments.extend(production.payments.iter().flatten().cloned());
        }
        assert_eq!(payments, ids, "{codec}");
    }
}

/// The broker sends whole batches; a consumer is handed only what it has not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_batch_that_is_resumed_in_its_middle_is_delivered_from_there() {
    let cluster = Cluster::new("middle", 1).await;
    let mut config = cluster.kafka.client_config();
    let producer: FutureProducer = config.set("linger.ms", "200").create().expect("a producer");
    let ids: Vec<_> = (1..=10).map(message_id).collect();
    let sent = ids.iter().map(|id| send(&producer, &cluster.topic, 0, id));
    within("the records", futures::future::join_all(sent)).await;

    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);
    let consumer = subscribed(&behind(&tap, &cluster.topic), &cluster.topic);
    for _ in 0..5 {
        let record = within("a record", consumer.recv()).await.expect("a record");
        consumer
            .commit_message(&record, CommitMode::Sync)
            .expect("the commit is accepted");
    }
    close(consumer).await;
    assert_eq!(
        delivered(&recorder.events(), &cluster.topic).len(),
        10,
        "one batch"
    );

    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);
    let consumer = subscribed(&behind(&tap, &cluster.topic), &cluster.topic);
    let record = within("a record", consumer.recv()).await.expect("a record");
    assert_eq!(record.offset(), 5);
    drop(record);
    close(consumer).await;
    let offsets = delivered(&recorder.events(), &cluster.topic).into_keys();
    assert_eq!(
        offsets.collect::<Vec<_>>(),
        (5..10).map(|n| (0, n)).collect::<Vec<_>>()
    );
}
