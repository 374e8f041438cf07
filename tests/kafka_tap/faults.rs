//! What a hook can do to a request, judged from outside by another client.

use std::sync::Arc;

use crashwindow::event::Stage;
use crashwindow::tap::kafka::KafkaTap;
use crashwindow::tap::{BoundaryEvent, Decision};
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::FutureProducer;

use crate::cluster::{Cluster, behind, close, send, subscribed};
use crate::recorder::{DEADLINE, Recorder, within};

struct Scene {
    cluster: Cluster,
    recorder: Arc<Recorder>,
    tap: KafkaTap,
    consumer: Arc<StreamConsumer>,
}

impl Scene {
    /// A consumer that has been handed the first of three payments.
    async fn new(what: &str) -> Self {
        let cluster = Cluster::new(what, 1).await;
        cluster.produce(1, 3, 1).await;
        let recorder = Recorder::new();
        let tap = cluster.tap(&recorder);
        let config = behind(&tap, &cluster.topic);
        let consumer = Arc::new(subscribed(&config, &cluster.topic));
        let scene = Self {
            cluster,
            recorder,
            tap,
            consumer,
        };
        assert_eq!(scene.next().await.offset(), 0);
        scene
    }

    async fn next(&self) -> BorrowedMessage<'_> {
        within("a record", self.consumer.recv())
            .await
            .expect("a record")
    }

    /// A synchronous commit of the first payment, which blocks until it is answered.
    fn commit(&self) -> tokio::task::JoinHandle<rdkafka::error::KafkaResult<()>> {
        let (consumer, topic) = (Arc::clone(&self.consumer), self.cluster.topic.clone());
        tokio::task::spawn_blocking(move || {
            let mut next = rdkafka::TopicPartitionList::new();
            next.add_partition_offset(&topic, 0, rdkafka::Offset::Offset(1))
                .expect("an offset");
            consumer.commit(&next, CommitMode::Sync)
        })
    }

    async fn close(self) {
        close(Arc::into_inner(self.consumer).expect("nobody else has it")).await;
        drop(self.tap);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_commit_held_at_its_arrival_is_not_durable() {
    let scene = Scene::new("held-received").await;
    let mut held = scene.recorder.hold("kafka OffsetCommit", Stage::Received);
    let commit = scene.commit();
    held.reached().await;
    assert_eq!(scene.cluster.committed(0).await, None);
    assert!(!commit.is_finished());
    held.release(Decision::Pass);
    within("the commit", commit)
        .await
        .expect("it ran")
        .expect("it is accepted");
    assert_eq!(scene.cluster.committed(0).await, Some(1));
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_commit_held_at_its_answer_is_durable_and_nobody_knows() {
    let scene = Scene::new("held-answered").await;
    let mut held = scene.recorder.hold("kafka OffsetCommit", Stage::Answered);
    let commit = scene.commit();
    held.reached().await;
    assert_eq!(scene.cluster.committed(0).await, Some(1));
    assert!(!commit.is_finished());
    held.release(Decision::Pass);
    within("the commit", commit)
        .await
        .expect("it ran")
        .expect("it is accepted");
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_commit_whose_answer_is_lost_stays_committed() {
    let scene = Scene::new("lost").await;
    scene
        .recorder
        .strike("kafka OffsetCommit", Stage::Answered, Decision::Drop);
    let told = within("the commit", scene.commit()).await.expect("it ran");
    let asked =
        |e: &&BoundaryEvent| e.signature == "kafka OffsetCommit" && e.stage == Stage::Received;
    let asked = scene.recorder.events().iter().filter(asked).count();
    // Whether librdkafka asks again or reports the loss is its own affair.
    assert!(
        told.is_err() || asked > 1,
        "{told:?} after {asked} requests"
    );
    assert_eq!(scene.cluster.committed(0).await, Some(1));
    // The process lives: it goes on consuming.
    assert_eq!(scene.next().await.offset(), 1);
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_commit_dropped_at_its_arrival_never_reaches_the_broker() {
    let scene = Scene::new("dropped").await;
    // Every attempt, as librdkafka may ask again.
    for _ in 0..100 {
        scene
            .recorder
            .strike("kafka OffsetCommit", Stage::Received, Decision::Drop);
    }
    let commit = scene.commit();
    let received =
        |e: &BoundaryEvent| e.signature == "kafka OffsetCommit" && e.stage == Stage::Received;
    scene
        .recorder
        .wait_for("the commit to be dropped", received)
        .await;
    let _ = within("the commit", commit).await.expect("it ran");
    assert_eq!(scene.cluster.committed(0).await, None);
    assert!(scene.tap.committed().is_empty());
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn what_is_unavailable_for_a_moment_is_asked_again() {
    let scene = Scene::new("unavailable").await;
    for signature in [
        "kafka OffsetCommit",
        "kafka Produce {topic}",
        "kafka InitProducerId",
    ] {
        scene
            .recorder
            .strike(signature, Stage::Received, Decision::Unavailable);
    }
    let commit = within("the commit", scene.commit()).await.expect("it ran");
    if commit.is_err() {
        // A client may leave this retry to its caller: the error says that it can.
        within("the commit", scene.commit())
            .await
            .expect("it ran")
            .expect("it is accepted");
    }
    assert_eq!(scene.cluster.committed(0).await, Some(1));

    let config = behind(&scene.tap, &scene.cluster.topic);
    let producer: FutureProducer = config
        .clone()
        .set("enable.idempotence", "true")
        .create()
        .expect("a producer");
    // Offset 3: the refused attempt left nothing behind.
    assert_eq!(
        send(&producer, &scene.cluster.topic, 0, "msg-0004").await,
        3
    );
    let events = scene.recorder.events();
    for signature in [
        "kafka OffsetCommit",
        "kafka Produce {topic}",
        "kafka InitProducerId",
    ] {
        let count = |stage| {
            events
                .iter()
                .filter(|e| e.signature == signature && e.stage == stage)
                .count()
        };
        // An idempotent producer may ask for its id more often than it must.
        assert!(count(Stage::Answered) >= 1, "{signature}");
        assert_eq!(
            count(Stage::Received),
            count(Stage::Answered) + 1,
            "{signature}"
        );
    }
    scene.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_group_is_joined_although_its_coordinator_was_unavailable() {
    let cluster = Cluster::new("join", 1).await;
    cluster.produce(1, 1, 1).await;
    for (protocol, requests) in [
        ("classic", ["kafka JoinGroup", "kafka SyncGroup"].as_slice()),
        ("consumer", ["kafka ConsumerGroupHeartbeat"].as_slice()),
    ] {
        let recorder = Recorder::new();
        let tap = cluster.tap(&recorder);
        for request in requests {
            recorder.strike(request, Stage::Received, Decision::Unavailable);
        }
        let mut config = behind(&tap, &format!("{}-{protocol}", cluster.topic));
        let consumer = subscribed(config.set("group.protocol", protocol), &cluster.topic);
        let record = within("a record", consumer.recv()).await.expect("a record");
        assert_eq!(record.offset(), 0, "{protocol}");
        drop(record);
        close(consumer).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_fetch_that_is_unavailable_is_asked_again() {
    let cluster = Cluster::new("refetch", 1).await;
    cluster.produce(1, 1, 1).await;
    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);
    recorder.strike("kafka Fetch", Stage::Answered, Decision::Unavailable);
    let consumer = subscribed(&behind(&tap, &cluster.topic), &cluster.topic);
    let record = within("a record", consumer.recv()).await.expect("a record");
    assert_eq!(record.offset(), 0);
    drop(record);
    let fetched = recorder
        .events()
        .into_iter()
        .filter(|e| e.signature == "kafka Fetch");
    assert_eq!(fetched.count(), 2);
    close(consumer).await;
}

/// What `stall-kill` needs: a delivery is held for longer than a session lasts, and the member
/// stays in its group.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_held_fetch_does_not_stop_heartbeats() {
    let cluster = Cluster::new("heartbeats", 1).await;
    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);
    let mut held = recorder.hold("kafka Fetch", Stage::Answered);
    let mut config = behind(&tap, &cluster.topic);
    config
        .set("session.timeout.ms", "3000")
        .set("heartbeat.interval.ms", "100");
    let consumer = Arc::new(subscribed(&config, &cluster.topic));
    let receiving = tokio::spawn({
        let consumer = Arc::clone(&consumer);
        async move { consumer.recv().await.map(|record| record.offset()) }
    });
    cluster.produce(1, 1, 1).await;
    held.reached().await;
    let member = tap.member().expect("it is in the group");
    // Two sessions: the time itself is what is tested. A session of thirty heartbeats, so that a busy
    // machine does not end it.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    let still = tokio::task::spawn_blocking({
        let (kafka, group) = (cluster.kafka.clone(), cluster.topic.clone());
        move || {
            let asking: rdkafka::consumer::BaseConsumer =
                kafka.client_config().create().expect("a client");
            let groups = asking
                .fetch_group_list(Some(&group), DEADLINE)
                .expect("an answer");
            let members = groups.groups()[0].members();
            members
                .iter()
                .map(|member| member.id().to_owned())
                .collect::<Vec<_>>()
        }
    });
    assert_eq!(still.await.expect("an answer"), [member.member_id]);
    held.release(Decision::Pass);
    let offset = within("the record", receiving)
        .await
        .expect("it ran")
        .expect("a record");
    assert_eq!(offset, 0);
    close(Arc::into_inner(consumer).expect("nobody else has it")).await;
}
