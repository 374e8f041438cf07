//! The brokers of one cluster; a connection to each is opened when it is needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::connection::{Access, BrokerConnection};
use super::error::GroupError;
use super::transport;
use super::versions::Spoken;
use crate::stack::Security;

/// A healthy broker answers in milliseconds; a JVM that collects garbage beside a compiler was
/// never seen to need a second.
const DEADLINE: Duration = Duration::from_secs(5);

/// Short against what is waited for (a topic takes 35 ms at least), long enough to leave the broker
/// its processor.
pub(super) const PAUSE: Duration = Duration::from_millis(8);

/// Clones share the connections.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<ClusterState>,
    deadline: Duration,
}

struct ClusterState {
    bootstrap: Vec<String>,
    access: Access,
    connections: StdMutex<HashMap<String, Slot>>,
}

/// Empty also while a call has the connection: a call that is given up takes it along, half-read.
type Slot = Arc<Mutex<Option<BrokerConnection>>>;

impl Cluster {
    /// Reads the certificates; connects to nothing yet.
    pub fn new(bootstrap: &str, security: Security) -> Result<Cluster, GroupError> {
        let addresses: Vec<String> = bootstrap
            .split(',')
            .map(str::trim)
            .filter(|address| !address.is_empty())
            .map(str::to_string)
            .collect();
        let has_port = |address: &String| {
            address
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        if addresses.is_empty() || !addresses.iter().all(has_port) {
            return Err(GroupError::Bootstrap {
                given: bootstrap.to_string(),
            });
        }
        let tls = transport::connector(&security)?;
        Ok(Cluster {
            inner: Arc::new(ClusterState {
                bootstrap: addresses,
                access: Access { security, tls },
                connections: StdMutex::default(),
            }),
            deadline: DEADLINE,
        })
    }

    /// On the silence of a broker; 5 s by default.
    pub fn with_deadline(self, deadline: Duration) -> Cluster {
        Cluster { deadline, ..self }
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// What Kafka finishes in the background: a coordinator that loads, leaders that are elected.
    /// Three answers' time: the first group of a new broker waits 3 s while the offsets topic is
    /// made.
    pub(super) fn patience(&self) -> Duration {
        self.deadline * 3
    }

    pub(super) async fn call<R: Spoken>(
        &self,
        broker: &str,
        request: &R,
    ) -> Result<R::Response, GroupError> {
        self.call_within(self.deadline, broker, request).await
    }

    /// The second of the pair is who answered.
    pub(super) async fn call_any<R: Spoken>(
        &self,
        request: &R,
    ) -> Result<(R::Response, String), GroupError> {
        // All of them together have the time of one.
        let share = self.deadline / u32::try_from(self.inner.bootstrap.len()).unwrap_or(u32::MAX);
        let mut failure = None;
        for broker in &self.inner.bootstrap {
            match self.call_within(share, broker, request).await {
                Ok(answer) => return Ok((answer, broker.clone())),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.expect("there is at least one bootstrap address"))
    }

    async fn call_within<R: Spoken>(
        &self,
        limit: Duration,
        broker: &str,
        request: &R,
    ) -> Result<R::Response, GroupError> {
        match timeout(limit, self.call_now(broker, request)).await {
            Ok(answer) => answer,
            Err(_) => Err(GroupError::Timeout {
                broker: broker.to_string(),
                api: R::NAME,
                after: limit,
            }),
        }
    }

    async fn call_now<R: Spoken>(
        &self,
        broker: &str,
        request: &R,
    ) -> Result<R::Response, GroupError> {
        let slot = self.slot(broker);
        let mut slot = slot.lock().await;
        if let Some(mut connection) = slot.take() {
            match connection.call(request).await {
                // The broker closes idle connections, and all when it restarts: that says nothing
                // of the broker there now. Every request of this client may be sent twice.
                Err(GroupError::Broken { .. }) => {}
                Err(error) => return Err(error),
                Ok(answer) => {
                    *slot = Some(connection);
                    return Ok(answer);
                }
            }
        }
        let mut connection = BrokerConnection::open(broker, &self.inner.access).await?;
        let answer = connection.call(request).await?;
        *slot = Some(connection);
        Ok(answer)
    }

    fn slot(&self, broker: &str) -> Slot {
        let mut connections = self.inner.connections.lock().expect("no holder panics");
        connections.entry(broker.to_string()).or_default().clone()
    }
}
