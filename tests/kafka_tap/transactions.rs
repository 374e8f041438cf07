//! Consume, process and produce in transactions (KIP-447) through the tap.

use std::collections::BTreeMap;
use std::time::Instant;

use crashwindow::event::{Stage, message_id};
use crashwindow::tap::BoundaryEvent;
use crashwindow::tap::kafka::{Detail, TransactionStep};
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::clients::{delivered, kafka};
use crate::cluster::{Cluster, behind};
use crate::recorder::{DEADLINE, Recorder};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn transactions_commit_and_abort_and_only_what_is_committed_is_delivered() {
    let cluster = Cluster::new("eos", 1).await;
    let out = format!("{}-out", cluster.topic);
    cluster.create(&out, 1).await;
    cluster.produce(1, 2, 1).await;
    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);

    let mut settings = behind(&tap, &cluster.topic);
    settings.set("transactional.id", &cluster.topic);
    let producer: ThreadedProducer<DefaultProducerContext> = settings.create().expect("a producer");
    settings.remove("transactional.id");
    let consumer: BaseConsumer = settings.create().expect("a consumer");
    let (topic, target) = (cluster.topic.clone(), out.clone());
    tokio::task::spawn_blocking(move || {
        consumer.subscribe(&[&topic]).expect("a topic");
        producer
            .init_transactions(DEADLINE)
            .expect("a transactional producer");
        // The first attempt at each payment is given up, the second is kept.
        for attempt in 0..4 {
            let record = poll(&consumer).expect("a record");
            let id = message_id(u32::try_from(record.offset()).expect("small") + 1);
            producer.begin_transaction().expect("a transaction");
            let sent = BaseRecord::to(&target).key("order").payload(id.as_bytes());
            producer
                .send(sent)
                .map_err(|(error, _)| error)
                .expect("room in the queue");
            let mut next = TopicPartitionList::new();
            next.add_partition_offset(&topic, 0, Offset::Offset(record.offset() + 1))
                .expect("an offset");
            let group = consumer.group_metadata().expect("a member");
            producer
                .send_offsets_to_transaction(&next, &group, DEADLINE)
                .expect("offsets");
            // What is aborted before it is sent is never sent.
            producer.flush(DEADLINE).expect("the record is written");
            if attempt % 2 == 0 {
                producer.abort_transaction(DEADLINE).expect("an abort");
                let back = Offset::Offset(record.offset());
                consumer
                    .seek(&topic, 0, back, DEADLINE)
                    .expect("the record again");
            } else {
                producer.commit_transaction(DEADLINE).expect("a commit");
            }
        }
    })
    .await
    .expect("the transactions end");

    assert_eq!(cluster.committed(0).await, Some(2));
    assert_eq!(tap.committed().into_values().collect::<Vec<_>>(), [2]);
    let events = recorder.events();
    let ends = events
        .iter()
        .filter(|e| e.signature.starts_with("kafka EndTxn"));
    let ends: Vec<_> = ends.map(told).collect();
    let end = |name: &str, id: &str| {
        let (signature, id) = (format!("kafka EndTxn {name}"), Some(id.to_owned()));
        let done = if name == "abort" {
            "aborted"
        } else {
            "committed"
        };
        [
            (signature.clone(), id.clone(), String::new()),
            (signature, id, done.to_owned()),
        ]
    };
    let expected = [
        ("abort", "msg-0001"),
        ("commit", "msg-0001"),
        ("abort", "msg-0002"),
        ("commit", "msg-0002"),
    ];
    assert_eq!(ends, expected.map(|(name, id)| end(name, id)).concat());
    let commits = events
        .iter()
        .filter(|e| e.signature == "kafka TxnOffsetCommit");
    let commits: Vec<_> = commits
        .filter(|e| e.stage == Stage::Answered)
        .map(told)
        .collect();
    let outcomes: Vec<_> = commits
        .iter()
        .map(|(_, _, outcome)| outcome.as_str())
        .collect();
    assert_eq!(outcomes, ["offset 1", "offset 1", "offset 2", "offset 2"]);
    let produced = events
        .iter()
        .filter(|e| e.signature == "kafka Produce {topic}-out");
    assert_eq!(produced.filter(|e| !e.subjects.is_empty()).count(), 8);
    let init = recorder.answer("kafka InitProducerId").await;
    let Detail::Transaction(begun) = kafka(&init) else {
        panic!("{init:?}")
    };
    assert_eq!(begun.transactional_id.as_ref(), Some(&cluster.topic));
    assert_eq!((&begun.step, &begun.error), (&TransactionStep::Init, &None));
    assert!(begun.producer_id >= 0 && init.writes);

    committed_and_uncommitted(&cluster, &out).await;
}

/// The next record; librdkafka also comes back for a rebalance, with nothing.
fn poll(consumer: &BaseConsumer) -> KafkaResult<BorrowedMessage<'_>> {
    let since = Instant::now();
    loop {
        if let Some(polled) = consumer.poll(DEADLINE) {
            return polled;
        }
        assert!(
            since.elapsed() < DEADLINE,
            "waited {DEADLINE:?} for a record"
        );
    }
}

fn told(event: &BoundaryEvent) -> (String, Option<String>, String) {
    (
        event.signature.clone(),
        event.message().map(str::to_owned),
        event.outcome.clone(),
    )
}

/// Offsets 0 and 4 were aborted, 1, 3, 5 and 7 are the ends of transactions.
async fn committed_and_uncommitted(cluster: &Cluster, out: &str) {
    let committed = BTreeMap::from([((0, 2), message_id(1)), ((0, 6), message_id(2))]);
    let mut all = committed.clone();
    all.extend([((0, 0), message_id(1)), ((0, 4), message_id(2))]);
    for (isolation, expected) in [("read_committed", committed), ("read_uncommitted", all)] {
        let recorder = Recorder::new();
        let tap = cluster.tap(&recorder);
        let mut settings = behind(&tap, &format!("{out}-{isolation}"));
        settings
            .set("isolation.level", isolation)
            .set("enable.partition.eof", "true");
        let consumer: BaseConsumer = settings.create().expect("a consumer");
        let mut assigned = TopicPartitionList::new();
        assigned
            .add_partition_offset(out, 0, Offset::Beginning)
            .expect("an offset");
        let consumed = tokio::task::spawn_blocking(move || {
            consumer.assign(&assigned).expect("an assignment");
            let mut consumed = BTreeMap::new();
            // Until the end of the partition, which comes as an error.
            while let Ok(record) = poll(&consumer) {
                let id = record.payload().expect("a payload");
                let id = String::from_utf8(id.to_vec()).expect("text");
                consumed.insert((record.partition(), record.offset()), id);
            }
            consumed
        });
        assert_eq!(
            consumed.await.expect("it consumes"),
            expected,
            "{isolation}"
        );
        assert_eq!(delivered(&recorder.events(), out), expected, "{isolation}");
    }
}
