//! The shapes of the messages that the tap decodes, from Kafka's message definitions
//! (`clients/src/main/resources/common/message`).

use kafka_protocol::messages::*;

use super::shape::{Field, Message, Shape, Shaped};

const I8: Shape = Shape::Fixed(1);
const I16: Shape = Shape::Fixed(2);
const I32: Shape = Shape::Fixed(4);
const I64: Shape = Shape::Fixed(8);
const UUID: Shape = Shape::Fixed(16);
const STR: Shape = Shape::Str;
const BYTES: Shape = Shape::Bytes;
const I32S: Shape = Shape::Fixeds(4);

const fn all(shape: Shape) -> Field {
    between(0, i16::MAX, shape)
}

const fn since(since: i16, shape: Shape) -> Field {
    between(since, i16::MAX, shape)
}

const fn until(until: i16, shape: Shape) -> Field {
    between(0, until, shape)
}

const fn between(since: i16, until: i16, shape: Shape) -> Field {
    Field {
        shape,
        since,
        until,
    }
}

macro_rules! shapes {
    ($($message:ident, $flexible:literal, [$($field:expr),* $(,)?], [$($tagged:expr),*];)*) => {$(
        impl Shaped for $message {
            const SHAPE: Message = Message {
                name: stringify!($message),
                flexible: $flexible,
                fields: &[$($field),*],
                tagged: &[$($tagged),*],
            };
        }
    )*};
}

const FEATURES: Shape = Shape::Array(&[all(STR), all(I16), all(I16)]);
const NODES: Shape = Shape::Array(&[all(I32), all(STR), all(I32), all(STR)]);
const TOPIC_ERRORS: Shape = Shape::Array(&[all(STR), all(Shape::Array(&[all(I32), all(I16)]))]);
const TOPIC_PARTITIONS: Shape = Shape::Array(&[all(STR), all(I32S)]);
const TOPIC_ID_PARTITIONS: Shape = Shape::Array(&[all(UUID), all(I32S)]);

shapes! {
    ApiVersionsResponse, 3,
        [all(I16), all(Shape::Array(&[all(I16), all(I16), all(I16)])), since(1, I32)],
        [(0, FEATURES), (2, FEATURES)];
    MetadataResponse, 9,
        [
            since(3, I32),
            all(Shape::Array(&[all(I32), all(STR), all(I32), since(1, STR)])),
            since(2, STR),
            since(1, I32),
            all(Shape::Array(&[
                all(I16), all(STR), since(10, UUID), since(1, I8),
                all(Shape::Array(&[
                    all(I16), all(I32), all(I32), since(7, I32), all(I32S), all(I32S),
                    since(5, I32S),
                ])),
                since(8, I32),
            ])),
            between(8, 10, I32),
            since(13, I16),
        ],
        [];
    FindCoordinatorResponse, 3,
        [
            since(1, I32), until(3, I16), between(1, 3, STR), until(3, I32), until(3, STR),
            until(3, I32),
            since(4, Shape::Array(&[
                all(STR), all(I32), all(STR), all(I32), all(I16), all(STR),
            ])),
        ],
        [];
    DescribeClusterResponse, 0,
        [
            all(I32), all(I16), all(STR), since(1, I8), all(STR), all(I32),
            all(Shape::Array(&[all(I32), all(STR), all(I32), all(STR), since(2, I8)])),
            all(I32),
        ],
        [];
}

shapes! {
    ProduceRequest, 9,
        [
            all(STR), all(I16), all(I32),
            all(Shape::Array(&[
                until(12, STR), since(13, UUID), all(Shape::Array(&[all(I32), all(BYTES)])),
            ])),
        ],
        [];
    ProduceResponse, 9,
        [
            all(Shape::Array(&[
                until(12, STR), since(13, UUID),
                all(Shape::Array(&[
                    all(I32), all(I16), all(I64), all(I64), since(5, I64),
                    since(8, Shape::Array(&[all(I32), all(STR)])), since(8, STR),
                ])),
            ])),
            all(I32),
        ],
        [(0, NODES)];
    FetchRequest, 12,
        [
            until(14, I32), all(I32), all(I32), all(I32), all(I8), since(7, I32), since(7, I32),
            all(Shape::Array(&[
                until(12, STR), since(13, UUID),
                all(Shape::Array(&[
                    all(I32), since(9, I32), all(I64), since(12, I32), since(5, I64), all(I32),
                ])),
            ])),
            since(7, Shape::Array(&[until(12, STR), since(13, UUID), all(I32S)])),
            since(11, STR),
        ],
        [];
    FetchResponse, 12,
        [
            all(I32), since(7, I16), since(7, I32),
            all(Shape::Array(&[
                until(12, STR), since(13, UUID),
                all(Shape::Array(&[
                    all(I32), all(I16), all(I64), all(I64), since(5, I64),
                    all(Shape::Array(&[all(I64), all(I64)])), since(11, I32), all(BYTES),
                ])),
            ])),
        ],
        [(0, NODES)];
}

