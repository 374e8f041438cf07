//! What the tap reads, fed with what no broker and no client sends.

use std::sync::Arc;

use bytes::{BufMut, Bytes};
use kafka_protocol::messages::txn_offset_commit_request::{
    TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Encodable, Message, Request, StrBytes};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::seeds::{batch, bytes, fetched, metadata};
use super::shape::{Shaped, decode};
use super::tracker::{self, FetchPositions};
use super::*;
use crate::stack::Security;
use crate::tap::PassAll;

const ROUNDS: usize = 200;

fn tap() -> KafkaTap {
    let source = Source {
        instance: "a".into(),
        incarnation: 1,
    };
    let kafka = Kafka {
        bootstrap: "127.0.0.1:1".into(),
        security: Security::default(),
    };
    KafkaTap::listen(source, &kafka, Arc::new(PassAll), Options::default()).expect("a free port")
}

fn rng() -> ChaCha8Rng {
    let seed = std::env::var("FUZZ_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| rand::rng().random());
    println!("FUZZ_SEED={seed}");
    ChaCha8Rng::seed_from_u64(seed)
}

fn damaged(rng: &mut ChaCha8Rng, valid: &[u8]) -> Bytes {
    let mut bytes = valid.to_vec();
    match rng.random_range(0..4) {
        0 => {
            bytes.resize(rng.random_range(0..200), 0);
            rng.fill_bytes(&mut bytes);
        }
        1 => bytes.truncate(rng.random_range(0..=valid.len())),
        // A length of about two thousand million, as an array or a varint has it.
        2 => {
            let at = rng.random_range(0..=valid.len());
            bytes.splice(
                at..at,
                [[0x7f, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f]].concat(),
            );
        }
        _ => {
            for _ in 0..rng.random_range(1..8) {
                if let Some(at) = (0..bytes.len()).nth(rng.random_range(0..valid.len().max(1))) {
                    bytes[at] = rng.random();
                }
            }
        }
    }
    bytes.into()
}

fn damage<R>(rng: &mut ChaCha8Rng, tap: &KafkaTap, request: &R, answer: impl Fn(i16) -> Bytes)
where
    R: Request,
{
    let api = ApiKey::try_from(R::KEY).expect("an API");
    let versions = R::VERSIONS.intersect(&R::Response::VERSIONS);
    for round in 0..ROUNDS {
        let version = rng.random_range(versions.min..=versions.max);
        let valid = bytes(request, version);
        let mut positions = Arc::new(FetchPositions::default());
        let damaged_request = damaged(rng, &valid);
        let read =
            |body, positions: &mut _| tracker::read(api, version, body, &tap.shared, positions);
        if let Ok(Some(tracker)) = read(&damaged_request, &mut positions) {
            // Whatever was read can be reported and refused.
            tracker.received();
            let _ = tracker.refusal();
        }
        let tracker = read(&valid, &mut positions);
        let mut tracker = tracker
            .expect("a good request")
            .expect("an API that is read");
        let answer = answer(version);
        assert!(
            round > 0 || tracker.answered(&answer, &tap.shared).is_ok(),
            "{api:?} {version}"
        );
        let _ = tracker.answered(&damaged(rng, &answer), &tap.shared);
    }
}

#[tokio::test]
async fn damaged_messages_are_refused_and_take_no_memory() {
    let (mut rng, tap) = (rng(), tap());
    macro_rules! damage {
        ($($request:ident => $response:ident;)*) => {$(
            let answer = |version| bytes(&$response::default(), version);
            damage(&mut rng, &tap, &$request::default(), answer);
        )*};
    }
    damage! {
        ApiVersionsRequest => ApiVersionsResponse;
        FindCoordinatorRequest => FindCoordinatorResponse;
        DescribeClusterRequest => DescribeClusterResponse;
        OffsetCommitRequest => OffsetCommitResponse;
        TxnOffsetCommitRequest => TxnOffsetCommitResponse;
        InitProducerIdRequest => InitProducerIdResponse;
        AddPartitionsToTxnRequest => AddPartitionsToTxnResponse;
        AddOffsetsToTxnRequest => AddOffsetsToTxnResponse;
        EndTxnRequest => EndTxnResponse;
        JoinGroupRequest => JoinGroupResponse;
        SyncGroupRequest => SyncGroupResponse;
        LeaveGroupRequest => LeaveGroupResponse;
        HeartbeatRequest => HeartbeatResponse;
        ConsumerGroupHeartbeatRequest => ConsumerGroupHeartbeatResponse;
    }
    damage(&mut rng, &tap, &MetadataRequest::default(), |version| {
        bytes(&metadata(), version)
    });
    damage(&mut rng, &tap, &FetchRequest::default(), |version| {
        bytes(&fetched(version), version)
    });
    let acknowledged = ProduceRequest::default().with_acks(-1);
    damage(&mut rng, &tap, &acknowledged, |v| {
        bytes(&ProduceResponse::default(), v)
    });
}

#[test]
fn damaged_batches_are_refused_and_take_no_memory() {
    let mut rng = rng();
    let valid = batch("msg-0001");
    assert_eq!(
        records::produced(&valid, &Marks::default()).expect("a batch")[0].marks,
        ["msg-0001"]
    );
    for codec in 0..8 {
        for _ in 0..ROUNDS * 10 {
            let mut batch = damaged(&mut rng, &valid).to_vec();
            if let Some(attributes) = batch.get_mut(22) {
                *attributes = codec;
            }
            let _ = records::delivered(&batch, 0, Vec::new(), &Marks::default());
        }
    }
}

#[test]
fn what_claims_to_unpack_to_gigabytes_is_refused() {
    // Snappy's own header: a varint of 4 GB.
    let claimed = compression::unpack(2, &[0xff, 0xff, 0xff, 0xff, 0x0f, 0]).map(|u| u.len());
    assert!(
        claimed
            .expect_err("a bomb")
            .to_string()
            .contains("when unpacked")
    );
}

#[test]
fn every_version_of_every_message_has_the_shape_that_is_expected() {
    fn check<T: Shaped + Encodable + Message>(message: impl Fn(i16) -> T) {
        for version in T::VERSIONS.min..=T::VERSIONS.max {
            let body = bytes(&message(version), version);
            if let Err(error) = decode::<T>(&body, version) {
                panic!("{} v{version}: {error}", T::SHAPE.name);
            }
            let mut longer = body.to_vec();
            longer.put_u8(0);
            assert!(
                decode::<T>(&longer.into(), version).is_err(),
                "{}",
                T::SHAPE.name
            );
        }
    }
    macro_rules! check {
        ($($message:ident)*) => {$( check(|_| $message::default()); )*};
    }
    check! {
        ApiVersionsResponse FindCoordinatorResponse DescribeClusterResponse
        ProduceRequest ProduceResponse FetchRequest OffsetCommitRequest
        OffsetCommitResponse TxnOffsetCommitRequest TxnOffsetCommitResponse InitProducerIdRequest
        InitProducerIdResponse AddPartitionsToTxnRequest AddPartitionsToTxnResponse
        AddOffsetsToTxnRequest AddOffsetsToTxnResponse EndTxnRequest EndTxnResponse
        JoinGroupRequest JoinGroupResponse SyncGroupRequest SyncGroupResponse LeaveGroupRequest
        LeaveGroupResponse HeartbeatRequest HeartbeatResponse ConsumerGroupHeartbeatRequest
        ConsumerGroupHeartbeatResponse
    }
    check(fetched);
    check(|_| metadata());
}

/// Each request another than the last, until the tap refuses one.
fn planted<R: Request>(
    tap: &KafkaTap,
    request: impl Fn(usize) -> R,
    answer: &R::Response,
) -> (usize, String) {
    let api = ApiKey::try_from(R::KEY).expect("an API");
    let version = R::VERSIONS.intersect(&R::Response::VERSIONS).max;
    let answer = bytes(answer, version);
    for number in 0.. {
        let request = bytes(&request(number), version);
        let read = tracker::read(api, version, &request, &tap.shared, &mut Arc::default());
        let mut tracker = read.expect("a good request").expect("it is read");
        if let Err(closed) = tracker.answered(&answer, &tap.shared) {
            return (number, closed.to_string());
        }
    }
    unreachable!("it is bounded")
}

#[tokio::test]
async fn a_client_that_never_ends_what_it_begins_is_refused_with_what_to_do() {
    let tap = tap();
    let text = |text: String| StrBytes::from_string(text);
    let heartbeat = |n| {
        let member = HeartbeatRequest::default().with_group_id(GroupId(text("g".into())));
        member.with_member_id(text(format!("consumer-{n}")))
    };
    let (members, told) = planted(&tap, heartbeat, &HeartbeatResponse::default());
    assert!(members > 1_000, "{members}");
    assert!(told.contains("1 MiB of group members"), "{told}");

    let commit = |n| {
        let partition = TxnOffsetCommitRequestPartition::default().with_committed_offset(1);
        let topic = TxnOffsetCommitRequestTopic::default()
            .with_name(TopicName(text("t".into())))
            .with_partitions(vec![partition; 100]);
        TxnOffsetCommitRequest::default()
            .with_transactional_id(TransactionalId(text(format!("x-{n}"))))
            .with_topics(vec![topic])
    };
    let (commits, told) = planted(&tap, commit, &TxnOffsetCommitResponse::default());
    assert!(commits > 100, "{commits}");
    assert!(told.contains("16 MiB of offsets"), "{told}");
}
