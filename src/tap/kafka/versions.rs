//! ApiVersions (KIP-35): what clients are told that they may speak through the tap.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::api_versions_response::ApiVersion;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Message, Request, VersionRange};

use super::Shared;
use super::connection::Closed;
use super::reader::Malformed;
use super::shape::decode;
use super::tracker::{ApiTracker, TrackedAnswer, encode};

/// From 16 on a Fetch answer can name brokers (KIP-951), so it could not be forwarded unread.
const FETCH_WITHOUT_ADDRESSES: i16 = 15;
/// From 2 on it names the listeners of the quorum; consumers do not ask for it.
const QUORUM_WITHOUT_ADDRESSES: i16 = 1;

pub(super) struct ApiVersions {
    pub(super) version: i16,
    pub(super) fetches: bool,
}

impl ApiTracker for ApiVersions {
    fn answered(&mut self, body: &Bytes, _shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        // A broker that does not know the version answers in the form of version 0.
        let unknown = ResponseError::UnsupportedVersion.code().to_be_bytes();
        let version = if body.starts_with(&unknown) {
            0
        } else {
            self.version
        };
        let mut response: ApiVersionsResponse = decode(body, version)?;
        response.api_keys.retain_mut(|api| {
            let Some(known) = understood(api.api_key, self.fetches) else {
                return false;
            };
            let both = known.intersect(&VersionRange {
                min: api.min_version,
                max: api.max_version,
            });
            (api.min_version, api.max_version) = (both.min, both.max);
            !both.is_empty()
        });
        Ok(TrackedAnswer {
            report: None,
            rewritten: Some(encode(&response, version)?),
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        unsupported()
    }
}

/// As the protocol has it: in the form of version 0 with the range that is known, and the client
/// asks again.
pub(super) fn unsupported() -> Result<Bytes, Malformed> {
    let VersionRange { min, max } = ApiVersionsRequest::VERSIONS;
    let known = ApiVersion::default()
        .with_api_key(ApiVersionsRequest::KEY)
        .with_min_version(min)
        .with_max_version(max);
    let response = ApiVersionsResponse::default()
        .with_error_code(ResponseError::UnsupportedVersion.code())
        .with_api_keys(vec![known]);
    encode(&response, 0)
}

/// Only versions and APIs that the crate knows pass: others could name brokers.
fn understood(api_key: i16, fetches: bool) -> Option<VersionRange> {
    fn both<R: Request>() -> VersionRange {
        R::VERSIONS.intersect(&R::Response::VERSIONS)
    }
    let api = ApiKey::try_from(api_key).ok()?;
    let below = |max| {
        api.valid_versions()
            .intersect(&VersionRange { min: 0, max })
    };
    Some(match api {
        ApiKey::Fetch if !fetches => below(FETCH_WITHOUT_ADDRESSES),
        ApiKey::DescribeQuorum => below(QUORUM_WITHOUT_ADDRESSES),
        ApiKey::ApiVersions => both::<ApiVersionsRequest>(),
        ApiKey::OffsetCommit => both::<OffsetCommitRequest>(),
        ApiKey::OffsetFetch => both::<OffsetFetchRequest>(),
        ApiKey::TxnOffsetCommit => both::<TxnOffsetCommitRequest>(),
        ApiKey::InitProducerId => both::<InitProducerIdRequest>(),
        other => other.valid_versions(),
    })
}