shapes! {
    OffsetCommitRequest, 8,
        [
            all(STR), all(I32), all(STR), since(7, STR), between(2, 4, I64),
            all(Shape::Array(&[
                all(STR), all(Shape::Array(&[all(I32), all(I64), since(6, I32), all(STR)])),
            ])),
        ],
        [];
    OffsetCommitResponse, 8, [since(3, I32), all(TOPIC_ERRORS)], [];
    TxnOffsetCommitRequest, 3,
        [
            all(STR), all(STR), all(I64), all(I16), since(3, I32), since(3, STR), since(3, STR),
            all(Shape::Array(&[
                all(STR), all(Shape::Array(&[all(I32), all(I64), since(2, I32), all(STR)])),
            ])),
        ],
        [];
    TxnOffsetCommitResponse, 3, [all(I32), all(TOPIC_ERRORS)], [];
}

shapes! {
    InitProducerIdRequest, 2,
        [all(STR), all(I32), since(3, I64), since(3, I16), since(6, I8), since(6, I8)], [];
    InitProducerIdResponse, 2,
        [all(I32), all(I16), all(I64), all(I16), since(6, I64), since(6, I16)], [];
    AddPartitionsToTxnRequest, 3,
        [
            since(4, Shape::Array(&[
                all(STR), all(I64), all(I16), all(I8), all(TOPIC_PARTITIONS),
            ])),
            until(3, STR), until(3, I64), until(3, I16), until(3, TOPIC_PARTITIONS),
        ],
        [];
    AddPartitionsToTxnResponse, 3,
        [
            all(I32), since(4, I16), since(4, Shape::Array(&[all(STR), all(TOPIC_ERRORS)])),
            until(3, TOPIC_ERRORS),
        ],
        [];
    AddOffsetsToTxnRequest, 3, [all(STR), all(I64), all(I16), all(STR)], [];
    AddOffsetsToTxnResponse, 3, [all(I32), all(I16)], [];
    EndTxnRequest, 3, [all(STR), all(I64), all(I16), all(I8)], [];
    EndTxnResponse, 3, [all(I32), all(I16), since(5, I64), since(5, I16)], [];
}

shapes! {
    JoinGroupRequest, 6,
        [
            all(STR), all(I32), since(1, I32), all(STR), since(5, STR), all(STR),
            all(Shape::Array(&[all(STR), all(BYTES)])), since(8, STR),
        ],
        [];
    JoinGroupResponse, 6,
        [
            since(2, I32), all(I16), all(I32), since(7, STR), all(STR), all(STR), since(9, I8),
            all(STR), all(Shape::Array(&[all(STR), since(5, STR), all(BYTES)])),
        ],
        [];
    SyncGroupRequest, 4,
        [
            all(STR), all(I32), all(STR), since(3, STR), since(5, STR), since(5, STR),
            all(Shape::Array(&[all(STR), all(BYTES)])),
        ],
        [];
    SyncGroupResponse, 4, [since(1, I32), all(I16), since(5, STR), since(5, STR), all(BYTES)], [];
    ConsumerProtocolAssignment, 32767, [all(TOPIC_PARTITIONS), all(BYTES)], [];
    LeaveGroupRequest, 4,
        [
            all(STR), until(2, STR),
            since(3, Shape::Array(&[all(STR), all(STR), since(5, STR)])),
        ],
        [];
    LeaveGroupResponse, 4,
        [since(1, I32), all(I16), since(3, Shape::Array(&[all(STR), all(STR), all(I16)]))], [];
    HeartbeatRequest, 4, [all(STR), all(I32), all(STR), since(3, STR)], [];
    HeartbeatResponse, 4, [since(1, I32), all(I16)], [];
    ConsumerGroupHeartbeatRequest, 0,
        [
            all(STR), all(STR), all(I32), all(STR), all(STR), all(I32), all(Shape::Strs),
            since(1, STR), all(STR), all(TOPIC_ID_PARTITIONS),
        ],
        [];
    ConsumerGroupHeartbeatResponse, 0,
        [
            all(I32), all(I16), all(STR), all(STR), all(I32), all(I32),
            all(Shape::Maybe(&[all(TOPIC_ID_PARTITIONS)])),
        ],
        [];
}
