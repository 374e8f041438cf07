//! The Kafka tap: the wire protocol between one incarnation of an instance and the brokers.
//!
//! ```text
//! instance ─▶ 127.0.0.1:a (bootstrap) ─▶ broker      answers that say where brokers are
//!          ─▶ 127.0.0.1:b (node 1)    ─▶ node 1      are rewritten, so that every connection
//!          ─▶ 127.0.0.1:c (node 2)    ─▶ node 2      comes through the tap
//! ```
//!
//! | events | at arrival | at the answer |
//! | --- | --- | --- |
//! | `kafka Fetch` | | where it carries records |
//! | `kafka Produce {topic}`, `kafka OffsetCommit`, `kafka TxnOffsetCommit` | ✓ | ✓ |
//! | `kafka InitProducerId`, `AddPartitionsToTxn`, `AddOffsetsToTxn`, `EndTxn commit`, `EndTxn abort` | ✓ | ✓ |
//! | `kafka JoinGroup`, `SyncGroup`, `LeaveGroup` | ✓ | ✓ |
//! | `kafka Heartbeat` | | where the error is another than the last |
//! | `kafka ConsumerGroupHeartbeat` | where it joins or leaves | also where epoch, assignment or error change |
//!
//! An event is about every message whose marks its records carry; a commit, about all that was
//! delivered through this tap and that it passes; the end of a transaction, about what its commits
//! are about.

mod addresses;
mod answers;
mod asking;
mod broker;
mod classic;
mod commit;
mod compression;
mod connection;
mod consumer;
mod detail;
mod fetch;
mod frame;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod membership;
mod names;
mod open;
mod produce;
mod producer_id;
mod reader;
mod receive;
mod records;
#[cfg(any(test, fuzzing))]
mod seeds;
mod shape;
mod shapes;
mod state;
#[cfg(test)]
mod tests;
mod tracker;
mod transaction;
mod upstream;
mod versions;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::{Arc, Mutex};

use kafka_protocol::protocol::StrBytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::asking::Asking;
use self::broker::Broker;
use self::state::State;
use self::tracker::EventReport;
use self::upstream::Upstream;
use super::{BoundaryEvent, Gate, Hook};
use crate::event::{Marks, Role, Source, Stage, Tap};
use crate::stack::Kafka;

pub use self::detail::{
    Commit, DeliveredRecord, Delivery, Detail, Member, Membership, Position, Production, Protocol,
    TopicPartition, Transaction, TransactionStep,
};

/// Kafka's own bound on a request (`socket.request.max.bytes`).
const FRAME_LIMIT: usize = 100 << 20;

#[derive(Debug, Clone)]
pub struct Options {
    /// Without it, as in a storm, no event tells of deliveries, and commits carry no message.
    pub decode_fetches: bool,
    /// What stands for names of this run in signatures: `("crashwindow-0007-abc123", "{topic}")`.
    pub placeholders: Vec<(String, String)>,
    /// The most bytes of one request or decoded answer. What is forwarded undecoded takes no
    /// memory.
    pub frame_limit: usize,
    pub gate: Gate,
    pub marks: Marks,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            decode_fetches: true,
            placeholders: Vec::new(),
            frame_limit: FRAME_LIMIT,
            gate: Gate::default(),
            marks: Marks::default(),
        }
    }
}

/// The addresses at which one incarnation of an instance reaches a Kafka cluster.
///
/// Dropping it closes the listeners and their connections, on both sides, without another byte.
/// When the client closes a connection, the broker's side closes at once; only requests that had
/// arrived and are not held are still handed over. A question to the hook that is under way is
/// asked to its end.
#[derive(Debug)]
pub struct KafkaTap {
    bootstrap: Arc<Broker>,
    shared: Arc<Shared>,
}

struct Shared {
    source: Source,
    hook: Arc<dyn Hook>,
    upstream: Upstream,
    decode_fetches: bool,
    placeholders: Vec<(String, String)>,
    frame_limit: usize,
    gate: Gate,
    marks: Marks,
    state: State,
    bootstrap: Arc<Broker>,
    /// By node id.
    brokers: Mutex<HashMap<i32, Arc<Broker>>>,
    closing: CancellationToken,
}

