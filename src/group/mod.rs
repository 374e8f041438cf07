//! Asks Kafka about a consumer group and evicts its members, by protocol.
//!
//! librdkafka can neither take a frozen member out of its group nor tell when its partitions have
//! passed on. Nothing is awaited by sleeping: what takes time is asked for again until it is so, or
//! its deadline passes and the error says what was seen last.

mod cluster;
mod connection;
mod coordinator;
mod describe;
mod dial;
mod error;
mod evict;
mod offsets;
mod sasl;
mod state;
mod topic;
mod transport;
mod versions;

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

pub use cluster::Cluster;
pub(crate) use dial::Dialer;
pub use error::GroupError;
pub use evict::Eviction;
pub use state::{Group, GroupProtocol, GroupState, Member};
pub(crate) use transport::Stream;

use crate::stack::Security;
use cluster::PAUSE;

/// Methods take `&self`: one task may wait while another evicts.
pub struct GroupClient {
    cluster: Cluster,
    group: String,
    known: Mutex<Learned>,
}

/// Wrong at worst, never believed without asking.
struct Learned {
    coordinator: Option<String>,
    protocol: GroupProtocol,
}

impl GroupClient {
    /// The group need not exist; its coordinator must be found.
    pub async fn connect(
        bootstrap: &str,
        security: Security,
        group: &str,
    ) -> Result<GroupClient, GroupError> {
        Cluster::new(bootstrap, security)?.group(group).await
    }

    pub fn group(&self) -> &str {
        &self.group
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// A broker that is away in between is asked again. [`GroupError::Waited`] after `deadline`; a
    /// refusal at once.
    pub async fn wait_until(
        &self,
        deadline: Duration,
        what: &str,
        mut reached: impl FnMut(&Group) -> bool,
    ) -> Result<Group, GroupError> {
        let until = Instant::now() + deadline;
        let mut last = "nothing yet".to_string();
        loop {
            match tokio::time::timeout_at(until, self.describe()).await {
                Ok(Ok(group)) if reached(&group) => return Ok(group),
                Ok(Ok(group)) => last = group.to_string(),
                Ok(Err(error)) if error.is_transient() => last = error.to_string(),
                Ok(Err(error)) => return Err(error),
                // The deadline cut a question short; what was seen before it still counts.
                Err(_) => {}
            }
            if Instant::now() >= until {
                return Err(GroupError::Waited {
                    what: format!("{what} (group {})", self.group),
                    after: deadline,
                    last,
                });
            }
            sleep_until(until.min(Instant::now() + PAUSE)).await;
        }
    }

    /// See [`Group::moved`]; fails as [`GroupClient::wait_until`].
    pub async fn wait_until_moved(
        &self,
        deadline: Duration,
        from: &str,
        topic: &str,
        partition: i32,
    ) -> Result<Group, GroupError> {
        let what = format!("{topic}[{partition}] to move away from {from}");
        self.wait_until(deadline, &what, |group| group.moved(from, topic, partition))
            .await
    }

    fn known_coordinator(&self) -> Option<String> {
        self.known
            .lock()
            .expect("no holder panics")
            .coordinator
            .clone()
    }

    fn remember_coordinator(&self, broker: &str) {
        self.known.lock().expect("no holder panics").coordinator = Some(broker.to_string());
    }

    fn forget_coordinator(&self) {
        self.known.lock().expect("no holder panics").coordinator = None;
    }

    /// The likelier one first.
    fn protocols(&self) -> [GroupProtocol; 2] {
        match self.known.lock().expect("no holder panics").protocol {
            GroupProtocol::Classic => [GroupProtocol::Classic, GroupProtocol::Consumer],
            GroupProtocol::Consumer => [GroupProtocol::Consumer, GroupProtocol::Classic],
        }
    }

    fn remember_protocol(&self, protocol: GroupProtocol) {
        self.known.lock().expect("no holder panics").protocol = protocol;
    }
}

impl Cluster {
    /// Fails where no coordinator is named in time.
    pub async fn group(&self, group: &str) -> Result<GroupClient, GroupError> {
        let client = GroupClient {
            cluster: self.clone(),
            group: group.to_string(),
            known: Mutex::new(Learned {
                coordinator: None,
                protocol: GroupProtocol::Classic,
            }),
        };
        client.coordinator(Instant::now() + self.patience()).await?;
        Ok(client)
    }
}
