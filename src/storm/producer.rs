//! The open-loop producer: payments come at their rate, whatever the consumers do.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rdkafka::error::KafkaError;
use tokio::time::Instant;

use crate::chaos::storm::{RecordPlace, StormPlan};
use crate::session::producer::{Confirm, Producer, TopicPayments};
use crate::stack::Kafka;

/// Thousands of records a second come in few requests.
const LINGER: Duration = Duration::from_millis(5);

/// Far below what anybody sees in a rate.
const TICK: Duration = Duration::from_millis(10);

const ACK_DEADLINE: Duration = Duration::from_secs(15);

/// In seconds: by then the first record is processed, so that the dedup table must know it, not the
/// batch.
const REPUBLISHED_AFTER_S: u32 = 1;

/// Compactly: the numbers are consecutive, and so are the offsets of a partition that nobody else
/// writes to.
#[derive(Debug, Default)]
struct Acknowledged {
    /// After the last acknowledged record, by partition.
    ends: Mutex<BTreeMap<i32, i64>>,
    records: AtomicU64,
    again: Mutex<HashSet<RecordPlace>>,
    refused: Mutex<Option<String>>,
}

/// Not 0 where the payment was sent before.
type Again = usize;

impl Confirm for Acknowledged {
    type Sent = Again;

    fn confirm(&self, again: Again, result: Result<RecordPlace, KafkaError>) {
        match result {
            Ok((partition, offset)) => {
                if again != 0 {
                    let mut all = self.again.lock().expect("no holder panics");
                    all.insert((partition, offset));
                }
                let mut ends = self.ends.lock().expect("no holder panics");
                let end = ends.entry(partition).or_default();
                *end = (*end).max(offset + 1);
                self.records.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                let mut refused = self.refused.lock().expect("no holder panics");
                refused.get_or_insert_with(|| error.to_string());
            }
        }
    }
}

pub(super) struct OpenLoop {
    producer: Producer<Acknowledged>,
    acknowledged: Arc<Acknowledged>,
    plan: StormPlan,
    republished_per_mille: AtomicU32,
    sent: AtomicU64,
    republished: AtomicU64,
}

impl OpenLoop {
    pub(super) fn new(kafka: &Kafka, topic: &str, plan: &StormPlan) -> Result<Self, KafkaError> {
        let acknowledged = Arc::default();
        let payments = TopicPayments {
            topic: topic.to_owned(),
            seed: plan.seed,
            word: None,
            partitions: plan.partitions,
        };
        let producer = Producer::new(kafka, payments, LINGER, &acknowledged)?;
        Ok(Self {
            producer,
            acknowledged,
            plan: plan.clone(),
            republished_per_mille: AtomicU32::new(0),
            sent: AtomicU64::new(0),
            republished: AtomicU64::new(0),
        })
    }

    /// For the length of the storm; returns when Kafka has acknowledged everything.
    pub(super) async fn run(&self, began: Instant) -> Result<(), String> {
        let mut tick = tokio::time::interval_at(began, TICK);
        let length = Duration::from_millis(self.plan.length_ms);
        let total = self.due(length);
        let mut republish = 0;
        while self.sent.load(Ordering::Relaxed) < total {
            let now = tick.tick().await;
            let due = self.due((now - began).min(length));
            for number in self.sent.load(Ordering::Relaxed) + 1..=due {
                let number = u32::try_from(number).map_err(|e| e.to_string())?;
                self.send(number, false).await?;
                self.sent.store(u64::from(number), Ordering::Relaxed);
                republish += self.republished_per_mille.load(Ordering::Relaxed);
                if republish >= 1_000 {
                    republish -= 1_000;
                    let old = number
                        .saturating_sub(self.plan.rate * REPUBLISHED_AFTER_S)
                        .max(1);
                    self.send(old, true).await?;
                    self.republished.fetch_add(1, Ordering::Relaxed);
                }
            }
            if let Some(reason) = &*self.acknowledged.refused.lock().expect("no holder panics") {
                return Err(reason.clone());
            }
        }
        let all = self.sent() + self.republished.load(Ordering::Relaxed);
        let acknowledged = async {
            while self.acknowledged.records.load(Ordering::Relaxed) < all {
                tokio::time::sleep(TICK).await;
            }
        };
        tokio::time::timeout(ACK_DEADLINE, acknowledged)
            .await
            .map_err(|_| {
                let missing = self.producer.unconfirmed();
                format!("{missing} records after {} s", ACK_DEADLINE.as_secs())
            })
    }

    fn due(&self, since: Duration) -> u64 {
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        u64::from(self.plan.rate) * millis / 1_000
    }

    async fn send(&self, number: u32, again: bool) -> Result<(), String> {
        let sent = self.producer.send(number, Again::from(again)).await;
        sent.map_err(|error| error.to_string())
    }

    pub(super) fn republish(&self, per_mille: u32) {
        self.republished_per_mille
            .store(per_mille, Ordering::Relaxed);
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn sent_again(&self) -> u64 {
        self.republished.load(Ordering::Relaxed)
    }

    /// As far as Kafka has acknowledged them.
    pub(super) fn republished(&self) -> HashSet<RecordPlace> {
        let again = &self.acknowledged.again;
        again.lock().expect("no holder panics").clone()
    }

    pub(super) fn ends(&self) -> BTreeMap<i32, i64> {
        self.acknowledged
            .ends
            .lock()
            .expect("no holder panics")
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_that_was_sent_again_is_told_apart_and_a_refusal_is_kept() {
        let acknowledged = Acknowledged::default();
        acknowledged.confirm(Again::from(false), Ok((0, 7)));
        acknowledged.confirm(Again::from(true), Ok((0, 8)));
        acknowledged.confirm(Again::from(false), Err(KafkaError::Canceled));
        assert_eq!(*acknowledged.again.lock().unwrap(), [(0, 8)].into());
        assert_eq!(*acknowledged.ends.lock().unwrap(), [(0, 9)].into());
        assert_eq!(acknowledged.records.into_inner(), 2);
        let refused = acknowledged.refused.into_inner().unwrap();
        assert_eq!(refused, Some(KafkaError::Canceled.to_string()));
    }
}
