//! A frozen member is evicted: its partition moves on at once, and what it does later is refused.

use crashwindow::group::{Eviction, GroupProtocol, GroupState, Member};

use crate::{PATIENCE, Scene};

/// Longer than anything here is waited for, and shorter than the session of 45 s: in milliseconds. A
/// handover that comes at all has waited for neither.
const NO_HEARTBEAT: &str = "30000";

const CONSUMER_PROTOCOL: (&str, &str) = ("group.protocol", "consumer");

/// Two members, one partition each; the first is frozen, evicted, and thawed.
async fn evict_a_frozen_member(settings: &[(&str, &str)], is_static: bool) -> Member {
    let scene = Scene::new(2).await;
    let mut settings = settings.to_vec();
    if !settings.contains(&CONSUMER_PROTOCOL) {
        // The default is 3 s, and would be most of this test. The consumer protocol refuses the
        // setting: there the broker sets the interval.
        settings.push(("heartbeat.interval.ms", "500"));
    }
    let mut both = [settings.clone(), settings.clone()];
    if is_static {
        both[0].push(("group.instance.id", "instance-a"));
        both[1].push(("group.instance.id", "instance-b"));
    }
    let mut zombie = scene.consumer("a", &both[0]);
    let _successor = scene.consumer("b", &both[1]);
    let before = scene.until_shared(&["a", "b"]).await;
    let a = before.client("a").unwrap().clone();
    let partition = a.assignment[&scene.topic][0];

    zombie.freeze();
    // Its session lasts 45 s: that anybody has its partition before the patience is over proves that
    // nobody waited for that.
    assert_eq!(scene.client.evict(&a).await.unwrap(), Eviction::Evicted);
    let after = scene
        .client
        .wait_until_moved(PATIENCE, &a.member_id, &scene.topic, partition)
        .await
        .unwrap();
    let owner = after.owner(&scene.topic, partition).unwrap();
    assert_eq!(owner.client_id, "b");

    let again = scene.client.evict(&a).await.unwrap();
    assert_eq!(again, Eviction::AlreadyGone);

    zombie.order_commit(partition, 5);
    zombie.thaw();
    let outcome = zombie.committed();
    println!("{settings:?} static={is_static}: the zombie's commit: {outcome}");
    if outcome == "ok" {
        // On a machine that is busy its client has heard that it is out, and joined anew, before it
        // committed: as another member.
        let joined = scene.client.describe().await.unwrap();
        assert!(joined.client("a").is_some(), "{joined:?}");
        return a;
    }
    assert!(REFUSALS.contains(&outcome.as_str()), "{outcome}");
    let committed = scene.client.committed(&scene.topic).await.unwrap();
    assert!(committed.is_empty(), "{committed:?}");
    a
}

/// How Kafka refuses the commit of somebody who is out, by librdkafka's names.
const REFUSALS: [&str; 6] = [
    "UnknownMemberId",
    "IllegalGeneration",
    "RebalanceInProgress",
    "FencedInstanceId",
    "StaleMemberEpoch",
    "FencedMemberEpoch",
];

#[tokio::test]
async fn evicting_a_frozen_member_moves_its_partition_with_range() {
    let a = evict_a_frozen_member(&[("partition.assignment.strategy", "range")], false).await;
    assert_eq!(a.protocol, GroupProtocol::Classic);
}

#[tokio::test]
async fn evicting_a_frozen_member_moves_its_partition_with_cooperative_sticky() {
    let settings = [("partition.assignment.strategy", "cooperative-sticky")];
    let a = evict_a_frozen_member(&settings, false).await;
    assert_eq!(a.protocol, GroupProtocol::Classic);
}

#[tokio::test]
async fn evicting_a_frozen_static_member_moves_its_partition() {
    let a = evict_a_frozen_member(&[("partition.assignment.strategy", "range")], true).await;
    assert_eq!(a.instance_id.as_deref(), Some("instance-a"));
}

#[tokio::test]
async fn evicting_a_frozen_member_moves_its_partition_with_the_consumer_protocol() {
    let a = evict_a_frozen_member(&[CONSUMER_PROTOCOL], false).await;
    assert_eq!(a.protocol, GroupProtocol::Consumer);
}

#[tokio::test]
async fn evicting_a_frozen_static_member_moves_its_partition_with_the_consumer_protocol() {
    let a = evict_a_frozen_member(&[CONSUMER_PROTOCOL], true).await;
    assert_eq!(a.protocol, GroupProtocol::Consumer);
    assert_eq!(a.instance_id.as_deref(), Some("instance-a"));
}

/// A stable member learns of the eviction at its next heartbeat, 3 s by default. One that has just
/// asked to join is only kept waiting by the frozen one, and is let in by its eviction.
#[tokio::test]
async fn a_successor_that_waits_to_join_is_let_in_without_a_heartbeat() {
    let scene = Scene::new(1).await;
    let zombie = scene.consumer("a", &[]);
    let a = scene.until_shared(&["a"]).await.members.remove(0);
    zombie.freeze();
    let _successor = scene.consumer("b", &[("heartbeat.interval.ms", NO_HEARTBEAT)]);
    let client = &scene.client;
    client
        .wait_until(PATIENCE, "b to ask to join", |group| {
            group.state == GroupState::PreparingRebalance && group.client("b").is_some()
        })
        .await
        .unwrap();
    assert_eq!(client.evict(&a).await.unwrap(), Eviction::Evicted);
    client
        .wait_until_moved(PATIENCE, &a.member_id, &scene.topic, 0)
        .await
        .unwrap();
}

/// KIP-848 lets classic members into a group of the new protocol, so that a fleet can be migrated
/// instance by instance; each is evicted in its own protocol.
#[tokio::test]
async fn in_a_group_that_migrates_each_member_is_evicted_in_its_own_protocol() {
    let scene = Scene::new(2).await;
    let new = scene.consumer("new", &[CONSUMER_PROTOCOL]);
    scene.until_shared(&["new"]).await;
    let old = scene.consumer("old", &[("partition.assignment.strategy", "range")]);
    let group = scene.until_shared(&["new", "old"]).await;
    assert_eq!(group.protocol, GroupProtocol::Consumer);
    let member = |id| group.client(id).unwrap();
    assert_eq!(member("new").protocol, GroupProtocol::Consumer);
    assert_eq!(member("old").protocol, GroupProtocol::Classic);

    new.freeze();
    old.freeze();
    for id in ["new", "old"] {
        let eviction = scene.client.evict(member(id)).await.unwrap();
        assert_eq!(eviction, Eviction::Evicted, "{id}");
    }
    let empty = |group: &crashwindow::group::Group| group.members.is_empty();
    let client = &scene.client;
    client
        .wait_until(PATIENCE, "no members", empty)
        .await
        .unwrap();
}

#[tokio::test]
async fn evicting_from_a_group_that_never_was_says_already_gone() {
    let scene = Scene::new(1).await;
    for protocol in [GroupProtocol::Classic, GroupProtocol::Consumer] {
        let ghost = Member {
            member_id: "nobody".to_string(),
            client_id: "nobody".to_string(),
            instance_id: None,
            protocol,
            assignment: Default::default(),
        };
        let eviction = scene.client.evict(&ghost).await.unwrap();
        assert_eq!(eviction, Eviction::AlreadyGone, "{protocol:?}");
    }
}
