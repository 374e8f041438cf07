//! Claims about the group client, made on a real Kafka.

mod consumer;
mod coordinator;
mod describe;
mod evict;
mod failures;
mod offsets;
#[cfg(target_os = "linux")] // The second broker is started like the first one, as /proc tells it.
mod secured;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use crashwindow::group::{Cluster, Group, GroupClient};

use consumer::Consumer;

/// Far above everything that is waited for here, and below the 45 s of a session: a test that only
/// passes because a session ended fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// A topic and a group of their own, so that tests never see each other.
struct Scene {
    bootstrap: String,
    topic: String,
    client: GroupClient,
}

impl Scene {
    async fn new(partitions: i32) -> Scene {
        let stack = support::endpoints().kafka;
        let name = format!("group-test-{:016x}", rand::random::<u64>());
        let cluster = Cluster::new(&stack.bootstrap, stack.security).unwrap();
        cluster.create_topic(&name, partitions, 1).await.unwrap();
        Scene {
            client: cluster.group(&name).await.unwrap(),
            bootstrap: stack.bootstrap,
            topic: name,
        }
    }

    /// A consumer process of this group.
    fn consumer(&self, client_id: &str, settings: &[(&str, &str)]) -> Consumer {
        let mut all = vec![
            ("bootstrap.servers", self.bootstrap.as_str()),
            ("group.id", self.client.group()),
            ("client.id", client_id),
            ("enable.auto.commit", "false"),
        ];
        all.extend(settings);
        Consumer::start(&self.topic, &all)
    }

    /// Waits until each of these has a partition.
    async fn until_shared(&self, client_ids: &[&str]) -> Group {
        let what = format!("a partition for each of {client_ids:?}");
        let has = |group: &Group, id: &&str| {
            let member = group.client(id);
            member.is_some_and(|m| m.assignment.contains_key(&self.topic))
        };
        self.client
            .wait_until(PATIENCE, &what, |group| {
                group.assignment_known() && client_ids.iter().all(|id| has(group, id))
            })
            .await
            .unwrap()
    }
}
