//! The range is ours, not the crate's: a version that the crate can encode may still mean something
//! else (FindCoordinator 4 moves the answer into a list, OffsetFetch 8 into groups).

use kafka_protocol::messages::{
    ApiVersionsRequest, ConsumerGroupDescribeRequest, ConsumerGroupHeartbeatRequest,
    CreateTopicsRequest, DeleteGroupsRequest, DeleteTopicsRequest, DescribeGroupsRequest,
    FindCoordinatorRequest, LeaveGroupRequest, ListOffsetsRequest, MetadataRequest,
    OffsetFetchRequest, SaslAuthenticateRequest, SaslHandshakeRequest,
};
use kafka_protocol::protocol::{Request, VersionRange};

pub(super) trait Spoken: Request + Sync {
    const NAME: &'static str;
    /// Those that are filled in correctly.
    const SPOKEN: VersionRange;
}

macro_rules! spoken {
    ($($request:ident, $name:literal, $min:literal, $max:literal;)*) => {
        $(impl Spoken for $request {
            const NAME: &'static str = $name;
            const SPOKEN: VersionRange = VersionRange { min: $min, max: $max };
        })*
    };
}

spoken! {
    // Version 3 names the client (KIP-511); 0 is what a broker that is too old for it answers.
    ApiVersionsRequest, "ApiVersions", 0, 3;
    // From 1 on the exchange is framed in SaslAuthenticate (KIP-152).
    SaslHandshakeRequest, "SaslHandshake", 1, 1;
    SaslAuthenticateRequest, "SaslAuthenticate", 0, 2;
    // Up to 3: one key, one answer.
    FindCoordinatorRequest, "FindCoordinator", 0, 3;
    // From 4 on a topic that does not exist is not created by being asked for.
    MetadataRequest, "Metadata", 4, 12;
    // From 4 on static members show their instance id (KIP-345).
    DescribeGroupsRequest, "DescribeGroups", 4, 6;
    // KIP-848; version 1 tells classic members of a group in migration apart.
    ConsumerGroupDescribeRequest, "ConsumerGroupDescribe", 0, 1;
    ConsumerGroupHeartbeatRequest, "ConsumerGroupHeartbeat", 0, 1;
    // From 3 on somebody else may remove a member (KIP-345).
    LeaveGroupRequest, "LeaveGroup", 3, 5;
    // From 2 on "all topics" can be asked for (KIP-88); up to 7 one group, one answer.
    OffsetFetchRequest, "OffsetFetch", 2, 7;
    // From 2 on the last stable offset can be asked for (KIP-98).
    ListOffsetsRequest, "ListOffsets", 2, 7;
    DeleteGroupsRequest, "DeleteGroups", 0, 2;
    // Version 2 is the oldest of Kafka 4.
    CreateTopicsRequest, "CreateTopics", 2, 7;
    // Version 6 moves the names into a list with topic ids.
    DeleteTopicsRequest, "DeleteTopics", 1, 5;
}
