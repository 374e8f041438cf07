//! One request and its answer, as far as the tap understands them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::{ApiKey, TopicName};
use kafka_protocol::protocol::Encodable;

use super::Shared;
use super::addresses::Addresses;
use super::classic::{Heartbeat, JoinGroup, LeaveGroup, SyncGroup};
use super::commit::{OffsetCommit, TxnOffsetCommit};
use super::connection::Closed;
use super::consumer::ConsumerGroupHeartbeat;
use super::detail::Detail;
use super::fetch::Fetch;
use super::produce::Produce;
use super::producer_id::InitProducerId;
use super::reader::Malformed;
use super::transaction::{AddOffsetsToTxn, AddPartitionsToTxn, EndTxn};
use super::versions::ApiVersions;

/// One API, one implementation; `producer_id.rs` is the smallest.
pub(super) trait ApiTracker: Send {
    /// Before the broker sees the request; nothing where that is no event.
    fn received(&self) -> Option<EventReport> {
        None
    }

    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed>;

    /// Of a broker that cannot serve the request for the moment; clients retry.
    fn refusal(&self) -> Result<Bytes, Malformed>;

    fn expects_answer(&self) -> bool {
        true
    }
}

pub(super) struct EventReport {
    /// The API, and what else is equal in every run: `Produce orders`.
    pub(super) signature: String,
    pub(super) subjects: Vec<String>,
    pub(super) outcome: String,
    pub(super) writes: bool,
    pub(super) detail: Detail,
}

#[derive(Default)]
pub(super) struct TrackedAnswer {
    pub(super) report: Option<EventReport>,
    /// Instead of the broker's own bytes, behind the header.
    pub(super) rewritten: Option<Bytes>,
}

/// By a connection's session (KIP-227): an incremental request names only those that have changed.
pub(super) type FetchPositions = HashMap<(TopicName, u128, i32), i64>;

/// Nothing if the tap need not understand it.
pub(super) fn read(
    api: ApiKey,
    version: i16,
    body: &Bytes,
    shared: &Shared,
    positions: &mut Arc<FetchPositions>,
) -> Result<Option<Box<dyn ApiTracker>>, Malformed> {
    let state = &shared.state;
    Ok(Some(match api {
        ApiKey::ApiVersions => Box::new(ApiVersions {
            version,
            fetches: shared.decode_fetches,
        }),
        ApiKey::Metadata | ApiKey::FindCoordinator | ApiKey::DescribeCluster => {
            Box::new(Addresses { api, version })
        }
        ApiKey::Fetch if shared.decode_fetches => Box::new(Fetch::read(version, body, positions)?),
        ApiKey::Produce => Box::new(Produce::read(version, body, shared)?),
        ApiKey::OffsetCommit => Box::new(OffsetCommit::read(version, body, state)?),
        ApiKey::TxnOffsetCommit => Box::new(TxnOffsetCommit::read(version, body, state)?),
        ApiKey::InitProducerId => Box::new(InitProducerId::read(version, body)?),
        ApiKey::AddPartitionsToTxn => Box::new(AddPartitionsToTxn::read(version, body)?),
        ApiKey::AddOffsetsToTxn => Box::new(AddOffsetsToTxn::read(version, body)?),
        ApiKey::EndTxn => Box::new(EndTxn::read(version, body, state)?),
        ApiKey::JoinGroup => Box::new(JoinGroup::read(version, body)?),
        ApiKey::SyncGroup => Box::new(SyncGroup::read(version, body)?),
        ApiKey::LeaveGroup => Box::new(LeaveGroup::read(version, body)?),
        ApiKey::Heartbeat => Box::new(Heartbeat::read(version, body)?),
        ApiKey::ConsumerGroupHeartbeat => Box::new(ConsumerGroupHeartbeat::read(version, body)?),
        _ => return Ok(None),
    }))
}

pub(super) fn encode<T: Encodable>(message: &T, version: i16) -> Result<Bytes, Malformed> {
    let mut body = BytesMut::new();
    let encoded = message.encode(&mut body, version);
    encoded.map_err(|e| Malformed::new(format!("answer cannot be written again: {e}")))?;
    Ok(body.freeze())
}

pub(super) fn each_once<'a>(payments: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut seen = HashSet::new();
    payments
        .into_iter()
        .filter(|message| seen.insert(*message))
        .map(str::to_owned)
        .collect()
}
