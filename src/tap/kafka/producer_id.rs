//! InitProducerId: a producer begins, and fences whoever had its transactional id before.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::messages::{InitProducerIdRequest, InitProducerIdResponse};

use super::Shared;
use super::connection::Closed;
use super::detail::{Transaction, TransactionStep};
use super::names::error_name;
use super::reader::Malformed;
use super::shape::decode;
use super::tracker::{ApiTracker, EventReport, TrackedAnswer, encode};
use super::transaction::{UNAVAILABLE, report};

pub(super) struct InitProducerId {
    version: i16,
    transaction: Transaction,
}

impl InitProducerId {
    pub(super) fn read(version: i16, body: &Bytes) -> Result<Self, Malformed> {
        let request: InitProducerIdRequest = decode(body, version)?;
        let transaction = Transaction {
            transactional_id: request.transactional_id.map(|id| id.to_string()),
            producer_id: request.producer_id.0,
            producer_epoch: request.producer_epoch,
            step: TransactionStep::Init,
            positions: Vec::new(),
            error: None,
        };
        Ok(Self {
            version,
            transaction,
        })
    }

    /// Fencing aborts what the predecessor left open, which others see; an id alone changes
    /// nothing.
    fn report(&self, outcome: String) -> EventReport {
        let writes = self.transaction.transactional_id.is_some();
        report("InitProducerId", &self.transaction, writes, outcome)
    }
}

impl ApiTracker for InitProducerId {
    fn received(&self) -> Option<EventReport> {
        Some(self.report(String::new()))
    }

    fn answered(&mut self, body: &Bytes, _shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: InitProducerIdResponse = decode(body, self.version)?;
        self.transaction.error = error_name(response.error_code);
        self.transaction.producer_id = response.producer_id.0;
        self.transaction.producer_epoch = response.producer_epoch;
        let epoch = format!("epoch {}", response.producer_epoch);
        let outcome = self.transaction.error.clone().unwrap_or(epoch);
        Ok(TrackedAnswer {
            report: Some(self.report(outcome)),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        let response = InitProducerIdResponse::default().with_error_code(UNAVAILABLE);
        encode(&response, self.version)
    }
}
