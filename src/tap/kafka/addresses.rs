//! Answers that say where brokers are: rewritten, so that clients find the tap there.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    ApiKey, DescribeClusterResponse, FindCoordinatorResponse, MetadataResponse,
};

use super::Shared;
use super::connection::Closed;
use super::reader::Malformed;
use super::shape::decode;
use super::tracker::{ApiTracker, TrackedAnswer, encode};

/// An endpoint type (KIP-919).
const CONTROLLERS: i8 = 2;

pub(super) struct Addresses {
    pub(super) api: ApiKey,
    pub(super) version: i16,
}

impl ApiTracker for Addresses {
    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let rewritten = match self.api {
            ApiKey::Metadata => self.metadata(body, shared)?,
            ApiKey::FindCoordinator => self.coordinator(body, shared)?,
            _ => self.cluster(body, shared)?,
        };
        Ok(TrackedAnswer {
            report: None,
            rewritten: Some(rewritten),
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        Err(Malformed::new(
            "refusal: no event, so nobody is asked to refuse it",
        ))
    }
}

impl Addresses {
    fn metadata(&self, body: &Bytes, shared: &Arc<Shared>) -> Result<Bytes, Closed> {
        let mut response: MetadataResponse = decode(body, self.version)?;
        for topic in &response.topics {
            if let Some(name) = &topic.name {
                shared.state.learn_topic(topic.topic_id.as_u128(), name);
                if topic.error_code == ResponseError::UnknownTopicOrPartition.code() {
                    shared.hook.missed_topic(&shared.source, name);
                }
            }
        }
        for broker in &mut response.brokers {
            shared.rewrite(broker.node_id.0, &mut broker.host, &mut broker.port)?;
        }
        Ok(encode(&response, self.version)?)
    }

    fn coordinator(&self, body: &Bytes, shared: &Arc<Shared>) -> Result<Bytes, Closed> {
        let mut response: FindCoordinatorResponse = decode(body, self.version)?;
        shared.rewrite(response.node_id.0, &mut response.host, &mut response.port)?;
        for one in &mut response.coordinators {
            shared.rewrite(one.node_id.0, &mut one.host, &mut one.port)?;
        }
        Ok(encode(&response, self.version)?)
    }

    fn cluster(&self, body: &Bytes, shared: &Arc<Shared>) -> Result<Bytes, Closed> {
        let mut response: DescribeClusterResponse = decode(body, self.version)?;
        // Controllers count their ids apart, and no consumer speaks to them.
        if response.endpoint_type == CONTROLLERS {
            return Ok(body.clone());
        }
        for broker in &mut response.brokers {
            shared.rewrite(broker.broker_id.0, &mut broker.host, &mut broker.port)?;
        }
        Ok(encode(&response, self.version)?)
    }
}
