//! Positions and topics.

use std::collections::BTreeMap;

use rdkafka::config::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};

use crate::{PATIENCE, Scene};

#[tokio::test]
async fn offsets_are_those_that_clients_wrote() {
    let scene = Scene::new(3).await;
    let producer: FutureProducer = ClientConfig::new()
        .set("bootstrap.servers", &scene.bootstrap)
        .create()
        .unwrap();
    for _ in 0..5 {
        let record = FutureRecord::<(), _>::to(&scene.topic)
            .partition(1)
            .payload("x");
        producer.send(record, PATIENCE).await.unwrap();
    }
    let cluster = scene.client.cluster();
    let ends = cluster.end_offsets(&scene.topic, &[0, 1]).await.unwrap();
    assert_eq!(ends, BTreeMap::from([(0, 0), (1, 5)]));

    let mut a = scene.consumer("a", &[]);
    scene.until_shared(&["a"]).await;
    a.order_commit(1, 3);
    assert_eq!(a.committed(), "ok");
    a.order_commit(2, 0);
    assert_eq!(a.committed(), "ok");
    let committed = scene.client.committed(&scene.topic).await.unwrap();
    assert_eq!(committed, BTreeMap::from([(1, 3), (2, 0)]));
    let one = |partition| scene.client.committed_one(&scene.topic, partition);
    assert_eq!(one(1).await.unwrap(), Some(3));
    assert_eq!(one(0).await.unwrap(), None);
    let elsewhere = scene.client.committed("no-such-topic").await.unwrap();
    assert_eq!(elsewhere, BTreeMap::new());
}

#[tokio::test]
async fn a_topic_is_made_once_and_deleted_as_often_as_one_likes() {
    let scene = Scene::new(4).await;
    let cluster = scene.client.cluster();
    let ends = cluster
        .end_offsets(&scene.topic, &[0, 1, 2, 3])
        .await
        .unwrap();
    assert_eq!(ends.len(), 4);
    let again = cluster.create_topic(&scene.topic, 4, 1).await.unwrap_err();
    assert!(
        again.to_string().contains("TOPIC_ALREADY_EXISTS (36)"),
        "{again}"
    );
    let missing = cluster.end_offsets(&scene.topic, &[9]).await.unwrap_err();
    assert!(
        missing.to_string().ends_with("there is no partition 9"),
        "{missing}"
    );

    cluster.delete_topic(&scene.topic).await.unwrap();
    cluster.delete_topic(&scene.topic).await.unwrap();
    let gone = cluster.end_offsets(&scene.topic, &[0]).await.unwrap_err();
    assert!(
        gone.to_string().contains("UNKNOWN_TOPIC_OR_PARTITION (3)"),
        "{gone}"
    );
}
