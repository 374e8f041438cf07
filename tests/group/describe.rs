//! What a group looks like from outside.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crashwindow::group::{GroupProtocol, GroupState};

use crate::{PATIENCE, Scene};

async fn describes(settings: &[(&str, &str)], protocol: GroupProtocol) {
    let scene = Scene::new(2).await;
    let _a = scene.consumer("a", settings);
    let _b = scene.consumer("b", settings);
    scene.until_shared(&["a", "b"]).await;
    let group = scene
        .client
        .wait_until(PATIENCE, "a stable group", |g| {
            g.state == GroupState::Stable
        })
        .await
        .unwrap();
    assert_eq!(group.protocol, protocol);
    assert_eq!(group.epoch.is_some(), protocol == GroupProtocol::Consumer);
    assert_eq!(group.members.len(), 2);
    let mut partitions: Vec<i32> = Vec::new();
    for client in ["a", "b"] {
        let member = group.client(client).unwrap();
        assert_eq!(member.instance_id, None);
        assert_eq!(member.protocol, protocol);
        assert_eq!(member.assignment.len(), 1);
        partitions.extend(&member.assignment[&scene.topic]);
    }
    partitions.sort_unstable();
    assert_eq!(partitions, [0, 1]);
}

#[tokio::test]
async fn members_are_shown_by_client_id_with_their_assignment() {
    describes(&[], GroupProtocol::Classic).await;
}

#[tokio::test]
async fn members_of_the_consumer_protocol_are_shown_in_the_same_way() {
    describes(&[("group.protocol", "consumer")], GroupProtocol::Consumer).await;
}

#[tokio::test]
async fn a_group_that_nobody_knows_is_dead_and_empty() {
    let scene = Scene::new(1).await;
    let group = scene.client.describe().await.unwrap();
    assert_eq!(group.state, GroupState::Dead);
    assert!(group.members.is_empty());
    let committed = scene.client.committed(&scene.topic).await.unwrap();
    assert_eq!(committed, BTreeMap::new());
    scene.client.delete().await.unwrap();
}

#[tokio::test]
async fn a_group_with_members_is_not_deleted_and_one_without_is() {
    let scene = Scene::new(1).await;
    let mut a = scene.consumer("a", &[]);
    let group = scene.until_shared(&["a"]).await;
    a.order_commit(0, 0);
    assert_eq!(a.committed(), "ok");
    let refused = scene.client.delete().await.unwrap_err().to_string();
    assert!(refused.contains("NON_EMPTY_GROUP (68)"), "{refused}");

    a.freeze();
    scene.client.evict(&group.members[0]).await.unwrap();
    let empty = |group: &crashwindow::group::Group| group.state == GroupState::Empty;
    let client = &scene.client;
    client
        .wait_until(PATIENCE, "no members", empty)
        .await
        .unwrap();
    client.delete().await.unwrap();
    assert_eq!(client.describe().await.unwrap().state, GroupState::Dead);
    assert_eq!(client.committed_one(&scene.topic, 0).await.unwrap(), None);
}

#[tokio::test]
async fn a_wait_in_vain_says_what_for_and_what_was_seen_last() {
    let scene = Scene::new(1).await;
    let _a = scene.consumer("a", &[]);
    scene.until_shared(&["a"]).await;
    let start = Instant::now();
    // Long enough that the broker answers at least once on a busy machine, so that there is something last seen.
    let limit = Duration::from_secs(3);
    let error = scene
        .client
        .wait_until(limit, "a second member", |group| group.members.len() == 2)
        .await
        .unwrap_err()
        .to_string();
    assert!(start.elapsed() >= limit);
    assert!(
        error.starts_with("waited 3s for a second member"),
        "{error}"
    );
    assert!(error.contains("last seen: Stable; a (a-"), "{error}");
    assert!(error.ends_with(&format!("{}[0]", scene.topic)), "{error}");
}
