//! The broker that a group's state lives on: found, and found again when it moves.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{FindCoordinatorRequest, GroupId};
use kafka_protocol::protocol::StrBytes;
use tokio::time::{Instant, sleep};

use super::GroupClient;
use super::cluster::PAUSE;
use super::error::{Asked, GroupError};
use super::transport::address;
use super::versions::Spoken;

impl GroupClient {
    /// `code` reads the error of the whole group; "not here" and "not yet" are asked again. The
    /// answer, and who gave it.
    pub(super) async fn ask<R: Spoken>(
        &self,
        what: &str,
        request: &R,
        code: impl Fn(&R::Response) -> i16,
    ) -> Result<(R::Response, String), GroupError> {
        let until = Instant::now() + self.cluster().patience();
        loop {
            let broker = self.coordinator(until).await?;
            let failure = match self.cluster().call(&broker, request).await {
                Ok(answer) => match ResponseError::try_from_code(code(&answer)) {
                    Some(error) if is_elsewhere(error) => {
                        let broker = &broker;
                        Asked { what, broker }.refused(error, None)
                    }
                    _ => return Ok((answer, broker)),
                },
                // A coordinator that died has moved, once another broker has noticed.
                Err(error) if error.is_transient() => error,
                Err(error) => return Err(error),
            };
            self.forget_coordinator();
            if Instant::now() >= until {
                return Err(failure);
            }
            sleep(PAUSE).await;
        }
    }

    pub(super) async fn coordinator(&self, until: Instant) -> Result<String, GroupError> {
        let known = self.known_coordinator();
        if let Some(known) = known {
            return Ok(known);
        }
        let what = format!("finding the coordinator of group {}", self.group());
        // Key type 0, a group, is the default; version 0 knows no other.
        let request = FindCoordinatorRequest::default()
            .with_key(StrBytes::from_string(self.group().to_string()));
        loop {
            let (answer, broker) = self.cluster().call_any(&request).await?;
            let asked = Asked {
                what: &what,
                broker: &broker,
            };
            match ResponseError::try_from_code(answer.error_code) {
                None => {
                    let found = address(&answer.host, answer.port);
                    self.remember_coordinator(&found);
                    return Ok(found);
                }
                // Its topic is being made, or its broker is on the way.
                Some(error) if is_elsewhere(error) && Instant::now() < until => {
                    sleep(PAUSE).await;
                }
                Some(error) => return Err(asked.refused(error, answer.error_message.as_deref())),
            }
        }
    }
}

/// The group is looked after by somebody else, or soon.
fn is_elsewhere(error: ResponseError) -> bool {
    matches!(
        error,
        ResponseError::CoordinatorNotAvailable
            | ResponseError::CoordinatorLoadInProgress
            | ResponseError::NotCoordinator
    )
}

pub(super) fn group_id(group: &str) -> GroupId {
    GroupId(StrBytes::from_string(group.to_string()))
}
