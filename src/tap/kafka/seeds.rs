//! Messages that brokers and clients send, for those who damage them.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::indexmap::IndexMap;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::fetch_response::{
    FetchableTopicResponse, NodeEndpoint, PartitionData,
};
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Encodable, HeaderVersion, Message, Request, StrBytes};
use kafka_protocol::records::{
    Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
};

use crate::tap::fuzz::{Side, steps};

pub(super) fn bytes(message: &impl Encodable, version: i16) -> Bytes {
    let mut bytes = BytesMut::new();
    message
        .encode(&mut bytes, version)
        .expect("a message of this version");
    bytes.freeze()
}

pub(super) fn batch(message: &str) -> Bytes {
    let record = Record {
        transactional: false,
        control: false,
        delete_horizon: false,
        partition_leader_epoch: 0,
        producer_id: -1,
        producer_epoch: -1,
        timestamp_type: TimestampType::Creation,
        offset: 0,
        sequence: -1,
        timestamp: 0,
        key: None,
        value: Some(Bytes::from(message.to_owned())),
        headers: IndexMap::default(),
    };
    let options = RecordEncodeOptions {
        version: 2,
        compression: Compression::None,
    };
    let mut batch = BytesMut::new();
    RecordBatchEncoder::encode(&mut batch, [&record], &options).expect("a batch");
    batch.freeze()
}

/// For those whose shape has arrays in arrays.
pub(super) fn fetched(version: i16) -> FetchResponse {
    let partition = PartitionData::default().with_records(Some(batch("msg-0001")));
    let topic =
        FetchableTopicResponse::default().with_partitions(vec![partition.clone(), partition]);
    let response = FetchResponse::default().with_responses(vec![topic]);
    if version < 16 {
        return response;
    }
    let node = NodeEndpoint::default().with_host(StrBytes::from_static_str("broker"));
    response.with_node_endpoints(vec![node])
}

pub(super) fn metadata() -> MetadataResponse {
    let broker = MetadataResponseBroker::default().with_host(StrBytes::from_static_str("broker"));
    let partition =
        MetadataResponsePartition::default().with_replica_nodes(vec![1.into(), 2.into()]);
    let topic = MetadataResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_static_str("payments"))))
        .with_partitions(vec![partition]);
    MetadataResponse::default()
        .with_brokers(vec![broker.clone(), broker])
        .with_topics(vec![topic])
}

fn topic() -> TopicName {
    TopicName(StrBytes::from_static_str("payments"))
}

#[must_use]
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    macro_rules! seed {
        ($($request:expr => $response:expr;)*) => {$( seed(&mut seeds, &$request, $response); )*};
    }
    seed! {
        ApiVersionsRequest::default() => |_| ApiVersionsResponse::default();
        MetadataRequest::default() => |_| metadata();
        FindCoordinatorRequest::default() => |_| FindCoordinatorResponse::default();
        DescribeClusterRequest::default() => |_| DescribeClusterResponse::default();
        InitProducerIdRequest::default() => |_| InitProducerIdResponse::default();
        AddPartitionsToTxnRequest::default() => |_| AddPartitionsToTxnResponse::default();
        AddOffsetsToTxnRequest::default() => |_| AddOffsetsToTxnResponse::default();
        TxnOffsetCommitRequest::default() => |_| TxnOffsetCommitResponse::default();
        EndTxnRequest::default() => |_| EndTxnResponse::default();
        JoinGroupRequest::default() => |_| JoinGroupResponse::default();
        SyncGroupRequest::default() => |_| SyncGroupResponse::default();
        LeaveGroupRequest::default() => |_| LeaveGroupResponse::default();
        HeartbeatRequest::default() => |_| HeartbeatResponse::default();
        ConsumerGroupHeartbeatRequest::default() => |_| ConsumerGroupHeartbeatResponse::default();
        fetch() => fetched;
        produce() => |_| ProduceResponse::default();
        commit() => |_| committed();
    }
    seeds
}

fn fetch() -> FetchRequest {
    let topic = FetchTopic::default().with_partitions(vec![FetchPartition::default()]);
    FetchRequest::default().with_topics(vec![topic])
}

fn produce() -> ProduceRequest {
    let partition = PartitionProduceData::default().with_records(Some(batch("msg-0002")));
    let topic = TopicProduceData::default().with_partition_data(vec![partition]);
    ProduceRequest::default()
        .with_acks(-1)
        .with_topic_data(vec![topic])
}

fn commit() -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default().with_committed_offset(17);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(topic())
        .with_partitions(vec![partition]);
    OffsetCommitRequest::default().with_topics(vec![topic])
}

fn committed() -> OffsetCommitResponse {
    let topic = OffsetCommitResponseTopic::default()
        .with_name(topic())
        .with_partitions(vec![OffsetCommitResponsePartition::default()]);
    OffsetCommitResponse::default().with_topics(vec![topic])
}

fn seed<R: Request>(seeds: &mut Vec<Vec<u8>>, request: &R, answer: impl Fn(i16) -> R::Response) {
    let versions = R::VERSIONS.intersect(&R::Response::VERSIONS);
    for version in versions.min..=versions.max {
        let mut asked = BytesMut::new();
        asked.put_i16(R::KEY);
        asked.put_i16(version);
        asked.put_i32(7);
        asked.put_i16(-1); // no client id
        if R::header_version(version) >= 2 {
            asked.put_u8(0); // no tagged fields
        }
        asked.put(bytes(request, version));
        let mut answered = BytesMut::new();
        answered.put_i32(7);
        if R::Response::header_version(version) >= 1 {
            answered.put_u8(0);
        }
        answered.put(bytes(&answer(version), version));
        let mut script = vec![0];
        script.extend(steps(Side::Client, &sized(&asked)));
        script.extend(steps(Side::Server, &sized(&answered)));
        seeds.push(script);
    }
}

fn sized(frame: &[u8]) -> Vec<u8> {
    let size = i32::try_from(frame.len()).expect("a small frame");
    [&size.to_be_bytes()[..], frame].concat()
}