impl KafkaTap {
    /// To be called within a Tokio runtime. Clients speak plaintext; one that asks for TLS or SASL
    /// is closed, with the reason on the log. Fails when no port can be had, or the cluster wants
    /// encryption or credentials that the tap cannot give.
    pub fn listen(
        source: Source,
        cluster: &Kafka,
        hook: Arc<dyn Hook>,
        options: Options,
    ) -> io::Result<Self> {
        let upstream = Upstream::new(&cluster.security)?;
        let addresses = cluster
            .bootstrap
            .split(',')
            .map(|address| address.trim().to_owned());
        let (bootstrap, listener) = Broker::bind(addresses.collect())?;
        let shared = Arc::new(Shared {
            source,
            hook,
            upstream,
            decode_fetches: options.decode_fetches,
            placeholders: options.placeholders,
            frame_limit: options.frame_limit,
            gate: options.gate,
            marks: options.marks,
            state: State::default(),
            bootstrap: Arc::clone(&bootstrap),
            brokers: Mutex::default(),
            closing: CancellationToken::new(),
        });
        tokio::spawn(broker::accept(
            listener,
            Arc::clone(&bootstrap),
            Arc::clone(&shared),
        ));
        Ok(Self { bootstrap, shared })
    }

    #[must_use]
    pub fn bootstrap(&self) -> String {
        self.bootstrap.local().to_string()
    }

    /// As far as its own requests tell: who is evicted by others is told at its next request.
    #[must_use]
    pub fn member(&self) -> Option<Member> {
        self.members().borrow().last().cloned()
    }

    /// The one that changed last at the end.
    #[must_use]
    pub fn members(&self) -> watch::Receiver<Vec<Member>> {
        self.shared.state.members()
    }

    /// As the broker has accepted them, the last of each partition.
    #[must_use]
    pub fn committed(&self) -> BTreeMap<TopicPartition, i64> {
        self.shared.state.committed()
    }
}

impl Drop for KafkaTap {
    fn drop(&mut self) {
        self.shared.closing.cancel();
    }
}

impl Shared {
    fn rewrite(
        self: &Arc<Self>,
        node_id: i32,
        host: &mut StrBytes,
        port: &mut i32,
    ) -> io::Result<()> {
        // An answer that tells of an error names nobody.
        if host.is_empty() {
            return Ok(());
        }
        let local = self.broker(node_id, broker::address(host, *port))?.local();
        *host = StrBytes::from_string(local.ip().to_string());
        *port = i32::from(local.port());
        Ok(())
    }

    /// It gets a listener when it is first heard of, and keeps it when it moves.
    fn broker(self: &Arc<Self>, node_id: i32, address: String) -> io::Result<Arc<Broker>> {
        let mut brokers = self.brokers.lock().expect("no holder panics");
        if let Some(known) = brokers.get(&node_id) {
            known.moved_to(address);
            return Ok(Arc::clone(known));
        }
        let broker = if self.bootstrap.is_at(&address) {
            Arc::clone(&self.bootstrap)
        } else {
            let (broker, listener) = Broker::bind(vec![address])?;
            tokio::spawn(broker::accept(
                listener,
                Arc::clone(&broker),
                Arc::clone(self),
            ));
            broker
        };
        brokers.insert(node_id, Arc::clone(&broker));
        Ok(broker)
    }

    fn ask(&self, stage: Stage, report: EventReport) -> Asking {
        let mut signature = report.signature;
        for (name, placeholder) in &self.placeholders {
            signature = signature.replace(name, placeholder);
        }
        let event = BoundaryEvent {
            tap: Tap::Kafka,
            stage,
            source: self.source.clone(),
            signature: format!("kafka {signature}"),
            subjects: report.subjects,
            outcome: report.outcome,
            writes: report.writes,
            role: Role::Request,
            result: None,
            detail: None,
        }
        .with_detail(super::Detail::Kafka(report.detail));
        Asking::new(&self.hook, event)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
