//! The steps of a transaction (KIP-98, KIP-447): it grows, and it ends.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::{
    AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, AddPartitionsToTxnRequest,
    AddPartitionsToTxnResponse, EndTxnRequest, EndTxnResponse,
};

use super::Shared;
use super::connection::Closed;
use super::detail::{Detail, TopicPartition, Transaction, TransactionStep};
use super::names::error_name;
use super::reader::Malformed;
use super::shape::decode;
use super::state::State;
use super::tracker::{ApiTracker, EventReport, TrackedAnswer, encode};

pub(super) const UNAVAILABLE: i16 = ResponseError::CoordinatorNotAvailable.code();

pub(super) struct AddPartitionsToTxn {
    version: i16,
    request: AddPartitionsToTxnRequest,
    transaction: Transaction,
}

pub(super) struct AddOffsetsToTxn {
    version: i16,
    transaction: Transaction,
}

pub(super) struct EndTxn {
    version: i16,
    transaction: Transaction,
    subjects: Vec<String>,
}

impl AddPartitionsToTxn {
    pub(super) fn read(version: i16, body: &Bytes) -> Result<Self, Malformed> {
        let request: AddPartitionsToTxnRequest = decode(body, version)?;
        // From version 4 on, several transactions: only brokers ask so.
        let many = request
            .transactions
            .iter()
            .flat_map(|transaction| &transaction.topics);
        let partitions = request
            .v3_and_below_topics
            .iter()
            .chain(many)
            .flat_map(|topic| {
                let name = topic.name.to_string();
                let all = topic.partitions.iter();
                all.map(move |&partition| TopicPartition {
                    topic: name.clone(),
                    partition,
                })
            });
        let transaction = Transaction {
            transactional_id: Some(request.v3_and_below_transactional_id.to_string()),
            producer_id: request.v3_and_below_producer_id.0,
            producer_epoch: request.v3_and_below_producer_epoch,
            step: TransactionStep::AddPartitions(partitions.collect()),
            positions: Vec::new(),
            error: None,
        };
        Ok(Self {
            version,
            request,
            transaction,
        })
    }
}

impl ApiTracker for AddPartitionsToTxn {
    fn received(&self) -> Option<EventReport> {
        Some(report(
            "AddPartitionsToTxn",
            &self.transaction,
            false,
            String::new(),
        ))
    }

    fn answered(&mut self, body: &Bytes, _shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: AddPartitionsToTxnResponse = decode(body, self.version)?;
        let many = response
            .results_by_transaction
            .iter()
            .flat_map(|result| &result.topic_results);
        let topics = response.results_by_topic_v3_and_below.iter().chain(many);
        let errors = topics.flat_map(|topic| &topic.results_by_partition);
        let errors = errors.filter_map(|partition| error_name(partition.partition_error_code));
        self.transaction.error = error_name(response.error_code)
            .into_iter()
            .chain(errors)
            .next();
        let outcome = self
            .transaction
            .error
            .clone()
            .unwrap_or_else(|| "added".to_owned());
        let report = report("AddPartitionsToTxn", &self.transaction, false, outcome);
        Ok(TrackedAnswer {
            report: Some(report),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        let topics = self.request.v3_and_below_topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|&partition| {
                AddPartitionsToTxnPartitionResult::default()
                    .with_partition_index(partition)
                    .with_partition_error_code(UNAVAILABLE)
            });
            AddPartitionsToTxnTopicResult::default()
                .with_name(topic.name.clone())
                .with_results_by_partition(partitions.collect())
        });
        let response = if self.version >= 4 {
            AddPartitionsToTxnResponse::default().with_error_code(UNAVAILABLE)
        } else {
            let topics = topics.collect();
            AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(topics)
        };
        encode(&response, self.version)
    }
}

impl AddOffsetsToTxn {
    pub(super) fn read(version: i16, body: &Bytes) -> Result<Self, Malformed> {
        let request: AddOffsetsToTxnRequest = decode(body, version)?;
        let transaction = Transaction {
            transactional_id: Some(request.transactional_id.to_string()),
            producer_id: request.producer_id.0,
            producer_epoch: request.producer_epoch,
            step: TransactionStep::AddOffsets(request.group_id.to_string()),
            positions: Vec::new(),
            error: None,
        };
        Ok(Self {
            version,
            transaction,
        })
    }
}

impl ApiTracker for AddOffsetsToTxn {
    fn received(&self) -> Option<EventReport> {
        Some(report(
            "AddOffsetsToTxn",
            &self.transaction,
            false,
            String::new(),
        ))
    }

    fn answered(&mut self, body: &Bytes, _shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: AddOffsetsToTxnResponse = decode(body, self.version)?;
        self.transaction.error = error_name(response.error_code);
        let outcome = self
            .transaction
            .error
            .clone()
            .unwrap_or_else(|| "added".to_owned());
        let report = report("AddOffsetsToTxn", &self.transaction, false, outcome);
        Ok(TrackedAnswer {
            report: Some(report),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        let response = AddOffsetsToTxnResponse::default().with_error_code(UNAVAILABLE);
        encode(&response, self.version)
    }
}

impl EndTxn {
    pub(super) fn read(version: i16, body: &Bytes, state: &State) -> Result<Self, Malformed> {
        let request: EndTxnRequest = decode(body, version)?;
        let id = request.transactional_id.to_string();
        let positions = state.positions_in(&id);
        let subjects = state.passed_by(&positions);
        let transaction = Transaction {
            transactional_id: Some(id),
            producer_id: request.producer_id.0,
            producer_epoch: request.producer_epoch,
            step: if request.committed {
                TransactionStep::Commit
            } else {
                TransactionStep::Abort
            },
            positions,
            error: None,
        };
        Ok(Self {
            version,
            transaction,
            subjects,
        })
    }

    fn report(&self, outcome: String) -> EventReport {
        // Two signatures: what is durable after the one is gone after the other.
        let signature = match self.transaction.step {
            TransactionStep::Commit => "EndTxn commit",
            _ => "EndTxn abort",
        };
        EventReport {
            subjects: self.subjects.clone(),
            ..report(signature, &self.transaction, true, outcome)
        }
    }
}

impl ApiTracker for EndTxn {
    fn received(&self) -> Option<EventReport> {
        Some(self.report(String::new()))
    }

    fn answered(&mut self, body: &Bytes, shared: &Arc<Shared>) -> Result<TrackedAnswer, Closed> {
        let response: EndTxnResponse = decode(body, self.version)?;
        self.transaction.error = error_name(response.error_code);
        let committed = self.transaction.step == TransactionStep::Commit;
        if let (None, Some(id)) = (&self.transaction.error, &self.transaction.transactional_id) {
            shared.state.end(id, committed);
        }
        let done = if committed { "committed" } else { "aborted" };
        let outcome = self
            .transaction
            .error
            .clone()
            .unwrap_or_else(|| done.to_owned());
        Ok(TrackedAnswer {
            report: Some(self.report(outcome)),
            rewritten: None,
        })
    }

    fn refusal(&self) -> Result<Bytes, Malformed> {
        encode(
            &EndTxnResponse::default().with_error_code(UNAVAILABLE),
            self.version,
        )
    }
}

pub(super) fn report(
    signature: &str,
    transaction: &Transaction,
    writes: bool,
    outcome: String,
) -> EventReport {
    EventReport {
        signature: signature.to_owned(),
        subjects: Vec::new(),
        outcome,
        writes,
        detail: Detail::Transaction(transaction.clone()),
    }
}
