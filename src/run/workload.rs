//! The workload of a run: its payments, each waited for, and the journal of what Kafka acknowledged.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::try_join_all;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use tokio::sync::{oneshot, watch};

use crate::chaos::Schedule;
use crate::chaos::storm::RecordPlace;
use crate::event::{message_id, message_number};
use crate::session::producer::{Confirm, Producer, TopicPayments};
use crate::session::{ProduceError, resources::Resources};
use crate::verdict::Produced;

/// For a place in the producer's queue, and for a fault to learn its payment's place.
const ACK_DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(super) struct Journal {
    produced: Mutex<Vec<Produced>>,
    by_payment: Mutex<HashMap<String, (i32, i64)>>,
    grown: watch::Sender<()>,
}

impl Journal {
    /// In the order of the payments' numbers.
    #[must_use]
    pub fn entries(&self) -> Vec<Produced> {
        let mut entries = self.produced.lock().expect("no holder panics").clone();
        entries.sort_by(|a, b| a.payment.cmp(&b.payment));
        entries
    }

    /// By partition: after the last acknowledged record.
    #[must_use]
    pub fn ends(&self) -> BTreeMap<i32, i64> {
        let mut ends = BTreeMap::new();
        for Produced {
            partition, offset, ..
        } in &*self.produced.lock().expect("no holder panics")
        {
            let end = ends.entry(*partition).or_insert(0);
            *end = (*end).max(offset + 1);
        }
        ends
    }

    #[must_use]
    pub fn place_of(&self, payment: &str) -> Option<(i32, i64)> {
        self.by_payment
            .lock()
            .expect("no holder panics")
            .get(payment)
            .copied()
    }

    /// A consumer can be faster than the acknowledgement that the producer waits for, so this waits
    /// for the entry; none when it does not come.
    pub async fn locate(&self, payment: &str) -> Option<(i32, i64)> {
        let mut grown = self.grown.subscribe();
        let found = async {
            loop {
                grown.mark_unchanged();
                if let Some(place) = self.place_of(payment) {
                    return place;
                }
                if grown.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        tokio::time::timeout(ACK_DEADLINE, found).await.ok()
    }

    fn add(&self, entry: Produced) {
        let place = (entry.partition, entry.offset);
        self.by_payment
            .lock()
            .expect("no holder panics")
            .insert(entry.payment.clone(), place);
        self.produced.lock().expect("no holder panics").push(entry);
        self.grown.send_replace(());
    }
}

pub(super) struct SentPayment {
    payment: String,
    confirmed: oneshot::Sender<Result<RecordPlace, KafkaError>>,
}

impl Confirm for Journal {
    type Sent = Box<SentPayment>;

    fn confirm(&self, sent: Box<SentPayment>, result: Result<RecordPlace, KafkaError>) {
        let SentPayment { payment, confirmed } = *sent;
        if let Ok((partition, offset)) = result {
            self.add(Produced {
                payment,
                partition,
                offset,
            });
        }
        // Whoever waited has gone with the run.
        let _ = confirmed.send(result);
    }
}

pub(super) struct PaymentWorkload {
    producer: Producer<Journal>,
    pub(super) journal: Arc<Journal>,
}

impl PaymentWorkload {
    pub(super) fn new(resources: &Resources, schedule: &Schedule) -> Result<Self, KafkaError> {
        let journal = Arc::default();
        let payments = TopicPayments {
            topic: resources.topic.clone(),
            seed: schedule.seed,
            word: Some(resources.word().to_owned()),
            partitions: schedule.partitions,
        };
        let kafka = &resources.endpoints.kafka;
        let producer = Producer::new(kafka, payments, Duration::ZERO, &journal)?;
        Ok(Self { producer, journal })
    }

    pub(super) async fn produce(&self, numbers: RangeInclusive<u32>) -> Result<(), ProduceError> {
        try_join_all(numbers.map(|n| self.produce_one(n))).await?;
        Ok(())
    }

    /// As a producer that retries or an operator who replays does.
    pub(super) async fn produce_again(&self, payment: &str) -> Result<RecordPlace, ProduceError> {
        let number = message_number(payment).expect("a payment of the schedule");
        self.produce_one(number).await
    }

    async fn produce_one(&self, number: u32) -> Result<RecordPlace, ProduceError> {
        let payment = message_id(number);
        let (confirmed, result) = oneshot::channel();
        let sent = Box::new(SentPayment {
            payment: payment.clone(),
            confirmed,
        });
        let result = async {
            let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
            let queued = tokio::time::timeout(ACK_DEADLINE, self.producer.send(number, sent));
            queued.await.unwrap_or(Err(full))?;
            let gone = KafkaError::Canceled;
            result.await.unwrap_or(Err(gone))
        };
        let place = result.await;
        place.map_err(|source| ProduceError { payment, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_payment_is_located_even_before_it_is_acknowledged() {
        let journal = Journal::default();
        let entry = Produced {
            payment: "msg-0001".into(),
            partition: 2,
            offset: 5,
        };
        let (place, ()) = tokio::join!(journal.locate("msg-0001"), async { journal.add(entry) });
        assert_eq!(place, Some((2, 5)));
        assert_eq!(journal.ends(), [(2, 6)].into());
    }

    #[tokio::test]
    async fn whoever_waits_is_told_of_a_refusal_and_the_journal_has_only_what_was_acknowledged() {
        let journal = Journal::default();
        let told = |payment: &str, result| {
            let (confirmed, told) = oneshot::channel();
            let payment = payment.to_owned();
            journal.confirm(Box::new(SentPayment { payment, confirmed }), result);
            told
        };
        let acknowledged = told("msg-0001", Ok((1, 4)));
        let refused = told("msg-0002", Err(KafkaError::Canceled));
        assert_eq!(acknowledged.await, Ok(Ok((1, 4))));
        assert_eq!(refused.await, Ok(Err(KafkaError::Canceled)));
        assert_eq!(journal.ends(), [(1, 5)].into());
        assert_eq!(journal.place_of("msg-0002"), None);
    }
}
