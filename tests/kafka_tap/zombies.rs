//! A member that is put out of its group by name, as the lab evicts zombies, and what the broker
//! then says to it.

use bytes::{BufMut, Bytes, BytesMut};
use crashwindow::event::{Stage, message_id};
use crashwindow::tap::kafka::{Detail, Member, Protocol};
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::{
    ConsumerGroupHeartbeatRequest, GroupId, LeaveGroupRequest, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use rdkafka::consumer::{CommitMode, Consumer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::clients::kafka;
use crate::cluster::{Cluster, behind, close, subscribed};
use crate::recorder::{Recorder, within};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_evicted_classic_member_is_refused() {
    evicted("zombie", "classic").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_evicted_member_of_a_group_that_the_broker_assigns_is_refused() {
    evicted("zombie848", "consumer").await;
}

async fn evicted(what: &str, protocol: &str) {
    let cluster = Cluster::new(what, 1).await;
    cluster.produce(1, 1, 1).await;
    let recorder = Recorder::new();
    let tap = cluster.tap(&recorder);
    let mut config = behind(&tap, &cluster.topic);
    config.set("group.protocol", protocol);
    if protocol == "classic" {
        // So that the commit, not a heartbeat, is the first to be refused.
        config.set("heartbeat.interval.ms", "30000");
    }
    let consumer = subscribed(&config, &cluster.topic);
    let record = within("a record", consumer.recv()).await.expect("a record");
    let member = tap.member().expect("it is in the group");
    // Held until the eviction is done, so that nothing but the eviction decides.
    let mut held = recorder.hold("kafka OffsetCommit", Stage::Received);
    consumer
        .commit_message(&record, CommitMode::Async)
        .expect("it is sent");
    held.reached().await;
    evict(&cluster.kafka.bootstrap, &member).await;
    held.release(crashwindow::tap::Decision::Pass);

    let refused = recorder.answer("kafka OffsetCommit").await;
    assert_eq!(refused.outcome, "UNKNOWN_MEMBER_ID");
    assert_eq!(refused.subjects, [message_id(1)]);
    let Detail::Commit(commit) = kafka(&refused) else {
        panic!("{refused:?}")
    };
    assert_eq!(commit.member_id, member.member_id);
    assert_eq!(
        commit.offsets[0].error.as_deref(),
        Some("UNKNOWN_MEMBER_ID")
    );
    assert_eq!(cluster.committed(0).await, None);
    assert!(tap.committed().is_empty());
    drop(record);
    close(consumer).await;
}

async fn evict(broker: &str, member: &Member) {
    let mut stream = TcpStream::connect(broker)
        .await
        .expect("the broker listens");
    let group = GroupId(StrBytes::from_string(member.group.clone()));
    let id = StrBytes::from_string(member.member_id.clone());
    let error_code = match member.protocol {
        Protocol::Classic => {
            let members = vec![MemberIdentity::default().with_member_id(id)];
            let leave = LeaveGroupRequest::default()
                .with_group_id(group)
                .with_members(members);
            let answer = within("the eviction", call(&mut stream, &leave, 3)).await;
            answer.error_code.max(answer.members[0].error_code)
        }
        Protocol::Consumer => {
            let leave = ConsumerGroupHeartbeatRequest::default()
                .with_group_id(group)
                .with_member_id(id)
                .with_member_epoch(-1);
            within("the eviction", call(&mut stream, &leave, 0))
                .await
                .error_code
        }
    };
    assert_eq!(error_code, 0);
}

async fn call<R: Request>(stream: &mut TcpStream, request: &R, version: i16) -> R::Response {
    stream
        .write_all(&framed(request, version, 7))
        .await
        .expect("it is sent");
    let size = stream.read_u32().await.expect("an answer") as usize;
    let mut answer = vec![0; size];
    stream.read_exact(&mut answer).await.expect("an answer");
    let mut answer = Bytes::from(answer);
    ResponseHeader::decode(&mut answer, R::Response::header_version(version)).expect("a header");
    R::Response::decode(&mut answer, version).expect("an answer to the request")
}

/// A request as it is on the wire.
pub fn framed<R: Request>(request: &R, version: i16, correlation_id: i32) -> Bytes {
    let mut body = BytesMut::new();
    RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(correlation_id)
        .with_client_id(Some(StrBytes::from_static_str("test")))
        .encode(&mut body, R::header_version(version))
        .expect("a header");
    request.encode(&mut body, version).expect("a request");
    let mut frame = BytesMut::new();
    frame.put_u32(u32::try_from(body.len()).expect("small"));
    frame.put(body);
    frame.freeze()
}
